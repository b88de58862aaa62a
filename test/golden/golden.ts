import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';

/** Compares with a kept text; `npm run generate` writes all of them anew. */
export function matchGolden(file: string, text: string): void {
  if (process.env['UPDATE_GOLDEN']) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(existsSync(file), `${file} exists; write it with npm run generate`).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
}
