import { join } from 'node:path';
import { CliError, EXIT } from '../cli/io.ts';
import { activeFreezes } from '../controller/governance/governance.ts';
import { type ControllerPorts, createController } from '../controller/loop.ts';
import { createSloStatuses } from '../controller/slo-statuses.ts';
import { systemClock } from '../io/clock.ts';
import { messageOf } from '../kit/result.ts';
import type { Journal } from '../ledger/journal.ts';
import { LedgerUnavailable, type SharedLedger } from '../ledger/port.ts';
import { createFollowerApp } from '../server/follower.ts';
import { createMetrics } from '../server/metrics.ts';
import { createQueries } from '../server/queries.ts';
import { removeServeFile } from '../wiring/serve-file.ts';
import type { AppContext } from './context.ts';
import { opened } from './opened.ts';

/** How often a server tries to lead, or goes on leading, and how often it follows the ledger. */
const LEAD_EVERY_MS = 1_500;
const FOLLOW_EVERY_MS = 500;

/** `name at http://address`, or a name alone. */
function leaderIn(holder: string): { name: string; address: string | null } {
  const [, name, address] = /^(.*?)(?: at (https?:\/\/\S+))?$/.exec(holder)!;
  return { name: name ?? holder, address: address ?? null };
}

/** A server that stands by never observes or acts: only what is on record counts. */
function onlyTheLedger(journal: Journal): ControllerPorts {
  const never = (): never => {
    throw new Error('broken invariant: a standby server observes nothing');
  };
  return {
    clock: systemClock,
    journal,
    desired: { read: async () => null },
    metrics: never,
    delivery: never,
  };
}

/** What a server that stands by knows: who leads, and what keeps it from following. */
interface Standing {
  leader: string | null;
  trouble: string | null;
}

function answerAsFollower(context: AppContext, journal: Journal, standing: Standing): void {
  const { platform, root, now } = context;
  const controller = createController(platform, onlyTheLedger(journal), { warn: context.warn });
  const metrics = createMetrics(controller, context.chain, context.measured);
  // It reads no Prometheus: no budget and no burn rate is known here.
  const statuses = createSloStatuses({
    platform,
    metrics: (environment) => controller.metrics(environment),
    adjustments: () => [],
  });
  const app = createFollowerApp({
    queries: createQueries({
      platform,
      controller,
      journal,
      statuses,
      freezes: (at) => activeFreezes(platform, journal, at),
      chain: context.chain,
      now,
    }),
    ledger: journal,
    controller,
    now,
    metrics,
    unready: () => context.health.unready() ?? standing.trouble,
    consoleDir: join(root, 'console', 'dist'),
    allowedHosts: context.allowedHosts,
    openReads: context.openReads,
    verdictToken: opened(context.wiring.readVerdictToken(context)),
    leader: () => (standing.leader === null ? null : leaderIn(standing.leader)),
  });
  context.listener.answer((request) => app.fetch(request));
}

/** Where servers share the ledger, one leads; the others follow it, and one of them takes over within seconds. */
export async function standBy(context: AppContext, journal: Journal & SharedLedger): Promise<void> {
  if (await journal.lead()) return;
  const { io, now } = context;
  removeServeFile(context.work, context.listener.url);
  const standing: Standing = { leader: null, trouble: null };
  answerAsFollower(context, journal, standing);
  let told: string | null | undefined;
  for (let triedAt = now(); !context.ending.aborted; ) {
    try {
      standing.leader = await journal.leader();
      if (standing.leader !== told) io.out(`On standby: ${standing.leader ?? 'nobody'} leads.\n`);
      told = standing.leader;
      await journal.follow();
      standing.trouble = null;
      if (now() - triedAt >= LEAD_EVERY_MS || standing.leader === null) {
        triedAt = now();
        if (await journal.lead()) return;
      }
    } catch (thrown) {
      const error = messageOf(thrown);
      if (standing.trouble === null) context.warn({ error }, 'the ledger cannot be followed now');
      standing.trouble = error;
    }
    await systemClock.sleep(FOLLOW_EVERY_MS, context.ending);
  }
  throw new CliError(EXIT.no, {
    code: 'STOPPED',
    message: 'stopped while waiting to become the leader',
    next: 'start it again',
  });
}

/** Goes on leading. Once another server leads, this one ends at once: what it knows is no longer what is so. */
export function keepLeading(context: AppContext, ledger: SharedLedger, lost: () => void): void {
  context.lifecycle.every(
    'leadership',
    LEAD_EVERY_MS,
    'this server cannot become the leader now',
    async () => {
      const why = await ledger.lead().then(
        (leads) => (leads ? null : 'another server leads: this server stops'),
        (thrown: unknown) => {
          if (!(thrown instanceof LedgerUnavailable && thrown.code === 'LEDGER_NEWER')) throw thrown;
          return 'a newer version has written to the ledger: this server stops';
        },
      );
      if (why === null) return;
      context.warn({}, why);
      lost();
    },
  );
}
