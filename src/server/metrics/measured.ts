import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { PortCall } from '../../controller/flow/counting.ts';
import type { Ms } from '../../kit/time.ts';
import { API_METRIC, VERDICT_DELAY_METRIC, WORK_METRIC } from '../../runtime/series.ts';

/** How work that is done again and again ended. */
type Outcome = 'done' | 'failed';

/** One answer of the HTTP server. */
interface Answer {
  /** As it is declared, such as `/api/v1/releases/:id`: never the path that was asked. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly tookMs: Ms;
}

/** What a process counts of itself from its start, whether it leads or follows. */
export interface Measured {
  readonly registry: Registry;
  /** A pass over all lanes took so long. */
  tick(ms: Ms, outcome: Outcome): void;
  /** Work beside the loop took so long. */
  worked(work: string, ms: Ms, outcome: Outcome): void;
  /** A call to the outside has ended. */
  call(call: PortCall): void;
  /** The folds took up so many records in that time. */
  folded(records: number, ms: Ms): void;
  answered(answer: Answer): void;
  /** From the newest counted scrape to the verdict on record. */
  verdictDelay(ms: Ms): void;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'HEAD', 'OPTIONS']);
/** A route that a watcher may expect, so that there is a series before anybody asks. */
const FIRST_ROUTE = '/api/v1/overview';

function answers(registry: Registry): Measured['answered'] {
  const seconds = new Histogram({
    name: API_METRIC,
    help: 'Answers of the HTTP server by route, method and class of status; a stream counts until it begins.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 5, 30],
    registers: [registry],
  });
  seconds.zero({ route: FIRST_ROUTE, method: 'GET', status: '2xx' });
  return ({ route, method, status, tookMs }) =>
    seconds.observe(
      { route, method: METHODS.has(method) ? method : 'other', status: `${Math.floor(status / 100)}xx` },
      tookMs / 1_000,
    );
}

function work(registry: Registry): Pick<Measured, 'tick' | 'worked'> {
  const ticks = new Histogram({
    name: 'sluice_tick_seconds',
    help: 'Duration of one pass over all lanes.',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: WORK_METRIC,
    help: 'Duration of repeated work by name (tick: the pass over all lanes) and outcome.',
    labelNames: ['work', 'outcome'],
    buckets: [0.01, 0.05, 0.25, 1, 5, 30],
    registers: [registry],
  });
  seconds.zero({ work: 'tick', outcome: 'done' });
  const worked: Measured['worked'] = (name, ms, outcome) =>
    seconds.observe({ work: name, outcome }, ms / 1_000);
  return {
    worked,
    tick(ms, outcome) {
      ticks.observe(ms / 1_000);
      worked('tick', ms, outcome);
    },
  };
}

function folds(registry: Registry): Measured['folded'] {
  const seconds = new Histogram({
    name: 'sluice_fold_seconds',
    help: 'Time in which all folds took up the records of one append or page.',
    buckets: [0.0005, 0.002, 0.01, 0.05, 0.25, 1, 5],
    registers: [registry],
  });
  const records = new Counter({
    name: 'sluice_folded_records_total',
    help: 'Records that the folds took up since this process started.',
    registers: [registry],
  });
  return (count, ms) => {
    seconds.observe(ms / 1_000);
    records.inc(count);
  };
}

function calls(registry: Registry): Measured['call'] {
  const seconds = new Histogram({
    name: 'sluice_call_seconds',
    help: 'Calls to adapters by port, verb and outcome (refused: it answered with a failure).',
    labelNames: ['port', 'verb', 'outcome'],
    buckets: [0.01, 0.05, 0.25, 1, 5, 30],
    registers: [registry],
  });
  return ({ port, verb, outcome, tookMs }) => seconds.observe({ port, verb, outcome }, tookMs / 1_000);
}

export function createMeasured(): Measured {
  const registry = new Registry();
  const delay = new Histogram({
    name: VERDICT_DELAY_METRIC,
    help: 'Time from the newest counted scrape to the verdict on record.',
    buckets: [1, 2.5, 5, 10, 15, 30, 60, 300],
    registers: [registry],
  });
  return {
    registry,
    ...work(registry),
    call: calls(registry),
    folded: folds(registry),
    answered: answers(registry),
    verdictDelay: (ms) => delay.observe(Math.max(0, ms) / 1_000),
  };
}

/** The metrics of Node beside ours. */
export const withNode = (measured: Measured): Measured => {
  collectDefaultMetrics({ register: measured.registry });
  return measured;
};
