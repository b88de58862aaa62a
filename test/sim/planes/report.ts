import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INVARIANTS } from './invariants/all.ts';
import { type Outcome, optionsOf, play, shrink, storyFor, type Violation } from './run.ts';

const OUT = join(import.meta.dirname, '../../.out');

/** Seeds of `npm run check`; another number by `SLUICE_SIM_SEEDS`, another first one by `SLUICE_SIM_FROM`. */
const SEEDS = Number(process.env['SLUICE_SIM_SEEDS'] ?? 16);
const FROM = Number(process.env['SLUICE_SIM_FROM'] ?? 1);
const SAMPLE_SIZE = 4;
/** A sample is over soon: its stories are short ones. */
export const SAMPLE_STEPS = 100;
const ALL = Array.from({ length: SEEDS }, (_, i) => FROM + i);
export const SAMPLE: readonly number[] = ALL.slice(0, SAMPLE_SIZE);
export const REST: readonly number[] = ALL.slice(SAMPLE_SIZE);

/** What was played, added up over seeds. */
export function createReport(name: string) {
  const moves = new Map<string, number>();
  const checked = new Map<string, number>();
  const events = new Map<string, number>();
  const sums = { seeds: 0, steps: 0, records: 0, kills: 0 };
  const add = (into: Map<string, number>, from: ReadonlyMap<string, number>) => {
    for (const [key, n] of from) into.set(key, (into.get(key) ?? 0) + n);
  };
  const table = (of: ReadonlyMap<string, number>) =>
    [...of].sort(([a], [b]) => a.localeCompare(b)).map(([key, n]) => `  ${String(n).padStart(8)}  ${key}`);
  return {
    checked,
    moves,
    events,
    add(outcome: Outcome) {
      sums.seeds++;
      sums.steps += outcome.steps;
      sums.records += outcome.records;
      sums.kills += outcome.kills;
      add(moves, outcome.moves);
      add(checked, outcome.checked);
      add(events, outcome.events);
    },
    print() {
      const says = new Map(INVARIANTS.map(({ id, says }) => [id, says]));
      const invariants = [...checked].map(([id, n]) => [`${id} ${says.get(id)}`, n] as const);
      const text = [
        `${name}: ${sums.seeds} seeds, ${sums.steps} steps, ${sums.records} records, ${sums.kills} kills`,
        'moves',
        ...table(moves),
        'invariants, and how often each was looked at',
        ...invariants.map(([key, n]) => `  ${String(n).padStart(8)}  ${key}`),
        'records',
        ...table(events),
        '',
      ].join('\n');
      mkdirSync(OUT, { recursive: true });
      writeFileSync(join(OUT, `simulation-${name.replaceAll(' ', '-')}.txt`), text);
      process.stdout.write(text);
    },
  };
}

/** The report of a violation: the rule, the observation, and the shortest story that shows it. */
export const tell = (seed: number, { id, what, step, story }: Violation): string =>
  [`seed ${seed}, step ${step}: ${id}: ${what}`, ...story.map((line) => `  ${line}`)].join('\n');

/** Plays a seed; a violation is reported with its shortest story. */
export async function seeded(
  seed: number,
  steps?: number,
): Promise<{ outcome: Outcome; failure: string | null }> {
  const options = optionsOf(seed);
  const story = storyFor(seed, steps);
  const outcome = await play(options, story);
  if (!outcome.violation) return { outcome, failure: null };
  const shortest = await shrink(options, story, outcome.violation);
  return { outcome, failure: tell(seed, shortest.violation) };
}
