import {
  beginEvidence,
  type Counts,
  EVIDENCE_DEFAULTS,
  type Evidence,
  harmShown,
  observe,
  ruleOf,
} from '../src/delivery/evidence.ts';

/** One interval as every rule sees it. */
export interface Seen {
  readonly seconds: number;
  readonly canary: Counts;
  readonly stable: Counts;
  readonly step: number;
}

/** A rule that watches a canary: true from the look on which it stops it. */
export interface Watcher {
  readonly name: string;
  look(seen: Seen): boolean;
}

const BUDGET = 0.001;

/** Ours: the evidence rule. */
export function evidenceWatcher(history: readonly Counts[], steps: number): Watcher {
  const rule = ruleOf({ ...EVIDENCE_DEFAULTS, objective: 1 - BUDGET, steps });
  if (!rule.ok) throw new Error(rule.error);
  let e: Evidence = beginEvidence(rule.value, history);
  return {
    name: 'ours',
    look({ canary, stable, step }) {
      e = observe(e, { step, canary, stable });
      return harmShown(e);
    },
  };
}

/** Sums over the last seconds: what a window of a recording rule holds. */
function windowSums(lengthSeconds: number) {
  const kept: { seconds: number; total: number; bad: number }[] = [];
  let total = 0;
  let bad = 0;
  return {
    add(seconds: number, counts: Counts) {
      kept.push({ seconds, ...counts });
      total += counts.total;
      bad += counts.bad;
      while (kept[0] && kept[0].seconds <= seconds - lengthSeconds) {
        const old = kept.shift()!;
        total -= old.total;
        bad -= old.bad;
      }
    },
    ratio: () => (total === 0 ? 0 : bad / total),
  };
}

const both = (a: Counts, b: Counts): Counts => ({ total: a.total + b.total, bad: a.bad + b.bad });

/** The architecture's rule alone: service-wide, 5 m at 14 and 1 h at 3 times the budget. */
export function burnWatcher(history: readonly Counts[], historyStep: number, evaluateEvery = 15): Watcher {
  const fast = windowSums(300);
  const slow = windowSums(3_600);
  for (const [i, counts] of history.entries())
    for (const window of [fast, slow]) window.add((i - history.length) * historyStep, counts);
  let next = 0;
  return {
    name: "the architecture's rule alone",
    look({ seconds, canary, stable }) {
      for (const window of [fast, slow]) window.add(seconds, both(canary, stable));
      if (seconds < next) return false;
      next = seconds + evaluateEvery;
      return fast.ratio() >= 14 * BUDGET && slow.ratio() >= 3 * BUDGET;
    },
  };
}

/** A success threshold of 99 % over a minute, five strikes: the common hand-written analysis. */
export function strikesWatcher(): Watcher {
  const minute = windowSums(60);
  let next = 60;
  let strikes = 0;
  return {
    name: 'a 99 % threshold, 1 min, five strikes',
    look({ seconds, canary }) {
      minute.add(seconds, canary);
      if (seconds < next) return false;
      next += 60;
      strikes = 1 - minute.ratio() < 0.99 ? strikes + 1 : 0;
      return strikes >= 5;
    },
  };
}
