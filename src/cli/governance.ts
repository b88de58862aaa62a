import type { Command } from '@commander-js/extra-typings';
import { parseScope } from '../governance/facts.ts';
import { humanSpan, parseDuration } from '../kit/time.ts';
import { needServer } from './client.ts';
import { type CommandContext, jsonOption, reasonOption, type Shared } from './command.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

/** What freezes and waivers share: scopes, moments, reasons, and orders about one that is there. */
type OrderPath = '/api/v1/freezes/{id}/lift' | '/api/v1/waivers/{id}/approve' | '/api/v1/waivers/{id}/revoke';

interface OrderOptions extends Shared {
  readonly reason?: string | undefined;
}

const missing = (what: string, next: string): CliError =>
  new CliError(EXIT.usage, { code: `NO_${what.toUpperCase()}`, message: `this needs --${what}`, next });

export function reasonOf(reason: string | undefined, what: string): string {
  if (reason?.trim()) return reason.trim();
  throw missing('reason', `give a reason: ${what} --reason "…"; it is recorded in the ledger`);
}

export function scopeOf(scope: string): string {
  if (parseScope(scope)) return scope;
  throw new CliError(EXIT.usage, {
    code: 'BAD_SCOPE',
    message: `"${scope}" is not a scope`,
    next: 'write prod, checkout/prod, or "*" for everything',
  });
}

/** A moment with its offset, or a length from now such as 2h. */
export function momentOf(text: string | undefined, option: string): string {
  if (text === undefined) throw missing(option, `such as --${option} 2h, or 2026-03-02T18:00:00+01:00`);
  const length = parseDuration(text);
  if (length !== undefined) return new Date(Date.now() + length).toISOString();
  if (/T.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new CliError(EXIT.usage, {
    code: 'BAD_TIME',
    message: `"${text}" is neither a duration nor a time with its offset`,
    next: `such as --${option} 2h, or 2026-03-02T18:00:00+01:00`,
  });
}

export const left = (until: number | null, at: number): string =>
  until === null ? 'until its cause is gone' : humanSpan(Math.max(0, until - at));

/** Orders about a freeze or a waiver that is there. */
async function orderCommand(
  io: Io,
  path: OrderPath,
  what: string,
  id: string,
  o: OrderOptions,
): Promise<Exit> {
  const reason = reasonOf(o.reason, what);
  const done = await needServer(o).post(path, { params: { id }, body: { reason } });
  if (o.json) printJson(io, done);
  else io.out(`Recorded as #${done.seq}.\nNext: sluice ledger show ${done.seq}\n`);
  return EXIT.yes;
}

interface Order {
  readonly name: string;
  readonly description: string;
  readonly path: OrderPath;
}

/** Declares an order about one freeze or waiver: a path of the API each. */
export const defineOrder = (
  parent: Command,
  { io, run }: CommandContext,
  { name, description, path }: Order,
): void =>
  void parent
    .command(name)
    .description(description)
    .argument('<id>', `id of the ${parent.name()}; see sluice ${parent.name()} list`)
    .addOption(reasonOption())
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((id, o) => run(() => orderCommand(io, path, `sluice ${parent.name()} ${name}`, id, o)));
