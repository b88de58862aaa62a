import { readerHere } from '../../../src/controller/gate/reading.ts';
import { isIn } from '../../../src/declaration/layout.ts';
import type { Platform } from '../../../src/declaration/platform.ts';
import { argoRollouts } from '../../../src/delivery/adapters/argo-rollouts/delivery.ts';
import { localSync } from '../../../src/gitops/adapters/sync-local/sync.ts';
import type { ForgePort } from '../../../src/gitops/forge.ts';
import type { DesiredRepository } from '../../../src/gitops/port.ts';
import type { PolicyPort } from '../../../src/governance/port.ts';
import { ok } from '../../../src/kit/result.ts';
import { type LedgerPort, LedgerUnavailable } from '../../../src/ledger/port.ts';
import type { LedgerRecord } from '../../../src/ledger/record.ts';
import type { SimCluster } from './cluster.ts';
import type { SimEdge } from './edge.ts';
import { MAIN, type SimForge } from './forge.ts';
import type { SimGit } from './git.ts';
import type { SimMetrics } from './metrics.ts';
import type { createLoad, createReceivers } from './others.ts';
import type { Life, Outside } from './outside.ts';
import type { ServerOptions, SimWiring } from './server.ts';
import type { SimTime } from './time.ts';

/** Every external system that the server talks to. */
export interface Parts {
  readonly time: SimTime;
  readonly platform: Platform;
  readonly outside: Outside;
  readonly edge: SimEdge;
  readonly forge: SimForge;
  readonly cluster: SimCluster;
  readonly git: SimGit;
  readonly metrics: ReadonlyMap<string, SimMetrics>;
  readonly load: ReturnType<typeof createLoad>;
  readonly receivers: ReturnType<typeof createReceivers>;
  readonly policy: PolicyPort;
  readonly warn: (details: object, message: string) => void;
}

/** What is told of while the server works. */
export interface Seen {
  readonly ledger: LedgerPort;
  isFull(): boolean;
  /** How many records there are. */
  records(): number;
  appended(records: readonly LedgerRecord[]): void;
  /** The policy was asked; the ledger had so many records when the files of the pull request were listed. */
  asked(facts: object, since: number): void;
  read(): void;
}

const ledgerOf = ({ outside }: Parts, seen: Seen, life: Life): LedgerPort => ({
  ...seen.ledger,
  async append(entries) {
    if (seen.isFull()) throw new LedgerUnavailable('LEDGER_FULL', 'disk full');
    if (outside.mayKill(life, 'append', false)) return outside.never();
    const records = await seen.ledger.append(entries);
    seen.appended(records);
    return outside.mayKill(life, 'append', true) ? outside.never() : records;
  },
});

function repositoryOf({ outside, git }: Parts, life: Life): DesiredRepository {
  const call = <T>(verb: string, work: () => T) =>
    outside.ask<T | null>(life, 'git', verb, { work, refused: () => null });
  return {
    read: () => call('read', () => git.desired(MAIN)),
    since: (branch, before, after) => call('since', () => git.since(branch, before, after)),
    hint: () => undefined,
  };
}

/** Forge and policy; what the policy is asked is told with what was on record when its facts began to be gathered. */
function gateOf({ forge, policy }: Parts, seen: Seen, life: Life): { forge: ForgePort; policy: PolicyPort } {
  const since = new Map<string, number>();
  const port = forge.portOf(life);
  return {
    forge: {
      ...port,
      files(pull) {
        since.set(pull.head.sha, seen.records());
        return port.files(pull);
      },
    },
    policy: {
      ...policy,
      gate(facts) {
        const head = (facts as { pullRequest?: { headSha?: string } }).pullRequest?.headSha ?? '';
        if (!life.dead) seen.asked(facts, since.get(head) ?? 0);
        return policy.gate(facts);
      },
    },
  };
}

function wiringOf(parts: Parts, seen: Seen, life: Life): SimWiring {
  const { platform, edge, cluster, time, metrics, receivers, load, warn } = parts;
  const kubernetes = cluster.watches.portOf(life);
  const rollouts = argoRollouts({ kubernetes, clock: time, namespace: 'sim', warn });
  const environments = platform.environments
    .filter((e) => e.delivery === 'embedded')
    .map(({ name }) => ({ name, prometheus: '', delivery: edge.portOf(life, name), edgeOf: () => null }));
  const { forge, policy } = gateOf(parts, seen, life);
  const services = (environment: string) =>
    platform.services.filter((s) => isIn(s, environment)).map((s) => s.name);
  const nothing = async () => undefined;
  const wiring = {
    openStack: async () => ok({ environments, heal: nothing, stop: nothing }),
    openClusters: async () =>
      ok({
        delivery: () => rollouts.delivery,
        asked: (service: string) => rollouts.asked(service),
        close: nothing,
      }),
    openMetrics: async (_: Platform, environment: string) => ok(metrics.get(environment)!.portOf(life)),
    openForge: async () => ok(forge),
    openPolicy: async () => ok({ port: policy, wasm: null, close: nothing }),
    openReader: async () => readerHere(platform),
    openReceivers: async () =>
      ok(platform.notifications.map((d) => ({ declared: d, sender: receivers.senderOf(life, d.name) }))),
    openSync: async (...[, delivery, repository]: Parameters<SimWiring['openSync']>) =>
      ok({ port: localSync({ services, delivery, repository }), webhookToken: null, close: nothing }),
    openLoad: async () => load.portOf(life),
  } satisfies Record<keyof SimWiring, unknown>;
  return wiring as unknown as SimWiring;
}

/** The ports of one run of the server: after its end nothing that it does has any effect. */
export const serverOptions = (parts: Parts, seen: Seen, life: Life, inTurn?: number): ServerOptions => ({
  platform: parts.platform,
  ledger: ledgerOf(parts, seen, life),
  repository: repositoryOf(parts, life),
  wiring: wiringOf(parts, seen, life),
  inTurn,
  now: () => parts.time.now(),
  warn: parts.warn,
  counting: (journal) => ({
    ...journal,
    state(fold) {
      seen.read();
      return journal.state(fold);
    },
  }),
});
