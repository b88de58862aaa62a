import { createReadStream, existsSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
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
      await out.write(chunk);
      chunk = '';
    }
    await out.write(chunk);
    await out.sync();
  } finally {
    await out.close();
  }
}

/** Snapshots as files beside the database, written without its connection: no append waits for them. */
export function fileSnapshots(database: string): SnapshotStore {
  const folder = dirname(database);
  const prefix = `${basename(database)}.snapshot-`;
  const fileOf = (seq: number) => join(folder, `${prefix}${seq}`);
  return {
    async read(seq) {
      const file = fileOf(seq);
      if (!existsSync(file)) return null;
      return createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
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
