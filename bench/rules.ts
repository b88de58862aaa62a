import {
  beginEvidence,
  type Counts,
  type Edition,
  evidenceDefaults,
  harmShown,
  observe,
  ruleOf,
  stepBackShown,
} from '../src/delivery/evidence/evidence.ts';

/** One interval as every rule sees it. */
export interface Seen {
  readonly seconds: number;
  readonly canary: Counts | null;
  readonly stable: Counts | null;
  readonly step: number;
}

/** What a rule watches: the stable version's last hour, an interval each, and how it is judged. */
export interface Watched {
  readonly history: readonly (Counts | null)[];
  /** Seconds of an interval. */
  readonly scrape: number;
  readonly objective: number;
  readonly steps: number;
}

/** A rule that watches a canary, look by look. */
export interface Watcher {
  look(seen: Seen): 'go on' | 'step back' | 'stop';
}
export interface WatchRule {
  readonly name: string;
  watch(watched: Watched): Watcher;
}

/** Ours, in either edition. */
export const evidenceRule = (edition: Edition, witnesses = 2): WatchRule => ({
  name: `ours, edition ${edition}${witnesses > 2 ? `, ${witnesses} witnesses` : ''}`,
  watch({ history, objective, steps }) {
    const rule = ruleOf({ ...evidenceDefaults(edition), objective, steps, witnesses });
    if (!rule.ok) throw new Error(rule.error);
    let e = beginEvidence(rule.value, history);
    return {
      look({ canary, stable, step }) {
        e = observe(e, { step, canary, stable });
        return harmShown(e) ? 'stop' : stepBackShown(e) ? 'step back' : 'go on';
      },
    };
  },
});

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

const NONE: Counts = { total: 0, bad: 0 };
const both = (a: Counts, b: Counts): Counts => ({ total: a.total + b.total, bad: a.bad + b.bad });

/** The architecture's rule alone: service-wide, 5 m at 14 and 1 h at 3 times the budget. */
export const burnRule = (evaluateEvery = 15): WatchRule => ({
  name: "the architecture's rule alone",
  watch({ history, scrape, objective }) {
    const fast = windowSums(300);
    const slow = windowSums(3_600);
    for (const [i, counts] of history.entries())
      for (const window of [fast, slow]) window.add((i - history.length) * scrape, counts ?? NONE);
    let next = 0;
    return {
      look({ seconds, canary, stable }) {
        for (const window of [fast, slow]) window.add(seconds, both(canary ?? NONE, stable ?? NONE));
        if (seconds < next) return 'go on';
        next = seconds + evaluateEvery;
        const budget = 1 - objective;
        return fast.ratio() >= 14 * budget && slow.ratio() >= 3 * budget ? 'stop' : 'go on';
      },
    };
  },
});

/** A success threshold of 99 % over a minute, five strikes: the common hand-written analysis. */
export function strikes(): Watcher {
  const minute = windowSums(60);
  let next = 60;
  let struck = 0;
  return {
    look({ seconds, canary }) {
      minute.add(seconds, canary ?? NONE);
      if (seconds < next) return 'go on';
      next += 60;
      struck = 1 - minute.ratio() < 0.99 ? struck + 1 : 0;
      return struck >= 5 ? 'stop' : 'go on';
    },
  };
}
export const strikesRule: WatchRule = {
  name: 'a 99 % threshold, 1 min, five strikes',
  watch: () => strikes(),
};

/** Both editions and what the field does, over the same traffic by the same machinery. */
export const RULES: readonly WatchRule[] = [
  evidenceRule(1),
  evidenceRule(2),
  evidenceRule(2, 3),
  burnRule(),
  strikesRule,
];
