import type { SnapshotStore } from '../../port.ts';

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

/** Snapshots in memory; what they are kept in can be handed to a successor. */
export function memorySnapshots(kept = new Map<number, readonly string[]>()): SnapshotStore {
  return {
    async read(seq) {
      const lines = kept.get(seq);
      return lines ? each(lines) : null;
    },
    async write(seq, lines) {
      const all: string[] = [];
      for await (const line of lines) all.push(line);
      kept.set(seq, all);
    },
    async keepOnly(seq) {
      for (const other of [...kept.keys()]) if (other !== seq) kept.delete(other);
    },
  };
}
