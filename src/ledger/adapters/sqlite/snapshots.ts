import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { linesOf } from '../../../io/lines.ts';
import type { SnapshotStore } from '../../port.ts';

/** So much is written at once. */
const CHUNK = 1 << 20;

async function writeLines(file: string, lines: AsyncIterable<string>): Promise<void> {
  const out = await open(file, 'w', 0o600);
  try {
    let chunk = '';
    for await (const line of lines) {
      chunk += `${line}\n`;
      if (chunk.length < CHUNK) continue;
      await out.appendFile(chunk);
      chunk = '';
    }
    await out.appendFile(chunk);
    await out.sync();
  } finally {
    await out.close();
  }
}

const prefixOf = (database: string): string => `${basename(database)}.snapshot-`;

/** Whether a database had records enough to be worth a snapshot. */
export const hasSnapshots = (database: string): boolean =>
  readdirSync(dirname(database)).some((name) => name.startsWith(prefixOf(database)));

/** Snapshots as files beside the database, written without its connection: no append waits for them. */
export function fileSnapshots(database: string): SnapshotStore {
  const folder = dirname(database);
  const prefix = prefixOf(database);
  const fileOf = (seq: number) => join(folder, `${prefix}${seq}`);
  return {
    async read(seq) {
      const file = fileOf(seq);
      if (!existsSync(file)) return null;
      return linesOf(createReadStream(file, 'utf8'));
    },
    async write(seq, lines) {
      const unfinished = `${fileOf(seq)}.new`;
      await writeLines(unfinished, lines);
      await rename(unfinished, fileOf(seq));
    },
    async keepOnly(seq) {
      const others = (await readdir(folder)).filter((name) => name.startsWith(prefix));
      for (const name of others)
        if (name !== `${prefix}${seq}`) await rm(join(folder, name), { force: true });
    },
  };
}
