import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder of the file of tests that asks for it: gone when all of them have ended. */
export function temporaryFolder(what: string): string {
  const folder = mkdtempSync(join(tmpdir(), `sluice-${what}-`));
  made.push(folder);
  return folder;
}
