import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandEntry } from './cli/command.ts';
import type { Exit, Io } from './cli/io.ts';
import { keepCompiled } from './io/compile-cache.ts';

const VERSION = '0.1.0';
/** The folder with policy, examples and console: beside the sources, and beside the bundle in an image. */
const ROOT = resolve(import.meta.dirname, '..');

/** Every command, in the order of the help. A command's module is loaded when it is asked for. */
export const COMMANDS: readonly CommandEntry[] = [
  ['init', 'Write a declaration of your service, or a working example', () => import('./cli/init.ts')],
  ['validate', 'Check a declaration and report every problem at once', () => import('./cli/validate.ts')],
  ['render', 'Generate Prometheus, Alertmanager and Grafana configuration', () => import('./cli/render.ts')],
  ['eject', 'Write plain Rollouts, AnalysisTemplates and rules that work without Sluice', () => import('./cli/eject.ts')],
  ['import', 'Import declarations of other tools', () => import('./cli/import.ts')],
  ['adopt', 'Generate a declaration from existing Argo Rollouts', () => import('./cli/adopt.ts')],
  ['test', 'Run test cases: series in; burn rates, alerts and verdicts out', () => import('./cli/test.ts')],
  ['explain', 'Explain what Sluice makes of a declaration: the rules of an SLO and their numbers', () => import('./cli/explain.ts')],
  ['judge', 'Judge one recorded trace by the evidence rule', () => import('./cli/judge.ts')],
  ['serve', 'Run the controller, the API and the console', () => import('./cli/serve.ts')],
  ['demo', 'Run the demo on this machine and check every claim', () => import('./cli/demo.ts')],
  ['status', 'Show what runs where, releases in progress and what needs attention', () => import('./cli/status.ts')],
  ['promote', 'Open a pull request that promotes the version of the previous environment', () => import('./cli/promote.ts')],
  ['budget', 'Show error budgets and exclude incidents from them', () => import('./cli/budget.ts')],
  ['replay', 'Judge past releases again by a changed declaration', () => import('./cli/replay.ts')],
  ['rollback', 'Roll users back to an earlier stable version, skipping steps and freezes', () => import('./cli/rollback.ts')],
  ['release', 'Control a release in progress', () => import('./cli/release.ts')],
  ['gate', 'Check whether a pull request may merge: exit 0 yes, 1 no, 3 no answer', () => import('./cli/gate.ts')],
  ['freeze', 'Manage freezes: no new release starts, reverts and rollbacks pass', () => import('./cli/freeze.ts')],
  ['waiver', 'Manage waivers: recorded, time-limited exceptions to the policy', () => import('./cli/waiver.ts')],
  ['pull', 'Manage pull requests of the local forge', () => import('./cli/pull.ts')],
  ['ledger', 'Show and verify what was decided, by whom and on which numbers', () => import('./cli/ledger.ts')],
  ['token', 'Manage API tokens: create, list and revoke them', () => import('./cli/token.ts')],
  ['login', 'Sign in at a server and use it from now on', () => import('./cli/login.ts')],
  ['logout', 'Sign out at a server', () => import('./cli/logout.ts')],
  ['context', 'Manage contexts: servers by name', () => import('./cli/context.ts')],
  ['doctor', 'Check which programs this machine has, and the ledger', () => import('./cli/doctor.ts')],
  ['support-bundle', 'Collect what helps to understand a fault, without secrets', () => import('./cli/support-bundle.ts')],
  ['completion', 'Print the completion script of a shell: commands, options, and names that exist', () => import('./cli/completion.ts')],
  ['schema', 'Print the JSON Schema of the declaration', () => import('./cli/schema.ts')],
];

/** Runs one command line. Gives the exit code; never ends the process. */
export async function main(args: readonly string[], io: Io): Promise<Exit> {
  // Asked by scripts more than anything else, and by many at once: nothing is loaded for it.
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    io.out(`${VERSION}\n`);
    return 0;
  }
  const [{ createParts }, { runProgram }] = await Promise.all([import('./app/parts.ts'), import('./cli/program.ts')]);
  const parts = createParts(ROOT, import.meta.filename);
  return runProgram({ version: VERSION, commands: COMMANDS, parts }, args, io);
}

/** Whether this file is what was started, also by a link to it: Node 22 has no `import.meta.main`. */
const started = (): boolean => {
  const [, file] = process.argv;
  return file !== undefined && existsSync(file) && realpathSync(file) === import.meta.filename;
};

if (started()) {
  // Before anything large is loaded.
  keepCompiled(process.env);
  const { processIo } = await import('./cli/process.ts');
  process.exitCode = await main(process.argv.slice(2), processIo());
}
