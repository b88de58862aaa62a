import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stringify } from 'yaml';
import { compile } from '../controller/compile.ts';
import { type FlaggerImport, importFlagger, isFlagger } from '../declaration/import/flagger.ts';
import { serviceText } from '../declaration/import/openslo.ts';
import { type Define, type Json, jsonOption } from './command.ts';
import { folderOf, writeImported, yamlFiles } from './import-files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

interface FlaggerOptions extends Json {
  readonly out: string;
  readonly prometheus: string;
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
  const root = folderOf(io, where, 'Canary resources');
  const imports = readAll(root, where);
  const texts = textsOf(imports, options.prometheus);
  writeImported(io, options.out, texts, compile, 'mend the Canary');
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

export const define: Define = (command, { io, run }) =>
  command
    .argument('<dir>', 'a folder, or one file')
    .option('--out <dir>', 'where the documents go', 'sluice')
    .option('--prometheus <url>', 'where Prometheus answers', 'http://prometheus:9090')
    .addOption(jsonOption())
    .action((dir, o) => run(() => importFlaggerCommand(io, dir, o)));
