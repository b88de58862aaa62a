import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { halfCharacterIn } from '../kit/json.ts';
import { pathText } from '../kit/problem.ts';
import type { Io } from './io.ts';

/** The JSON of a file that somebody names. Throws where it cannot be read, is no JSON, or cannot be recorded as it is. */
export function readJsonFile(io: Io, file: string): unknown {
  const text = readFileSync(resolve(io.cwd, file), 'utf8');
  const value: unknown = JSON.parse(text);
  const found = halfCharacterIn(text);
  if (found) throw new Error(`${pathText(found.path)}: ${found.message}`);
  return value;
}
