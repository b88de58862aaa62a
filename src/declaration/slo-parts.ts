import type { Problem } from '../kit/problem.ts';
import type { Ms } from '../kit/time.ts';
import type { Counter } from '../promql/counters.ts';
import type { Selector } from '../promql/expression.ts';

/** What is counted. Queries are PromQL text, read and typed; counters have no range and rate: those are ours. */
export type Indicator =
  | {
      readonly kind: 'counters';
      readonly total: readonly Counter[];
      readonly part: readonly Counter[];
      readonly partIs: 'good' | 'bad';
    }
  /** Native histograms: requests between two bounds are good, or bad. */
  | {
      readonly kind: 'histogram';
      readonly total: Selector;
      readonly lower: string;
      readonly upper: string;
      readonly partIs: 'good' | 'bad';
    }
  /** Ready-made numbers, used as they are at each moment. */
  | {
      readonly kind: 'rates';
      readonly total: string;
      readonly part: string;
      readonly partIs: 'good' | 'bad';
      /** How long a window they count, in ms; null: they are per second. */
      readonly perMs: Ms | null;
    }
  /** Samples of a gauge: those on the right side of a value are good. */
  | {
      readonly kind: 'threshold';
      readonly query: string;
      readonly op: '<' | '<=' | '>' | '>=';
      readonly value: number;
    }
  /** A ratio already: judged by slices of time only, since nothing says how many requests it stands for. */
  | { readonly kind: 'ratio'; readonly query: string; readonly is: 'good' | 'bad' };

/** One kind of burn-rate alert of an SLO: what wakes somebody, or what can wait for the morning. */
export interface AlertLevel {
  readonly enabled: boolean;
  /** The label severity. */
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly forMs: Ms;
  /** Null: the declared pair, and the ladder. */
  readonly windows: readonly { readonly longMs: Ms; readonly shortMs: Ms; readonly factor: number }[] | null;
}

/** An alert for series that are absent. */
export interface NoDataAlert {
  readonly enabled: boolean;
  readonly afterMs: Ms;
  readonly severity: string;
}

export interface SloAlerting {
  /** Name of the burn-rate alerts; null: those of Sluice. */
  readonly name: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly page: AlertLevel;
  readonly ticket: AlertLevel;
  readonly noData: NoDataAlert;
}

/** Where an SLO is declared. */
interface Place {
  readonly file: string;
  readonly line: number;
}

/** What is known of a declaration beside what it declares: no part of its digest. */
export interface SloOrigin {
  /** By the name of the SLO. */
  readonly places: Readonly<Record<string, Place>>;
  /** What is understood otherwise than somebody may expect, at its line. */
  readonly notes: readonly Problem[];
}
