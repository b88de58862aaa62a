import { existsSync } from 'node:fs';
import { toolPath } from '../scripts/tools.mjs';
import { which } from '../src/io/os.ts';

/** Sloth on PATH, or as the tests' tools have it; null: there is none. */
export const slothProgram = (): string | null =>
  which('sloth', process.env) ?? (existsSync(toolPath('sloth')) ? toolPath('sloth') : null);
