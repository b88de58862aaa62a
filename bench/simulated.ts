import { CASES, falseRollbacks } from './false-rollbacks.ts';
import { RULES } from './rules.ts';
import { timesToVerdict, type VerdictTime } from './time-to-verdict.ts';

const FAULTS = [0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 1] as const;
/** Median seconds of the second edition at scrapes of 5 s, as its page says; one scrape may be between. */
const PUBLISHED: Readonly<Record<number, number>> = {
  0.005: 135,
  0.01: 45,
  0.02: 20,
  0.05: 10,
  0.1: 10,
  1: 10,
};
const SCRAPES = [15, 5] as const;
const MIDDLE_S = 300;

export interface Bench {
  say(text?: string): void;
  expectThat(what: string, ok: boolean): void;
  /** How often each is played; fewer where the machine is busy, and then the limits are wide. */
  readonly runs: number;
}

const [FIRST, SECOND] = RULES.map((r) => r.name) as [string, string];
const of = (times: readonly VerdictTime[], fault: number, rule: string) =>
  times.find((t) => t.fault === fault && t.rule === rule)!;
const ratio = (other: number | null, ours: number | null): number =>
  ours === null ? 0 : other === null ? Number.POSITIVE_INFINITY : other / ours;
const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

function table({ say }: Bench, times: readonly VerdictTime[]): void {
  say(`  ${''.padEnd(38)} ${FAULTS.map((f) => percent(f).padStart(14)).join('')}`);
  for (const { name } of RULES) {
    const cells = FAULTS.map((fault) => {
      const { seconds, within, failedRequests } = of(times, fault, name);
      const [low, high] = within.map((s) => s ?? 'never');
      return `${seconds ?? 'never'} [${low}-${high}] / ${failedRequests}`;
    });
    say(`  ${name.padEnd(38)} ${cells.join('  |  ')}`);
  }
}

function expectTimes({ expectThat }: Bench, times: readonly VerdictTime[], scrape: number): void {
  for (const [fault, published] of Object.entries(PUBLISHED)) {
    const { seconds, within } = of(times, Number(fault), SECOND);
    const ok =
      within[0] !== null &&
      within[0] - scrape <= published &&
      (within[1] === null || published <= within[1] + scrape);
    expectThat(`${percent(Number(fault))}: ${seconds} s, the page says ${published}`, ok);
  }
  for (const { name } of RULES.slice(3)) {
    const by = (fault: number) => ratio(of(times, fault, name).seconds, of(times, fault, SECOND).seconds);
    expectThat(`at 10 % at least 20 times sooner than ${name} (${by(0.1).toFixed(1)})`, by(0.1) >= 20);
    expectThat(`at 100 % at least 4 times sooner than ${name} (${by(1).toFixed(1)})`, by(1) >= 4);
  }
  const half = ratio(of(times, 0.005, FIRST).seconds, of(times, 0.005, SECOND).seconds);
  expectThat(`at 0.5 % at least twice as soon as the first edition (${half.toFixed(1)})`, half >= 2);
}

/** Time to verdict of both editions and the field's rules, from the first request on and from the middle of a step. */
export function simulatedTimes(bench: Bench): object {
  const { say, runs } = bench;
  const out: Record<string, VerdictTime[]> = {};
  say(
    `\nMedian seconds from fault to all traffic on stable [95 %] / failed canary requests; simulated, 99.9 %, 100 rps, 20 %, ${runs} runs each`,
  );
  for (const scrape of SCRAPES) {
    const times = timesToVerdict(FAULTS, scrape, runs);
    out[`scrape ${scrape} s`] = times;
    say(`\nscraped every ${scrape} s`);
    table(bench, times);
    if (scrape === 5) expectTimes(bench, times, scrape);
  }
  const later = timesToVerdict(FAULTS, 5, runs, MIDDLE_S);
  out['beginning in the middle of a step'] = later;
  say('\nscraped every 5 s, the fault begins in the middle of a step');
  table(bench, later);
  return out;
}

/** False rollbacks of both editions and the field's rules, with 95 % limits. */
export function simulatedFalse(bench: Bench): object {
  const { say, runs, expectThat } = bench;
  say(`\nFalse rollbacks in ${runs} simulated half-hour canaries each, with 95 % limits`);
  return CASES.flatMap((one) => {
    say(`  ${one.name}`);
    return RULES.map((rule) => {
      const result = falseRollbacks(one, rule, runs);
      const [low, high] = result.within;
      say(`    ${rule.name.padEnd(38)} ${result.condemned}  [${percent(low)} to ${percent(high)}]`);
      if (rule.name === SECOND)
        expectThat(
          `${one.name}: at most ${percent(one.most)} (${percent(low)} to ${percent(high)})`,
          low <= one.most,
        );
      return result;
    });
  });
}
