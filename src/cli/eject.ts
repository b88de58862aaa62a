import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ejectAll, type OwnRollout } from '../controller/eject.ts';
import { type ForeignDocument, foreignDocuments } from '../declaration/import/documents.ts';
import { counted } from '../kit/counted.ts';
import { byPlace } from '../kit/problem.ts';
import { type Define, type JsonOptions, jsonOption } from './command.ts';
import { readPlatform } from './files.ts';
import { readAllSources } from './import-files.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';

interface EjectOptions extends JsonOptions {
  readonly out: string;
  readonly manifests?: string | undefined;
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function rolloutOf({ file, line, value }: ForeignDocument): OwnRollout[] {
  if (value['kind'] !== 'Rollout') return [];
  const { name, namespace } = isFields(value['metadata']) ? value['metadata'] : {};
  if (typeof name === 'string')
    return [{ name, namespace: typeof namespace === 'string' ? namespace : undefined, manifest: value }];
  throw new CliError(EXIT.usage, {
    code: 'INVALID_VALUE',
    message: `${file}:${line}: a Rollout without metadata.name; nothing was written`,
    file,
    line,
    next: 'name it, or give --manifests a folder without it',
  });
}

/** Rollouts below a folder. What cannot be read may hold one, and nothing is written without it. */
function rolloutsIn(io: Io, where: string): OwnRollout[] {
  const { documents, unreadable } = foreignDocuments(readAllSources(io, [where], 'manifests'));
  const [first, ...others] = unreadable.map(({ problem }) => problem).sort(byPlace);
  if (first) {
    const more = others.length > 0 ? ` (and ${counted(others.length, 'more problem')})` : '';
    throw new CliError(EXIT.usage, {
      code: first.code,
      message: `${first.file}:${first.line}: ${first.message}${more}; nothing was written`,
      file: first.file,
      line: first.line,
      next: first.next ?? 'fix it, or give --manifests a folder without it',
    });
  }
  return documents.flatMap(rolloutOf);
}

/** `sluice eject [dir] --out DIR`: what it takes to go on without Sluice. Nothing in a cluster is changed. */
export async function ejectCommand(io: Io, where: string, o: EjectOptions): Promise<Exit> {
  const platform = readPlatform(io, where, { platform: 'optional' });
  const rollouts = o.manifests === undefined ? [] : rolloutsIn(io, o.manifests);
  const files = ejectAll(platform, rollouts);
  const out = resolve(io.cwd, o.out);
  const taken = [...files.keys()].filter((path) => existsSync(join(out, path)));
  if (taken.length > 0)
    throw new CliError(EXIT.no, {
      code: 'FILES_EXIST',
      message: `${taken.slice(0, 3).join(', ')} already there in ${o.out}; nothing was written`,
      next: 'choose an empty folder with --out',
    });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), text, { flag: 'wx' });
  }
  const patches = [...files.keys()].filter((path) => path.endsWith('/rollout-patch.yaml'));
  if (o.json) printJson(io, { schema: 'sluice.dev/eject/v1', directory: out, files: [...files.keys()] });
  else {
    io.out(`Wrote ${counted(files.size, 'file')} to ${o.out}. They ask Prometheus alone, and no Sluice.\n`);
    if (patches.length > 0)
      io.out(
        `${counted(patches.length, 'Rollout')} ${patches.length === 1 ? 'is written as a patch' : 'are written as patches'}, with new steps; --manifests DIR keeps their own.\n`,
      );
    io.out(
      'Next: load the rules, apply the AnalysisTemplates and then the Rollouts, and remove Sluice when none is in progress\n',
    );
  }
  return EXIT.yes;
}

export const define: Define = (command, { io, run }) =>
  command
    .argument('[dir]', 'folder of the declaration', '.')
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--manifests <dir>', 'folder with the manifests of your Rollouts: their own steps are kept')
    .addOption(jsonOption())
    .action((dir, o) => run(() => ejectCommand(io, dir, o)));
