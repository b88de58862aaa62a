import { readFileSync } from 'node:fs';
import { compileDeclaration } from '../declaration/compile.ts';
import { serviceText } from '../declaration/import/openslo.ts';
import { type Imported, importSloth, isSloth, type SlothImport } from '../declaration/import/sloth.ts';
import { type Define, type Json, jsonOption } from './command.ts';
import { folderOf, writeImported, yamlFiles } from './import-files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

interface SlothOptions extends Json {
  readonly out: string;
}

interface Brought extends SlothImport {
  readonly file: string;
}

function readAll(files: readonly string[]): Brought[] {
  return files.flatMap((file): Brought[] => {
    const text = readFileSync(file, 'utf8');
    if (!isSloth(text)) return [];
    const imports = importSloth(text);
    if (Array.isArray(imports)) return imports.map((one) => ({ ...one, file }));
    throw new CliError(EXIT.usage, {
      code: 'NOT_SLOTH',
      message: imports.error,
      file,
      line: 1,
      next: 'mend the file; nothing was written',
    });
  });
}

/** One file a service. What several files declare alike is one; what they declare otherwise is the first. */
function merged(brought: readonly Brought[]): { texts: Map<string, string>; slos: Imported[] } {
  const services = new Map<string, Map<string, object>>();
  const slos: Imported[] = [];
  for (const { service, documents, slos: told } of brought) {
    const mine = services.get(service) ?? new Map<string, object>();
    services.set(service, mine);
    for (const one of told) {
      const document = documents.get(one.slo);
      const before = mine.get(one.slo);
      if (document && before) {
        if (JSON.stringify(before) !== JSON.stringify(document))
          slos.push({ ...one, as: null, notes: ['declared before, otherwise: the first one is kept'] });
        continue;
      }
      if (document) mine.set(one.slo, document);
      slos.push(one);
    }
  }
  const texts = new Map(
    [...services]
      .filter(([, d]) => d.size > 0)
      .map(([service, d]) => [`${service}.yaml`, serviceText(service, d.values())]),
  );
  return { texts, slos };
}

/** `sluice import sloth DIR`: OpenSLO documents beside which nothing else is needed; never overwrites. */
export async function importSlothCommand(io: Io, where: string, options: SlothOptions): Promise<Exit> {
  const root = folderOf(io, where, 'Sloth documents');
  const brought = readAll(yamlFiles(root));
  if (brought.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'NO_SLOTH_DOCUMENT',
      message: `no document of version prometheus/v1 was found below ${where}`,
      next: 'name the folder of your Sloth documents',
    });
  const { texts, slos } = merged(brought);
  writeImported(io, options.out, texts, compileDeclaration, 'mend the Sloth document');
  const left = slos.filter((s) => s.as === null);
  if (options.json)
    printJson(io, { schema: 'sluice.dev/import/v1', from: 'sloth', files: [...texts.keys()], slos });
  else {
    const p = palette(io);
    io.out(
      table([['SLO', 'AS', 'NOTE'], ...slos.map((s) => [s.slo, s.as ?? 'left out', s.notes.join('; ')])]),
    );
    io.out(
      `${left.length === 0 ? p.green('imported') : p.yellow('imported in part')}: ${slos.length - left.length} of ${slos.length} SLOs into ${options.out}\n`,
    );
    io.out(`Next: sluice render ${options.out} --out rendered\n`);
  }
  return left.length === 0 ? EXIT.yes : EXIT.no;
}

export const define: Define = (command, { io, run }) =>
  command
    .argument('<dir>', 'a folder, or one file')
    .option('--out <dir>', 'where the documents go', 'slos')
    .addOption(jsonOption())
    .action((dir, o) => run(() => importSlothCommand(io, dir, o)));
