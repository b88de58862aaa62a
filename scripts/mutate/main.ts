import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reportOf } from './report.ts';
import type { Survivor, Tried } from './survivors.ts';
import { type MutationTarget, TARGETS } from './targets.ts';
import { LEAST_PER_FILE, openTrial, tryTarget } from './trial.ts';
import { copyOf } from './workspace.ts';

const ROOT = join(import.meta.dirname, '../..');
const HELP = `npm run mutate [-- --only <target>]… [--per-file <count>] [--seed <number>]

Changes sources in a copy, one mutant at a time, and runs the tests beside them: a mutant that they do not notice
survives. Targets: ${TARGETS.map((t) => t.name).join(', ')}. Exit 0 if few enough survive, each explained in
scripts/mutate/survivors.json; 1 if not; 2 for a wrong question.
`;

class WrongQuestion extends Error {}

function optionsOf(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      'per-file': { type: 'string', default: String(LEAST_PER_FILE) },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  const [perFile, seed] = [Number(values['per-file']), Number(values.seed)];
  if (!Number.isInteger(perFile) || perFile < 1)
    throw new WrongQuestion('--per-file is a whole number from 1 on');
  if (!Number.isInteger(seed) || seed < 0) throw new WrongQuestion('--seed is a whole number from 0 on');
  return { only: values.only, perFile, seed, help: values.help };
}

/** The targets that are asked for; every path of them is there. */
function targetsOf(only: readonly string[]): readonly MutationTarget[] {
  const unknown = only.filter((name) => !TARGETS.some((t) => t.name === name));
  if (unknown.length > 0) throw new WrongQuestion(`no target is named ${unknown.join(', ')}`);
  const targets = only.length === 0 ? TARGETS : TARGETS.filter((t) => only.includes(t.name));
  const paths = targets.flatMap((t) => [...t.files, ...t.tests]);
  const missing = paths.filter((path) => !existsSync(join(ROOT, path)));
  if (missing.length > 0)
    throw new WrongQuestion(`scripts/mutate/targets.ts names what is not there: ${missing.join(', ')}`);
  return targets;
}

async function mutate(args: string[]): Promise<number> {
  const { only, perFile, seed, help } = optionsOf(args);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const targets = targetsOf(only);
  const kept = JSON.parse(readFileSync(join(import.meta.dirname, 'survivors.json'), 'utf8')) as Survivor[];
  const workspace = copyOf(ROOT);
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const tried: Tried[] = [];
  try {
    const trial = openTrial({ directory: workspace.directory, perFile, seed, say });
    for (const target of targets) {
      say(`${target.name}: the tests without a change …`);
      tried.push(...(await tryTarget(trial, target)));
    }
  } finally {
    workspace.remove();
  }
  const report = reportOf(tried, kept);
  process.stdout.write(report.text);
  return report.ok ? 0 : 1;
}

try {
  process.exitCode = await mutate(process.argv.slice(2));
} catch (thrown) {
  if (!(thrown instanceof Error)) throw thrown;
  const wrong =
    thrown instanceof WrongQuestion || (thrown as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${thrown.message}\n${wrong ? `\n${HELP}` : ''}`);
  process.exitCode = wrong ? 2 : 1;
}
