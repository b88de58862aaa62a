import { enableCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { createParts } from './app/parts.ts';
import type { CommandEntry } from './cli/command.ts';
import type { Exit, Io } from './cli/io.ts';
import { processIo } from './cli/process.ts';
import { runProgram } from './cli/program.ts';

const VERSION = '0.1.0';
/** The folder with policy, examples and console: beside the sources, and beside the bundle in an image. */
const ROOT = resolve(import.meta.dirname, '..');

/** Every command, in the order of the help. A command's module is loaded when it is asked for. */
export const COMMANDS: readonly CommandEntry[] = [
  ['init', 'write a working example', () => import('./cli/init.ts')],
  ['validate', 'check a declaration: every problem at once', () => import('./cli/validate.ts')],
  ['render', 'rules, alerts and configuration for the surroundings', () => import('./cli/render.ts')],
  ['import', 'bring over what other tools declare', () => import('./cli/import.ts')],
  ['test', 'your own cases: series in, burn rates, alerts, verdicts out', () => import('./cli/test.ts')],
  ['judge', 'judge one recorded trace by the evidence rule', () => import('./cli/judge.ts')],
  ['serve', 'run the loop, the API and the console', () => import('./cli/serve.ts')],
  ['demo', 'the whole story on this machine, each claim checked', () => import('./cli/demo.ts')],
  ['status', 'what runs where, what moves, what needs you', () => import('./cli/status.ts')],
  [
    'promote',
    'ask for the version of the environment before, by pull request',
    () => import('./cli/promote.ts'),
  ],
  ['budget', 'error budgets: what is left, what does not count', () => import('./cli/budget.ts')],
  ['replay', 'past releases judged again, by what a folder declares', () => import('./cli/replay.ts')],
  ['release', 'orders to a release on its way', () => import('./cli/release.ts')],
  [
    'gate',
    'may this pull request merge? exit 0 yes, 1 no, 3 something did not answer',
    () => import('./cli/gate.ts'),
  ],
  ['freeze', 'nothing new goes out; reverts and rollbacks do', () => import('./cli/freeze.ts')],
  ['waiver', 'break-glass: reason, end, and who has the right', () => import('./cli/waiver.ts')],
  ['pull', 'pull requests of the local forge', () => import('./cli/pull.ts')],
  ['ledger', 'what was decided, by whom, on which numbers', () => import('./cli/ledger.ts')],
  ['token', 'scoped tokens', () => import('./cli/token.ts')],
  ['doctor', 'what this machine has', () => import('./cli/doctor.ts')],
  ['schema', 'JSON Schema of the declaration', () => import('./cli/schema.ts')],
];

/** Runs one command line. Gives the exit code; never ends the process. */
export const main = (args: readonly string[], io: Io): Promise<Exit> =>
  runProgram({ version: VERSION, commands: COMMANDS, parts: createParts(ROOT) }, args, io);

if (import.meta.main) {
  // Commands are loaded when asked for, and compiled once for all runs.
  enableCompileCache();
  process.exitCode = await main(process.argv.slice(2), processIo());
}
