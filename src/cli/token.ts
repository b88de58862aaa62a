import { SCOPES } from '../kit/actor.ts';
import { needServer } from './client.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';

/** `sluice token create NAME --scope …`: a scoped token; its secret is shown once and kept as a hash. */
export async function tokenCommand(
  io: Io,
  name: string,
  options: { work: string; scope: string[]; json?: boolean },
): Promise<Exit> {
  const wrong = options.scope.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (wrong || options.scope.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'BAD_SCOPE',
      message: wrong ? `"${wrong}" is no scope` : 'a token needs a scope',
      next: `choose of ${SCOPES.join(', ')}`,
    });
  const answer = await needServer(options.work).post<{ id: string; token: string }>('/api/v1/tokens', {
    name,
    scopes: options.scope,
  });
  if (options.json) printJson(io, answer);
  else io.out(`${answer.token}\nShown once. Use it as: Authorization: Bearer …\n`);
  return EXIT.yes;
}
