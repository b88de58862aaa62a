import { type Actor, SCOPES, type Scope } from '../kit/actor.ts';
import type { LedgerPort } from '../ledger/port.ts';
import { loadTokens } from '../server/auth.ts';
import { clientOf, runningServer } from './client.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';

const LOCAL: Actor = { id: 'local', kind: 'person', scopes: ['admin'] };

async function createInLedger(ledger: LedgerPort, name: string, scopes: readonly Scope[]) {
  try {
    const made = await (await loadTokens(ledger)).create(name, scopes, LOCAL, Date.now());
    return { schema: 'sluice.dev/token/v1', name, ...made };
  } finally {
    await ledger.close();
  }
}

/** `sluice token create NAME --scope …`: a scoped token; its secret is shown once and kept as a hash. */
export async function tokenCommand(
  io: Io,
  name: string,
  options: { work: string; scope: string[]; json?: boolean },
  open: (work: string) => Promise<LedgerPort>,
): Promise<Exit> {
  const wrong = options.scope.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (wrong || options.scope.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'BAD_SCOPE',
      message: wrong ? `"${wrong}" is no scope` : 'a token needs a scope',
      next: `choose of ${SCOPES.join(', ')}`,
    });
  const scopes = options.scope as Scope[];
  const server = runningServer(options.work);
  const answer = server
    ? await clientOf(server).post<{ id: string; token: string }>('/api/v1/tokens', { name, scopes })
    : await createInLedger(await open(options.work), name, scopes);
  if (options.json) printJson(io, answer);
  else io.out(`${answer.token}\nShown once. Use it as: Authorization: Bearer …\n`);
  return EXIT.yes;
}
