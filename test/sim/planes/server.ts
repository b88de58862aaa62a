import type { AppContext } from '../../../src/app/context.ts';
import { createHealth } from '../../../src/app/health.ts';
import { createLifecycle } from '../../../src/app/lifecycle.ts';
import { createLogSubjects } from '../../../src/app/log-subjects.ts';
import { openPlanes, type Planes } from '../../../src/app/planes.ts';
import { UNTRACED } from '../../../src/controller/flow/tracing.ts';
import type { Platform } from '../../../src/declaration/platform.ts';
import { answerFor } from '../../../src/delivery/answer.ts';
import type { DesiredRepository } from '../../../src/gitops/port.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { type Journal, openJournal } from '../../../src/ledger/journal.ts';
import type { LedgerPort } from '../../../src/ledger/port.ts';
import { SERVER_FOLDS } from '../../../src/server/folds.ts';
import { createMeasured } from '../../../src/server/metrics/measured.ts';
import type { WiringContext } from '../../../src/wiring/context.ts';
import type { Wiring } from '../../../src/wiring/wiring.ts';
import { WHOLE_CHAIN } from '../../whole-chain.ts';

type Question = Parameters<typeof answerFor>[2];

/** The adapters that the simulated world puts in place of the real ones. */
export type SimWiring = Pick<
  Wiring,
  | 'openClusters'
  | 'openForge'
  | 'openLoad'
  | 'openMetrics'
  | 'openPolicy'
  | 'openReader'
  | 'openReceivers'
  | 'openStack'
  | 'openSync'
>;

export interface ServerOptions {
  readonly platform: Platform;
  readonly ledger: LedgerPort;
  readonly repository: DesiredRepository;
  readonly wiring: SimWiring;
  /** Sees every state that is read. */
  readonly counting: (journal: Journal) => Journal;
  readonly inTurn: number | undefined;
  readonly now: () => number;
  readonly warn: WiringContext['warn'];
}

/** One run of the server, from its start to its end. */
export interface Server {
  readonly planes: Planes;
  readonly journal: Journal;
  verdict(service: string, environment: string, question: Question): ReturnType<typeof answerFor> | null;
}

const SNAPSHOT_EVERY = 400;
const TICK_MS = 1_000;
/** Chores run at most this often: half a second makes no difference for them. */
const PACE_MS = 1_000;

/** The loops that a server runs, each at its own pace. */
function runLoops(
  planes: Planes,
  every: (ms: number, work: () => Promise<unknown>) => void,
  now: () => number,
): void {
  const { controller, budgets, governance, gate, gitops } = planes;
  every(TICK_MS, async () => {
    await controller.tick();
    await budgets.tick(now());
    await governance.tick(now());
  });
  for (const { everyMs, work } of gitops.chores) every(Math.max(everyMs, PACE_MS), () => work(now()));
  if (gate)
    every(PACE_MS, async () => {
      await gate.tick(now());
      await gitops.promoter?.tick(now());
    });
}

function contextOf({ platform, wiring, now, warn }: ServerOptions): AppContext {
  const log = { info: () => undefined, warn };
  return {
    platform,
    directory: '/simulated',
    work: '/simulated',
    root: '/simulated',
    env: {},
    clock: { now, sleep: systemClock.sleep },
    now,
    warn,
    io: {} as AppContext['io'],
    wiring: wiring as Wiring,
    log,
    lifecycle: createLifecycle(warn),
    health: createHealth(),
    chain: WHOLE_CHAIN,
    measured: createMeasured(),
    tracing: UNTRACED,
    subjects: createLogSubjects(),
    listener: { url: 'http://sluice.invalid', answer: () => undefined },
    allowedHosts: [],
    openReads: true,
    ending: new AbortController().signal,
    lost: () => false,
  };
}

/** Starts the real planes of a server over the simulated world. It is never stopped, only killed. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { now, warn } = options;
  const context = contextOf(options);
  const policy = { everyRecords: SNAPSHOT_EVERY, atStopAfter: SNAPSHOT_EVERY, now, warn };
  const journal = options.counting(await openJournal(options.ledger, SERVER_FOLDS, policy));
  const planes = await openPlanes(context, {
    journal,
    repository: options.repository,
    inTurn: options.inTurn,
    credentialsFile: '/simulated/token',
    publicUrl: () => 'http://sluice.invalid',
    progress: () => undefined,
  });
  runLoops(planes, (ms, work) => context.lifecycle.every('loop', ms, 'a loop failed', work), now);
  return {
    planes,
    journal,
    verdict(service, environment, question) {
      const view = planes.controller.lanes().find((v) => v.state.lane === `${service}/${environment}`);
      return view ? answerFor(view.state, view.wanted, question) : null;
    },
  };
}
