import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type Define, jsonOption, type Shared } from './command.ts';
import { CliError, EXIT, type Exit, type Io, printJson, table } from './io.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';
import { collect, type SupportParts } from './support/collect.ts';

interface SupportOptions extends Shared {
  readonly out: string;
  readonly records: string;
}

const MAX_RECORDS = 5_000;

function recordsOf(text: string): number {
  const records = Number(text);
  if (Number.isInteger(records) && records >= 0 && records <= MAX_RECORDS) return records;
  throw new CliError(EXIT.usage, {
    code: 'BAD_LIMIT',
    message: `--records is a whole number from 0 to ${MAX_RECORDS}, not "${text}"`,
    next: 'write it as --records 500',
  });
}

/** A folder of one's own: nothing that is there is written over, or sent along by mistake. */
function emptyFolder(io: Io, out: string): string {
  const folder = resolve(io.cwd, out);
  if (!existsSync(folder) || readdirSync(folder).length === 0) return folder;
  throw new CliError(EXIT.no, {
    code: 'FILES_EXIST',
    message: `${out} is not empty; nothing was written`,
    next: 'choose another folder with --out',
  });
}

/**
 * `sluice support-bundle [dir]`: what helps somebody else to understand a fault, in a folder of plain files, without
 * secrets and without the configuration of services. Nothing is sent.
 */
export async function supportBundleCommand(
  io: Io,
  where: string,
  o: SupportOptions,
  version: string,
  parts: SupportParts,
): Promise<Exit> {
  const records = recordsOf(o.records);
  const folder = emptyFolder(io, o.out);
  const files = await collect({ io, where, place: o, records, version, now: Date.now(), parts });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, path), text, { flag: 'wx', mode: 0o600 });
  }
  const sizes = [...files].map(([path, text]) => ({ path, bytes: Buffer.byteLength(text) }));
  if (o.json) printJson(io, { schema: 'sluice.dev/support-bundle/v1', folder, files: sizes });
  else {
    const name = relative(io.cwd, folder) || '.';
    io.out(table(sizes.map(({ path, bytes }) => [path, `${bytes} bytes`])));
    io.out(
      `Secrets and the values that services are configured with were left out, and nothing was sent.\nNext: read ${name}, then pack it: tar -czf ${name}.tar.gz ${name}\n`,
    );
  }
  return EXIT.yes;
}

export const define: Define = (command, { io, parts, version, run }) =>
  command
    .argument('[dir]', 'folder of the declaration', '.')
    .option('--out <dir>', 'folder to write', 'sluice-support')
    .option('--records <n>', 'how many of the newest ledger records to include', '500')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((dir, o) => run(() => supportBundleCommand(io, dir, o, version, parts)));
