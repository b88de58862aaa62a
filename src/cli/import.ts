import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { compileDeclaration } from '../declaration/compile.ts';
import { serviceText } from '../declaration/import/openslo.ts';
import { type Imported, importSloth, isSloth, type SlothImport } from '../declaration/import/sloth.ts';
import { type Problem, problemLine } from '../kit/problem.ts';
import type { Result } from '../kit/result.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

export const yamlFiles = (root: string): string[] =>
  statSync(root).isFile()
    ? [root]
    : readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((f) => /\.ya?ml$/.test(f))
        .sort()
        .map((f) => join(root, f));

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

/** What is there is never written over. */
export function refuseTaken(out: string, said: string, paths: readonly string[]): void {
  const taken = paths.filter((path) => existsSync(join(out, path)));
  if (taken.length > 0)
    throw new CliError(EXIT.usage, {
      code: 'FILE_EXISTS',
      message: `nothing was written: ${taken.join(', ')} in ${said} would be overwritten`,
      next: 'choose another folder with --out',
    });
}

/** The folder that is brought over, whose is said in the next step. */
export function folderOf(io: Io, where: string, whose: string): string {
  const root = resolve(io.cwd, where);
  if (!existsSync(root))
    throw new CliError(EXIT.usage, {
      code: 'NO_SUCH_FOLDER',
      message: `${where} does not exist`,
      next: `name the folder of your ${whose}`,
    });
  return root;
}

type Compile = (
  sources: { readonly file: string; readonly text: string }[],
  options: { readonly platform: 'optional' },
) => Result<unknown, readonly Problem[]>;

/** Writes what was brought over, if it compiles and nothing stands there yet: all of it or nothing. */
export function writeImported(
  io: Io,
  said: string,
  texts: ReadonlyMap<string, string>,
  compile: Compile,
  mend: string,
): void {
  const checked = compile(
    [...texts].map(([file, text]) => ({ file, text })),
    { platform: 'optional' },
  );
  if (texts.size > 0 && !checked.ok)
    throw new CliError(EXIT.usage, {
      code: 'IMPORT_NOT_VALID',
      message: `nothing was written: ${checked.error.map(problemLine).join('\n')}`,
      next: mend,
    });
  const out = resolve(io.cwd, said);
  refuseTaken(out, said, [...texts.keys()]);
  mkdirSync(out, { recursive: true });
  for (const [path, text] of texts) writeFileSync(join(out, path), text);
}

/** `sluice import sloth DIR`: OpenSLO documents beside which nothing else is needed; never overwrites. */
export async function importSlothCommand(
  io: Io,
  where: string,
  options: { out: string; json?: boolean },
): Promise<Exit> {
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
