import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemFailure } from '../io/system-failure.ts';
import { halfCharacterIn, parseForeign } from '../kit/json.ts';
import { pathText } from '../kit/problem.ts';
import { messageOf } from '../kit/result.ts';
import { CliError, EXIT, type Io } from './io.ts';

/** How a command tells that a file it was given cannot be used: its code, and what should be given instead. */
interface Wanted {
  readonly code: string;
  readonly next: string;
}

/** A file that a person named and that cannot be used, by that name. */
export const refusedFile = (file: string, { code, next }: Wanted, message: string): CliError =>
  new CliError(EXIT.usage, { code, message: `${file}: ${message}`, file, next });

/** The same of what the system threw, in words. */
export function unreadableFile(file: string, wanted: Wanted, thrown: unknown): CliError {
  const said = systemFailure(thrown, file);
  if (!said) return refusedFile(file, wanted, `it cannot be read: ${messageOf(thrown)}`);
  return new CliError(EXIT.usage, { code: wanted.code, message: said.message, file, next: wanted.next });
}

/** The text of a file that a person names: every argument that is one file is read here, or told of as here. */
export function readFileArgument(io: Pick<Io, 'cwd'>, file: string, wanted: Wanted): string {
  try {
    return readFileSync(resolve(io.cwd, file), 'utf8');
  } catch (thrown) {
    throw unreadableFile(file, wanted, thrown);
  }
}

/** The JSON of such a file; refused where it is none, or cannot be recorded as it is. */
export function readJsonArgument(io: Pick<Io, 'cwd'>, file: string, wanted: Wanted): unknown {
  const text = readFileArgument(io, file, wanted);
  let value: unknown;
  try {
    value = parseForeign(text);
  } catch (thrown) {
    throw refusedFile(file, wanted, `it is not JSON: ${messageOf(thrown)}`);
  }
  const half = halfCharacterIn(text);
  if (half) throw refusedFile(file, wanted, `${pathText(half.path)}: ${half.message}`);
  return value;
}
