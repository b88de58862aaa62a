import { tokenRequestSchema } from '../api/schemas.ts';
import { type Actor, grantIn, rightsText, SCOPES, type TokenScope } from '../kit/actor.ts';
import { faultText } from '../kit/faults.ts';
import { humanSpan } from '../kit/time.ts';
import type { LedgerPort } from '../ledger/port.ts';
import { loadTokens, type Tokens, type TokenView } from '../server/auth.ts';
import { clientOf, serverAt } from './client.ts';
import { type Define, jsonOption, type Shared } from './command.ts';
import { needLedger } from './existing-ledger.ts';
import { momentOf } from './governance.ts';
import { CliError, EXIT, type Exit, type Io, printJson, table } from './io.ts';
import type { CommandParts } from './parts.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

const LOCAL: Actor = { id: 'local', kind: 'person', scopes: ['admin'] };

type LedgerParts = Pick<CommandParts, 'openExistingLedger'>;

/** Where no server runs, the tokens of its ledger are read and written here. */
async function inLedger<T>(parts: LedgerParts, work: string, use: (tokens: Tokens) => T | Promise<T>) {
  const ledger: LedgerPort = await needLedger(parts, work);
  try {
    return await use(await loadTokens(ledger));
  } finally {
    await ledger.close();
  }
}

interface CreateOptions extends Shared {
  readonly scope: readonly string[];
  readonly expires?: string | undefined;
  readonly for?: string | undefined;
  readonly service?: readonly string[] | undefined;
  readonly team?: readonly string[] | undefined;
}

const isScope = (text: string): text is TokenScope => SCOPES.some((scope) => scope === text);

function scopesOf(given: readonly string[]): TokenScope[] {
  const wrong = given.find((scope) => !isScope(scope));
  if (wrong === undefined && given.length > 0) return given.filter(isScope);
  throw new CliError(EXIT.usage, {
    code: 'BAD_SCOPE',
    message: wrong ? `"${wrong}" is not a scope` : 'a token needs a scope',
    next: `choose one of ${SCOPES.join(', ')}`,
  });
}

/** `sluice token create NAME --scope …`: a scoped token; its secret is shown once and kept as a hash. */
export async function tokenCreateCommand(
  io: Io,
  name: string,
  o: CreateOptions,
  parts: LedgerParts,
): Promise<Exit> {
  const scopes = scopesOf(o.scope);
  const expires = o.expires === undefined ? {} : { expires: momentOf(o.expires, 'expires') };
  const person = o.for === undefined ? {} : { person: o.for };
  const limit = { ...(o.service ? { services: o.service } : {}), ...(o.team ? { teams: o.team } : {}) };
  const server = serverAt(o);
  const answer = server
    ? await clientOf(server).post('/api/v1/tokens', {
        body: { name, scopes, ...expires, ...person, ...limit },
      })
    : await inLedger(parts, o.work, async (tokens) => {
        const named = { name, ...person };
        const checked = tokenRequestSchema.pick({ name: true, person: true }).safeParse(named);
        if (!checked.success)
          throw new CliError(EXIT.usage, {
            code: 'BAD_NAME',
            message: faultText(checked.error.issues, { value: named }),
            next: 'write it with letters, digits and signs that everybody sees',
          });
        const taken = tokens.taken(name, Date.now());
        if (taken)
          throw new CliError(EXIT.no, {
            code: 'NAME_IN_USE',
            message: taken,
            next: 'choose another name, or revoke that one',
          });
        const until = expires.expires === undefined ? null : Date.parse(expires.expires);
        const made = await tokens.create(
          name,
          grantIn({ scopes, ...limit }),
          LOCAL,
          Date.now(),
          until,
          o.for,
        );
        return { schema: 'sluice.dev/token/v1', name, ...made };
      });
  if (o.json) printJson(io, answer);
  else {
    io.out(`${answer.token}\n`);
    io.out(`Shown once. Use it as SLUICE_TOKEN, or as Authorization: Bearer …; its id is ${answer.id}.\n`);
    io.out(`Next: sluice token revoke ${answer.id} once nobody needs it\n`);
  }
  return EXIT.yes;
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

function stateOf({ revokedAt, expiresAt }: TokenView, at: number): string {
  if (revokedAt !== null) return `revoked ${day(revokedAt)}`;
  if (expiresAt === null) return 'active';
  return expiresAt <= at ? `expired ${day(expiresAt)}` : `active until ${day(expiresAt)}`;
}

/** When, by whom, and for whom, if that is somebody else. */
function createdText({ createdAt, createdBy, person, name }: TokenView): string {
  const other = person !== createdBy && person !== `token:${name}`;
  return `${day(createdAt)} by ${createdBy}${other ? ` for ${person}` : ''}`;
}

/** `sluice token list`: every token with its scopes; never a secret. */
export async function tokenListCommand(io: Io, o: Shared, parts: LedgerParts): Promise<Exit> {
  const server = serverAt(o);
  const answer = server
    ? await clientOf(server).get('/api/v1/tokens')
    : await inLedger(parts, o.work, (tokens) => ({
        schema: 'sluice.dev/tokens/v1',
        at: Date.now(),
        tokens: tokens.list(),
      }));
  if (o.json) printJson(io, answer);
  else if (answer.tokens.length === 0)
    io.out('There are no tokens.\nNext: sluice token create NAME --scope read\n');
  else {
    const rows = answer.tokens.map((t) => [
      t.id,
      t.name,
      rightsText(t),
      stateOf(t, answer.at),
      createdText(t),
      t.lastUsedAt === null ? '–' : `${humanSpan(answer.at - t.lastUsedAt)} ago`,
    ]);
    io.out(table([['ID', 'NAME', 'RIGHTS', 'STATE', 'CREATED', 'LAST USED'], ...rows]));
    io.out('Next: sluice token revoke ID\n');
  }
  return EXIT.yes;
}

/** `sluice token revoke ID`: the token is good for nothing from now on. */
export async function tokenRevokeCommand(io: Io, id: string, o: Shared, parts: LedgerParts): Promise<Exit> {
  const server = serverAt(o);
  const answer = server
    ? await clientOf(server).post('/api/v1/tokens/{id}/revoke', { params: { id } })
    : await inLedger(parts, o.work, async (tokens) => {
        const token = await tokens.revoke(id, LOCAL, Date.now());
        return token && { schema: 'sluice.dev/token-revoked/v1', token };
      });
  if (!answer)
    throw new CliError(EXIT.no, {
      code: 'NO_SUCH_TOKEN',
      message: `there is no token ${id}`,
      next: 'list them with sluice token list',
    });
  if (o.json) printJson(io, answer);
  else io.out(`Revoked ${answer.token.name} (${id}): it is no longer accepted.\nNext: sluice token list\n`);
  return EXIT.yes;
}

export const define: Define = (command, { io, parts, run }) => {
  command
    .command('create')
    .description('Create a token; its secret is shown once')
    .argument('<name>', 'what it is for; shown as the actor of what it does')
    .requiredOption('--scope <scope...>', 'scopes: read, operate, waive, admin')
    .option('--service <service...>', 'limit its scopes to these services (default: for everything)')
    .option('--team <team...>', 'limit its scopes to the services of these teams (default: for everything)')
    .option(
      '--for <person>',
      'who carries it, such as oidc:ann@example.com (default: who creates it, if signed in as a person)',
    )
    .option('--expires <time>', 'end: a duration such as 90d, or a time with its offset (default: never)')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((name, o) => run(() => tokenCreateCommand(io, name, o, parts)));
  command
    .command('list')
    .description('List tokens with their scopes; never their secrets')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((o) => run(() => tokenListCommand(io, o, parts)));
  command
    .command('revoke')
    .description('Revoke a token: it is no longer accepted')
    .argument('<id>', 'id of the token, as t3; see sluice token list')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((id, o) => run(() => tokenRevokeCommand(io, id, o, parts)));
};
