import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { compile } from '../controller/compile.ts';
import { type FlaggerImport, importFlagger, isFlagger } from '../declaration/import/flagger.ts';
import { serviceText } from '../declaration/import/sloth.ts';
import { problemLine } from '../kit/problem.ts';
import { refuseTaken, yamlFiles } from './import.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

export interface FlaggerOptions {
  readonly out: string;
  readonly prometheus: string;
  readonly json?: boolean;
}

/** One file a service with its objectives, and one Platform over those that can be judged. */
function textsOf(imports: readonly FlaggerImport[], prometheus: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { service, slos } of imports)
    if (slos.length > 0) texts.set(`${service}.yaml`, serviceText(service, slos));
  const services = imports.flatMap((i) => i.entry ?? []);
  if (services.length === 0) return texts;
  const platform = {
    apiVersion: 'sluice.dev/v1',
    kind: 'Platform',
    metadata: { name: 'imported' },
    spec: {
      environments: [{ name: 'prod', mode: 'observe', prometheus: { address: prometheus } }],
      services,
    },
  };
  return texts.set('platform.yaml', stringify(platform, { lineWidth: 0, aliasDuplicateObjects: false }));
}

function readAll(root: string, where: string): FlaggerImport[] {
  const files = yamlFiles(root)
    .map((file) => ({ file: relative(root, file) || where, text: readFileSync(file, 'utf8') }))
    .filter(({ text }) => isFlagger(text));
  const imports = importFlagger(files);
  if (!Array.isArray(imports))
    throw new CliError(EXIT.usage, {
      code: 'NOT_FLAGGER',
      message: imports.error,
      file: imports.file,
      line: 1,
      next: 'mend the file; nothing was written',
    });
  if (imports.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'NO_FLAGGER_CANARY',
      message: `no Canary of flagger.app was found below ${where}`,
      next: 'name the folder of your Canary resources',
    });
  const names = imports.map((i) => i.service);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice)
    throw new CliError(EXIT.usage, {
      code: 'DUPLICATE_NAME',
      message: `two Canaries are named "${twice}": nothing was written`,
      next: 'bring over one namespace at a time',
    });
  return imports;
}

/** `sluice import flagger DIR`: Canaries become objectives and a Platform that observes first; never overwrites. */
export async function importFlaggerCommand(io: Io, where: string, options: FlaggerOptions): Promise<Exit> {
  const root = resolve(io.cwd, where);
  if (!existsSync(root))
    throw new CliError(EXIT.usage, {
      code: 'NO_SUCH_FOLDER',
      message: `${where} does not exist`,
      next: 'name the folder of your Canary resources',
    });
  const imports = readAll(root, where);
  const texts = textsOf(imports, options.prometheus);
  const checked = compile(
    [...texts].map(([file, text]) => ({ file, text })),
    { platform: 'optional' },
  );
  if (texts.size > 0 && !checked.ok)
    throw new CliError(EXIT.usage, {
      code: 'IMPORT_NOT_VALID',
      message: `nothing was written: ${checked.error.map(problemLine).join('\n')}`,
      next: 'mend the Canary',
    });
  const out = resolve(io.cwd, options.out);
  refuseTaken(out, options.out, [...texts.keys()]);
  mkdirSync(out, { recursive: true });
  for (const [path, text] of texts) writeFileSync(join(out, path), text);
  const left = imports.flatMap((i) => i.checks.filter((c) => c.as === null));
  const rows = imports.flatMap((i) => i.checks.map((c) => [i.service, c.check, c.as ?? 'left out', c.note]));
  if (options.json)
    printJson(io, {
      schema: 'sluice.dev/import/v1',
      from: 'flagger',
      files: [...texts.keys()],
      canaries: imports,
    });
  else {
    const p = palette(io);
    io.out(table([['CANARY', 'CHECK', 'AS', 'NOTE'], ...rows]));
    for (const { service, notes } of imports) for (const note of notes) io.out(`${service}: ${note}\n`);
    io.out(
      `${left.length === 0 ? p.green('imported') : p.yellow('imported in part')}: ${rows.length - left.length} of ${rows.length} checks into ${options.out}\n`,
    );
    io.out(`Next: sluice validate ${options.out}; it observes at first (mode: observe)\n`);
  }
  return left.length === 0 ? EXIT.yes : EXIT.no;
}
