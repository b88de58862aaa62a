import { CliError, EXIT } from '../cli/io.ts';
import type { Result } from '../kit/result.ts';

/** A secret, or a file of one, that the declaration names and that is not there. */
const secretMissing = (message: string): CliError =>
  new CliError(EXIT.usage, { code: 'SECRET_MISSING', message, next: 'set it and start again' });

/** What was opened; a part that cannot be opened ends the start and says which secret is missing. */
export function opened<T>(result: Result<T, string>, what?: string): T {
  if (result.ok) return result.value;
  throw secretMissing(what ? `${what}: ${result.error}` : result.error);
}
