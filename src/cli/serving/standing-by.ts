import { join } from 'node:path';
import { type Controller, type ControllerPorts, createController } from '../../controller/loop.ts';
import type { Platform } from '../../declaration/platform.ts';
import { messageOf } from '../../kit/result.ts';
import { systemClock } from '../../kit/time.ts';
import type { SharedLedger } from '../../ledger/port.ts';
import { createFollowerApp } from '../../server/follower.ts';
import { createHouseViews } from '../../server/house.ts';
import { createMetrics } from '../../server/metrics.ts';
import { CliError, EXIT, type Io } from '../io.ts';

export interface StandingBy {
  readonly io: Io;
  readonly platform: Platform;
  readonly ledger: SharedLedger;
  readonly root: string;
  readonly allowedHosts: readonly string[];
  warn(details: object, message: string): void;
  /** Takes over who answers from here on. */
  answer(next: (req: Request) => Response | Promise<Response>): void;
}

/** How often it is tried to lead, and the ledger is followed. */
const LEAD_EVERY_MS = 1_500;
const FOLLOW_EVERY_MS = 500;

/** `name at http://address`, or a name alone. */
function leaderIn(holder: string): { name: string; address: string | null } {
  const [, name, address] = /^(.*?)(?: at (https?:\/\/\S+))?$/.exec(holder)!;
  return { name: name ?? holder, address: address ?? null };
}

/** It is never asked to look or to act: only what is on record counts. */
function onlyTheLedger(ledger: SharedLedger): ControllerPorts {
  const never = (): never => {
    throw new Error('broken invariant: a server that stands by does not look');
  };
  return {
    clock: systemClock,
    ledger,
    desired: { read: async () => null },
    metrics: never,
    delivery: never,
  };
}

/** Where servers share the ledger, one leads; the others follow it, and one of them takes over within seconds. */
export async function standBy(s: StandingBy): Promise<void> {
  const { io, ledger, platform } = s;
  if (await ledger.lead()) return;
  const now = () => systemClock.now();
  const controller: Controller = createController(platform, onlyTheLedger(ledger), { warn: s.warn });
  let leader: string | null = null;
  let trouble: string | null = null;
  const metrics = createMetrics(controller);
  await controller.load();
  const app = createFollowerApp({
    house: createHouseViews({ platform, controller, ledger, now }),
    ledger,
    controller,
    now,
    metrics,
    unready: () => trouble,
    consoleDir: join(s.root, 'console', 'dist'),
    allowedHosts: s.allowedHosts,
    leader: () => (leader === null ? null : leaderIn(leader)),
  });
  s.answer((req) => app.fetch(req));
  let told: string | null | undefined;
  for (let triedAt = now(); !io.signal.aborted; ) {
    try {
      leader = await ledger.leader();
      if (leader !== told) io.out(`Standing by: ${leader ?? 'nobody'} leads.\n`);
      told = leader;
      await controller.follow();
      trouble = null;
      if (now() - triedAt >= LEAD_EVERY_MS || leader === null) {
        triedAt = now();
        if (await ledger.lead()) return;
      }
    } catch (thrown) {
      if (trouble === null) s.warn({ error: messageOf(thrown) }, 'the ledger cannot be followed now');
      trouble = messageOf(thrown);
    }
    await systemClock.sleep(FOLLOW_EVERY_MS, io.signal);
  }
  throw new CliError(EXIT.no, { code: 'STOPPED', message: 'stopped while standing by' });
}
