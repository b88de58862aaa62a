import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, mutantsOf, mutated } from './mutants.ts';
import { sampleOf } from './sample.ts';
import type { Tried } from './survivors.ts';
import type { MutationTarget } from './targets.ts';
import { runTests, type TestRun } from './workspace.ts';

export interface Trial {
  /** The copy in which files are changed. */
  readonly directory: string;
  readonly perFile: number;
  readonly seed: number;
  /** Told of each mutant as it was tried. */
  say(text: string): void;
  /** Runs tests in the copy. */
  run(tests: readonly string[], limitMs: number): Promise<TestRun>;
}

/** Without a change nothing takes so long: what does has hung. */
const UNCHANGED_LIMIT_MS = 30 * 60_000;
/** A mutant's tests take so much longer at the most, and a start of so long. */
const SLOWER = 5;
const START_MS = 60_000;

/** The least that is tried of a file that has so many. */
export const LEAST_PER_FILE = 20;

const OUTCOME = { passed: 'survived', failed: 'killed', late: 'late' } as const;

async function tryOne(trial: Trial, text: string, mutant: Mutant, tests: readonly string[], limitMs: number) {
  const path = join(trial.directory, mutant.file);
  writeFileSync(path, mutated(text, mutant));
  try {
    return OUTCOME[(await trial.run(tests, limitMs)).outcome];
  } finally {
    writeFileSync(path, text);
  }
}

/** Tries a sample of mutants of each file of a target; throws where its tests fail without any. */
export async function tryTarget(trial: Trial, { name, files, tests }: MutationTarget): Promise<Tried[]> {
  const unchanged = await trial.run(tests, UNCHANGED_LIMIT_MS);
  if (unchanged.outcome !== 'passed')
    throw new Error(`the tests of ${name} do not pass without a change:\n${unchanged.tail}`);
  const limitMs = START_MS + SLOWER * unchanged.ms;
  const tried: Tried[] = [];
  for (const file of files) {
    const text = readFileSync(join(trial.directory, file), 'utf8');
    for (const mutant of sampleOf(mutantsOf(file, text), trial.perFile, trial.seed)) {
      const outcome = await tryOne(trial, text, mutant, tests, limitMs);
      const code = text.split('\n')[mutant.line - 1]!.trim();
      tried.push({ ...mutant, outcome, code });
      trial.say(`${outcome}: ${file}:${mutant.line} ${mutant.operator}`);
    }
  }
  return tried;
}

/** The tests of this repository, in the copy. */
export const openTrial = (options: Omit<Trial, 'run'>): Trial => ({
  ...options,
  run: (tests, limitMs) => runTests(options.directory, tests, limitMs),
});
