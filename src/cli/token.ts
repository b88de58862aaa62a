import { type Actor, SCOPES, type Scope } from '../kit/actor.ts';
import type { LedgerPort } from '../ledger/port.ts';
import { loadTokens } from '../server/auth.ts';
import { clientOf, runningServer } from './client.ts';
import { type Define, jsonOption, type Shared, workOption } from './command.ts';
import { needLedger } from './existing-ledger.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';
import type { Parts } from './parts.ts';

const LOCAL: Actor = { id: 'local', kind: 'person', scopes: ['admin'] };

async function createInLedger(ledger: LedgerPort, name: string, scopes: readonly Scope[]) {
  try {
    const made = await (await loadTokens(ledger)).create(name, scopes, LOCAL, Date.now());
    return { schema: 'sluice.dev/token/v1', name, ...made };
  } finally {
    await ledger.close();
  }
}

interface TokenOptions extends Shared {
  readonly scope: readonly string[];
}

const isScope = (text: string): text is Scope => SCOPES.some((scope) => scope === text);

/** `sluice token create NAME --scope …`: a scoped token; its secret is shown once and kept as a hash. */
export async function tokenCommand(
  io: Io,
  name: string,
  options: TokenOptions,
  parts: Pick<Parts, 'openExistingLedger'>,
): Promise<Exit> {
  const wrong = options.scope.find((scope) => !isScope(scope));
  if (wrong || options.scope.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'BAD_SCOPE',
      message: wrong ? `"${wrong}" is no scope` : 'a token needs a scope',
      next: `choose of ${SCOPES.join(', ')}`,
    });
  const scopes = options.scope.filter(isScope);
  const server = runningServer(options.work);
  const answer = server
    ? await clientOf(server).post<{ id: string; token: string }>('/api/v1/tokens', { name, scopes })
    : await createInLedger(await needLedger(parts, options.work), name, scopes);
  if (options.json) printJson(io, answer);
  else io.out(`${answer.token}\nShown once. Use it as: Authorization: Bearer …\n`);
  return EXIT.yes;
}

export const define: Define = (command, { io, parts, run }) => {
  command
    .command('create')
    .description('create a token; its secret is shown once')
    .argument('<name>')
    .requiredOption('--scope <scope...>', 'read, operate, waive, admin')
    .addOption(workOption(io))
    .addOption(jsonOption())
    .action((name, o) => run(() => tokenCommand(io, name, o, parts)));
};
