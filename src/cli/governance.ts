import { randomUUID } from 'node:crypto';
import type { FreezeList, PullList, WaiverView } from '../api/governance.ts';
import { parseScope } from '../governance/facts.ts';
import { humanSpan, parseDuration } from '../kit/time.ts';
import { needServer } from './client.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

interface Shared {
  readonly work: string;
  readonly json?: boolean;
}

const missing = (what: string, next: string): CliError =>
  new CliError(EXIT.usage, { code: `NO_${what.toUpperCase()}`, message: `this needs --${what}`, next });

function reasonOf(reason: string | undefined, what: string): string {
  if (reason?.trim()) return reason.trim();
  throw missing('reason', `say why: ${what} --reason "…"; it goes into the ledger`);
}

function scopeOf(scope: string): string {
  if (parseScope(scope)) return scope;
  throw new CliError(EXIT.usage, {
    code: 'BAD_SCOPE',
    message: `"${scope}" is no scope`,
    next: 'write prod, checkout/prod, or "*" for everything',
  });
}

/** A moment with its offset, or a length from now such as 2h. */
function momentOf(text: string | undefined, option: string): string {
  if (text === undefined) throw missing(option, `such as --${option} 2h, or 2026-03-02T18:00:00+01:00`);
  const length = parseDuration(text);
  if (length !== undefined) return new Date(Date.now() + length).toISOString();
  if (/T.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new CliError(EXIT.usage, {
    code: 'BAD_TIME',
    message: `"${text}" is neither a length nor a moment with its offset`,
    next: `such as --${option} 2h, or 2026-03-02T18:00:00+01:00`,
  });
}

const left = (until: number | null, at: number): string =>
  until === null ? 'until its cause is gone' : humanSpan(Math.max(0, until - at));

/** `sluice freeze list`: what stands, what comes. Exit 0 whatever stands. */
export async function freezeListCommand(io: Io, o: Shared): Promise<Exit> {
  const answer = await needServer(o.work).get<FreezeList>('/api/v1/freezes');
  if (o.json) printJson(io, answer);
  else {
    io.out(`${palette(io).bold(answer.sentence)}\n`);
    const rows = answer.freezes.map((f) => [
      f.state,
      f.scopeText,
      f.kind,
      f.state === 'comes'
        ? `in ${humanSpan(f.since - answer.at)}`
        : f.state === 'over'
          ? ''
          : left(f.until, answer.at),
      f.by,
      f.reason,
      f.id,
    ]);
    if (rows.length > 0) io.out(table([['STATE', 'SCOPE', 'KIND', 'LEFT', 'BY', 'WHY', 'ID'], ...rows]));
    io.out('Next: sluice freeze on SCOPE --until 2h --reason "…", sluice freeze off ID --reason "…"\n');
  }
  return EXIT.yes;
}

interface Recorded {
  readonly id: string;
  readonly seq: number;
}

export async function freezeOnCommand(
  io: Io,
  scope: string,
  o: Shared & { reason?: string; until?: string },
): Promise<Exit> {
  const body = {
    scope: scopeOf(scope),
    reason: reasonOf(o.reason, 'sluice freeze on'),
    until: momentOf(o.until, 'until'),
  };
  const done = await needServer(o.work).post<Recorded>('/api/v1/freezes', body, randomUUID());
  if (o.json) printJson(io, done);
  else {
    io.out(`Recorded as #${done.seq}: ${scope} is frozen until ${body.until}. Reverts and rollbacks pass.\n`);
    io.out(`Next: sluice freeze off ${done.id} --reason "…"\n`);
  }
  return EXIT.yes;
}

/** Orders about a freeze or a waiver that is there. */
export async function orderCommand(
  io: Io,
  path: string,
  what: string,
  id: string,
  o: Shared & { reason?: string },
): Promise<Exit> {
  const reason = reasonOf(o.reason, what);
  const done = await needServer(o.work).post<Recorded>(path.replace('{id}', encodeURIComponent(id)), {
    reason,
  });
  if (o.json) printJson(io, done);
  else io.out(`Recorded as #${done.seq}.\nNext: sluice ledger show ${done.seq}\n`);
  return EXIT.yes;
}

export async function waiverListCommand(io: Io, o: Shared): Promise<Exit> {
  const answer = await needServer(o.work).get<{ at: number; waivers: WaiverView[] }>('/api/v1/waivers');
  if (o.json) printJson(io, answer);
  else if (answer.waivers.length === 0) io.out('No waiver was ever granted.\n');
  else {
    const rows = answer.waivers.map((w) => [
      w.state,
      w.scopeText,
      w.codes.join(',') || 'all',
      left(w.expiresAt, answer.at),
      w.approvedBy ? `${w.by}, ${w.approvedBy}` : w.by,
      w.usedFor.map((n) => `#${n}`).join(' ') || '-',
      w.reason,
      w.id,
    ]);
    io.out(table([['STATE', 'SCOPE', 'CODES', 'LEFT', 'BY', 'USED', 'WHY', 'ID'], ...rows]));
  }
  return EXIT.yes;
}

export async function waiverGrantCommand(
  io: Io,
  scope: string,
  o: Shared & { reason?: string; expires?: string; code?: string[]; singleUse?: boolean; pull?: string },
): Promise<Exit> {
  const body = {
    scope: scopeOf(scope),
    reason: reasonOf(o.reason, 'sluice waiver grant'),
    expires: momentOf(o.expires, 'expires'),
    codes: o.code ?? [],
    singleUse: o.singleUse ?? false,
    pullRequest: o.pull === undefined ? null : Number(o.pull),
  };
  const done = await needServer(o.work).post<Recorded>('/api/v1/waivers', body, randomUUID());
  if (o.json) printJson(io, done);
  else io.out(`Recorded as #${done.seq}: ${done.id}.\nNext: sluice waiver list\n`);
  return EXIT.yes;
}

/** `sluice pull list`: what is open, denied first. Exit 1 where something is denied. */
export async function pullListCommand(io: Io, o: Shared): Promise<Exit> {
  const answer = await needServer(o.work).get<PullList>('/api/v1/pulls');
  const denied = answer.pulls.some((p) => p.state === 'open' && p.allow === false);
  if (o.json) printJson(io, answer);
  else {
    io.out(`${palette(io).bold(answer.sentence)}\n`);
    const word = (p: PullList['pulls'][number]) =>
      p.state !== 'open' ? p.state : p.allow === null ? 'waits' : p.allow ? 'allow' : 'deny';
    const rows = answer.pulls.map((p) => [
      `#${p.number}`,
      word(p),
      p.lanes.join(' ') || '-',
      p.author,
      p.title,
    ]);
    if (rows.length > 0) io.out(table([['PULL', 'GATE', 'TOUCHES', 'AUTHOR', 'TITLE'], ...rows]));
    io.out('Next: sluice gate NUMBER\n');
  }
  return denied ? EXIT.no : EXIT.yes;
}

export async function pullOpenCommand(
  io: Io,
  branch: string,
  o: Shared & { title?: string; label?: string[]; autoMerge?: boolean },
): Promise<Exit> {
  const body = {
    head: branch,
    title: o.title?.trim() || branch,
    labels: o.label ?? [],
    autoMerge: o.autoMerge ?? false,
  };
  const done = await needServer(o.work).post<{ number: number }>('/api/v1/pulls', body);
  if (o.json) printJson(io, done);
  else io.out(`Opened #${done.number}.\nNext: sluice gate ${done.number}\n`);
  return EXIT.yes;
}

export async function pullMergeCommand(io: Io, number: string, o: Shared): Promise<Exit> {
  if (!/^[1-9]\d{0,8}$/.test(number))
    throw new CliError(EXIT.usage, {
      code: 'BAD_NUMBER',
      message: `"${number}" is no number of a pull request`,
      next: 'sluice pull list shows them',
    });
  const done = await needServer(o.work).post<{ number: number }>(`/api/v1/pulls/${number}/merge`, {});
  if (o.json) printJson(io, done);
  else io.out(`Merged #${done.number}.\nNext: sluice status\n`);
  return EXIT.yes;
}
