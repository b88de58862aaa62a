import { type Calls, counted, type FactsOf } from '../controller/flow/counting.ts';
import type { ReleaseEffect } from '../delivery/events.ts';
import { mapOk } from '../kit/result.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { Entry } from '../ledger/record.ts';
import type { Wiring } from './wiring.ts';

/** Names in one fact of a span. */
const MOST_NAMES = 20;

const named = (names: readonly string[]): string[] => [...new Set(names)].slice(0, MOST_NAMES);

const factsOfLedger: FactsOf = (verb, args) => {
  if (verb !== 'append') return {};
  const entries = args[0] as readonly Entry[];
  return {
    records: entries.length,
    types: named(entries.map(({ type }) => type)),
    subjects: named(entries.map(({ subject }) => subject)),
  };
};

const factsOfDelivery: FactsOf = (verb, args) => {
  if (verb === 'observe') return { subject: String(args[0]) };
  if (verb !== 'apply' && verb !== 'probe') return {};
  const { lane, kind } = args[0] as ReleaseEffect;
  return { subject: lane, kind };
};

/** A ledger with what is asked of its past and its snapshots: each is counted by a name of its own. */
const countedLedger = (ledger: LedgerPort, calls: Calls): LedgerPort => ({
  ...counted('ledger', ledger, calls, factsOfLedger),
  history: counted('ledger history', ledger.history, calls),
  snapshots: counted('ledger snapshots', ledger.snapshots, calls),
});

/** Where the ledger is, and what is beside it. */
const stores = (wiring: Wiring, calls: Calls) =>
  ({
    openLedger: async (context) =>
      mapOk(await wiring.openLedger(context), (ledger) => countedLedger(ledger, calls)),
    openDesired: async (context) =>
      mapOk(await wiring.openDesired(context), ({ repository, anchors }) => ({
        repository: counted('git', repository, calls),
        anchors: counted('anchors', anchors, calls),
      })),
  }) satisfies Partial<Wiring>;

/** What runs, where requests are counted, and who applies Git. */
const cluster = (wiring: Wiring, calls: Calls) =>
  ({
    openStack: async (options) =>
      mapOk(await wiring.openStack(options), (stack) => ({
        ...stack,
        environments: stack.environments.map((e) => ({
          ...e,
          delivery: counted('delivery', e.delivery, calls, factsOfDelivery),
        })),
      })),
    openClusters: async (context) =>
      mapOk(await wiring.openClusters(context), (clusters) => ({
        ...counted('delivery', clusters, calls),
        delivery: (environment: string) =>
          counted('delivery', clusters.delivery(environment), calls, factsOfDelivery),
      })),
    openMetrics: async (...given) =>
      mapOk(await wiring.openMetrics(...given), (port) => counted('prometheus', port, calls)),
    openSync: async (...given) =>
      mapOk(await wiring.openSync(...given), (sync) => ({
        ...sync,
        port: counted('sync', sync.port, calls),
      })),
    openLoad: async (...given) => counted('load test', await wiring.openLoad(...given), calls),
  }) satisfies Partial<Wiring>;

/** Who decides and is told beside us. */
const others = (wiring: Wiring, calls: Calls) =>
  ({
    openForge: async (context) =>
      mapOk(await wiring.openForge(context), (forge) => forge && counted('forge', forge, calls)),
    openPolicy: async (context) =>
      mapOk(await wiring.openPolicy(context), (policy) => ({
        ...policy,
        port: counted('policy', policy.port, calls),
      })),
    openReader: async (context) => counted('reader', await wiring.openReader(context), calls),
    openReceivers: async (context) =>
      mapOk(await wiring.openReceivers(context), (receivers) =>
        receivers.map((one) => ({ ...one, sender: counted('receiver', one.sender, calls) })),
      ),
    openSignIn: async (context) =>
      mapOk(await wiring.openSignIn(context), (desk) => counted('sign-in', desk, calls)),
  }) satisfies Partial<Wiring>;

/**
 * The same adapters, each of which tells of every call when it has ended. This is the one place where ports are wrapped:
 * an adapter that is chosen in this folder knows nothing of it, and cannot be left out.
 */
export const countedWiring = (wiring: Wiring, calls: Calls): Wiring => ({
  ...wiring,
  ...stores(wiring, calls),
  ...cluster(wiring, calls),
  ...others(wiring, calls),
});
