import type { Planes } from '../../../src/app/planes.ts';
import type { Platform } from '../../../src/declaration/platform.ts';
import type { Revision } from '../../../src/delivery/events.ts';
import type { CheckReport } from '../../../src/gitops/forge.ts';
import { seededRandom } from '../../../src/kit/random.ts';
import { memoryLedger } from '../../../src/ledger/adapters/memory/ledger.ts';
import type { LedgerPort } from '../../../src/ledger/port.ts';
import type { LedgerRecord } from '../../../src/ledger/record.ts';
import { burnFires } from '../../../src/runtime/burn.ts';
import { burnRuleOf } from '../../../src/runtime/slo-status.ts';
import { wasm } from '../../policy/engines.ts';
import { createCluster, templateOf } from './cluster.ts';
import {
  type Content,
  contentText,
  type Declared,
  declared,
  digestNumber,
  FOLLOWED,
  laneNames,
  platformText,
  SCRAPE_MS,
  SERVICES,
  START,
  slosText,
} from './declared.ts';
import { createEdge } from './edge.ts';
import { createForge, MAIN, type Merge } from './forge.ts';
import { createGit } from './git.ts';
import { createMetrics } from './metrics.ts';
import { createLoad, createReceivers } from './others.ts';
import { createOutside, type Life } from './outside.ts';
import { type Seen, serverOptions } from './ports.ts';
import { type Server, startServer } from './server.ts';
import { type Behaviour, createServices } from './services.ts';
import { simulatedTime } from './time.ts';

export interface WorldOptions extends Declared {
  readonly seed: number;
  readonly forge: 'local' | 'gitea' | 'github';
  readonly protects: boolean;
  readonly rps: number;
  /** How many subjects of each plane are planned in each tick although nothing was reported about them; 0: only what is due. */
  readonly inTurn?: number;
  /** Requests are drawn only every so many milliseconds, so that an observation changes nothing. */
  readonly drawnEveryMs?: number;
}

/** Events outside of the product, which invariants observe as they happen. */
export interface Witness {
  /** A record was appended; the server has not processed it yet. */
  record?(record: LedgerRecord): void;
  merged?(merge: Merge): void;
  reported?(number: number, report: CheckReport): void;
  /** The policy was asked about a pull request; the ledger ended there when its files were listed. */
  asked?(facts: object, since: number): void;
}

/** How an artefact behaves, and where. */
export interface Artefact {
  readonly badIn: string | null;
  readonly how: Behaviour;
}

/** Values of a configuration that fail, whatever runs with it. */
export const isBadValue = (value: unknown): boolean => typeof value === 'number' && value % 7 === 6;

/** One policy for all worlds: it is loaded once. */
const policy = wasm();

/** The whole simulated world: repository, forge, services, cluster, receivers, and the product between them. */
export async function createWorld(options: WorldOptions) {
  const time = simulatedTime(START);
  const { now } = time;
  const random = seededRandom(options.seed);
  const platform: Platform = declared(options);
  const names = laneNames(platform);
  const outside = createOutside(time);
  const witnesses: Witness[] = [];
  const tell = (what: (w: Witness) => void) => {
    for (const w of witnesses) what(w);
  };
  const warned: string[] = [];
  const warn = (_: object, message: string) => void warned.push(message);

  const artefacts = new Map<string, Artefact>();
  const revisions = new Map<string, Revision>();
  const git = createGit(now, names, (revision) => {
    revisions.set(revision.revision, revision);
    revisions.set(templateOf(revision), revision);
  });
  const behaviourOf = (lane: string, revision: string): Behaviour => {
    const known = revisions.get(revision);
    if (!known) return { errorRate: 0 };
    if (isBadValue(known.config['value'])) return { errorRate: 0.3 };
    const artefact = artefacts.get(known.digest);
    const here = artefact?.badIn === '*' || artefact?.badIn === lane.split('/')[1];
    return artefact && here ? artefact.how : { errorRate: 0.0005 };
  };
  const services = createServices({ random, now, lanes: names, rps: options.rps, behaviourOf });
  const edge = createEdge(services, outside, options.drawnEveryMs === undefined);
  const forge = createForge(git, outside, {
    kind: options.forge,
    protects: options.protects,
    now,
    onMerge: (merge) => tell((w) => w.merged?.(merge)),
    onReport: (number, report) => tell((w) => w.reported?.(number, report)),
  });
  const metrics = new Map(
    platform.environments.map((e) => [e.name, createMetrics(platform, e, services, outside, now)]),
  );
  const load = createLoad(outside, now);
  const receivers = createReceivers(outside);
  let server: Server | null = null;
  const followed = platform.environments.find((e) => e.name === FOLLOWED)!;
  const cluster = createCluster({
    services,
    outside,
    time,
    environment: followed,
    wanted: (lane) => git.desired(MAIN).lanes.get(lane) ?? null,
    burns: ({ service }) => {
      const last = metrics.get(FOLLOWED)!.told.get(`${service}-availability`)?.at(-1);
      return last !== undefined && burnFires(last, burnRuleOf(followed));
    },
    verdict: (service, question) =>
      life.dead ? null : (server?.verdict(service, FOLLOWED, question) ?? null),
  });

  const ledger: LedgerPort = memoryLedger('sim');
  let life: Life = { dead: true };
  let ledgerFullUntil = 0;
  let seq = 0;
  let reads = 0;
  let runsSince = Number.POSITIVE_INFINITY;

  const parts = {
    time,
    platform,
    outside,
    edge,
    forge,
    cluster,
    git,
    metrics,
    load,
    receivers,
    policy,
    warn,
  };
  const seen: Seen = {
    ledger,
    isFull: () => now() < ledgerFullUntil,
    records: () => seq,
    appended(records) {
      seq += records.length;
      for (const record of records) tell((w) => w.record?.(record));
    },
    asked: (facts, since) => tell((w) => w.asked?.(facts, since)),
    read: () => {
      reads++;
    },
  };

  async function start(): Promise<void> {
    const mine: Life = { dead: false };
    life = mine;
    // A killed start never ends: its waiters continue without it.
    void startServer(serverOptions(parts, seen, mine, options.inTurn)).then(
      (one) => {
        if (mine.dead) return;
        server = one;
        runsSince = now();
      },
      () => {
        // It ended during its start, for example because the ledger cannot be written: its supervisor starts it again.
        mine.dead = true;
        time.dropServer();
        restartIn(2_000);
      },
    );
    await time.run(now());
  }

  const restartIn = (ms: number) => {
    server = null;
    runsSince = Number.POSITIVE_INFINITY;
    cluster.watches.forget();
    time.at(now() + ms, () => void start());
  };
  outside.onKill(() => restartIn(2_000));

  const text = (path: string): string | null => git.treeOf(MAIN)?.get(path) ?? null;
  const first: Content = { digest: digestNumber(1), version: '1.0.0', value: 1, chart: 0 };
  const files = Object.fromEntries(
    names.map(({ service, environment }) => [
      `environments/${environment}/${service}.yaml`,
      contentText(service, first),
    ]),
  );
  git.write(
    MAIN,
    null,
    {
      ...files,
      'platform/platform.yaml': platformText(options),
      'platform/slos.yaml': slosText(options.services ?? SERVICES),
    },
    'developer',
    'everything',
  );
  git.desired(MAIN);
  const running = git.desired(MAIN).lanes;
  for (const { service, environment } of names)
    if (environment !== FOLLOWED)
      services.seed(
        services.places.get(`${service}/${environment}`)!,
        running.get(`${service}/${environment}`)!.revision,
        SCRAPE_MS,
      );
  cluster.settle(SCRAPE_MS);
  const every = (ms: number, work: () => void) => {
    const next = () => {
      work();
      time.at(now() + ms, next);
    };
    time.at(now(), next);
  };
  every(SCRAPE_MS, () => {
    for (const one of metrics.values()) one.scrape();
  });
  every(1_000, () => cluster.tick());
  if (options.drawnEveryMs !== undefined)
    every(options.drawnEveryMs, () => {
      for (const place of services.places.values()) services.flow(place);
    });
  const hear = (hint: Parameters<NonNullable<Planes['gate']>['hint']>[0]) => {
    if (!life.dead) server?.planes.gate?.hint(hint);
  };
  /** Webhooks come late, twice, or not at all. */
  forge.onHint((hint) => {
    const dice = random.next();
    if (dice < 0.1) return;
    time.at(now() + (dice < 0.3 ? 3_000 : 50), () => hear(hint));
    if (dice > 0.9) time.at(now() + 2_000, () => hear(hint));
  });

  return {
    options,
    platform,
    names,
    time,
    now,
    random,
    git,
    forge,
    services,
    edge,
    cluster,
    metrics,
    load,
    receivers,
    outside,
    startedAt: START,
    head: () => ledger.head(),
    ledgerTexts: () => ledger.texts(),
    artefacts,
    revisions,
    warned,
    text,
    /** Records that the server has not taken up yet. */
    behind: (): boolean => (server?.journal.position().seq ?? 0) < seq,
    /** How long the server has been able to decide and act. */
    runsFor: (): number => Math.max(0, Math.min(now() - runsSince, now() - ledgerFullUntil)),
    records: () => seq,
    /** States of folds that were read so far. */
    reads: () => reads,
    /** Adds a listener for events outside of the product. */
    witness: (w: Witness) => void witnesses.push(w),
    /** The server that runs now; null: none does. */
    server: (): Server | null => (life.dead ? null : server),
    start,
    /** Lets time pass, with everything that the product does in it. */
    advance: (ms: number): Promise<void> => time.run(now() + ms),
    /** Kills the server between two records, and starts it again later. */
    restart(afterMs: number) {
      if (life.dead) return;
      life.dead = true;
      time.dropServer();
      restartIn(afterMs);
    },
    fillLedger: (ms: number) => {
      ledgerFullUntil = now() + ms;
    },
    calm() {
      ledgerFullUntil = 0;
      outside.heal();
      for (const place of services.places.values()) {
        services.flow(place);
        Object.assign(place, { sharedErrorRate: 0, queueDepth: 1, rps: options.rps });
      }
    },
  };
}
export type World = Awaited<ReturnType<typeof createWorld>>;
