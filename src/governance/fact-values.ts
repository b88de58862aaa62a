import { pathText } from '../kit/problem.ts';

/** The last moment that a date can say, in milliseconds since 1970. */
const LAST_MOMENT = 8.64e15;

interface Kind {
  readonly expected: string;
  readonly isGood: (value: number) => boolean;
}

const TIME: Kind = {
  expected: 'expected a time in milliseconds since 1970',
  isGood: (value) => value >= 0 && value <= LAST_MOMENT,
};
const SPAN: Kind = {
  expected: 'expected a time span in milliseconds, 0 or longer',
  isGood: (value) => value >= 0,
};
const COUNT: Kind = {
  expected: 'expected a whole number, 0 or more',
  isGood: (value) => value >= 0 && Number.isInteger(value),
};
const AMOUNT: Kind = { expected: 'expected a number, 0 or more', isGood: (value) => value >= 0 };
const OBJECTIVE: Kind = {
  expected: 'expected a share of good requests above 0 and below 1',
  isGood: (value) => value > 0 && value < 1,
};
const ANY: Kind = { expected: 'expected a finite number', isGood: Number.isFinite };

/** What numbers of facts may be, by their path without the places in lists. Others are finite. */
const KINDS: Readonly<Record<string, Kind>> = {
  now: TIME,
  'slos.at': TIME,
  'freezes.since': TIME,
  'freezes.until': TIME,
  'waivers.since': TIME,
  'waivers.expiresAt': TIME,
  'settings.history.windowMs': SPAN,
  'settings.waiver.maxMs': SPAN,
  'settings.history.maxFailed': COUNT,
  'settings.risk.maxServices': COUNT,
  'pullRequest.number': COUNT,
  'pullRequest.files': COUNT,
  'pullRequest.lanes': COUNT,
  'lanes.failed': COUNT,
  'slos.objective': OBJECTIVE,
  'slos.requests': AMOUNT,
  'slos.bad': AMOUNT,
  'slos.coverage': AMOUNT,
  'slos.thresholds.fast': AMOUNT,
  'slos.thresholds.slow': AMOUNT,
};

const kindAt = (path: readonly (string | number)[]): Kind =>
  KINDS[path.filter((part) => typeof part === 'string').join('.')] ?? ANY;

/** Nobody writes facts that are nested deeper. */
const DEPTH = 64;

/**
 * The first number of facts that nothing in the world can be, such as a time before 1970, with its path; null: there is
 * none. What is missing or of another type is no concern here: the policy decides what that means.
 */
export function nonsenseIn(facts: unknown): string | null {
  const visit = (value: unknown, path: readonly (string | number)[]): string | null => {
    if (typeof value === 'number') {
      const { expected, isGood } = kindAt(path);
      return Number.isFinite(value) && isGood(value) ? null : `${pathText(path)}: ${expected}, got ${value}`;
    }
    if (typeof value !== 'object' || value === null || path.length > DEPTH) return null;
    for (const [key, inner] of Object.entries(value)) {
      const found = visit(inner, [...path, Array.isArray(value) ? Number(key) : key]);
      if (found !== null) return found;
    }
    return null;
  };
  return visit(facts, []);
}
