import { readFileSync } from 'node:fs';
import type { SecretRef } from '../declaration/platform.ts';
import { systemWords } from '../io/system-failure.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { Env } from './context.ts';

/** Reads a secret where its reference points, or says which variable or file is missing. */
export function readSecret(ref: SecretRef, env: Env): Result<string, string> {
  if ('env' in ref) {
    const value = env[ref.env];
    return value ? ok(value) : fail(`the environment variable ${ref.env} is not set`);
  }
  try {
    return ok(readFileSync(ref.file, 'utf8').trim());
  } catch (thrown) {
    return fail(`the secret file cannot be read: ${systemWords(thrown, ref.file)}`);
  }
}

/** The same where declaring one is optional; null: none is declared. */
export const readOptionalSecret = (
  ref: SecretRef | null | undefined,
  env: Env,
): Result<string | null, string> => (ref ? readSecret(ref, env) : ok(null));
