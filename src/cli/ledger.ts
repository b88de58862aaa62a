import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { explainRelease } from '../api/explain.ts';
import { timelineOf } from '../api/views.ts';
import { findRelease, laneOfRelease } from '../controller/history.ts';
import { messageOf } from '../kit/result.ts';
import type { LedgerPort } from '../ledger/port.ts';
import { type LedgerRecord, type Verification, verifyChain } from '../ledger/record.ts';
import { clientOf, runningServer } from './client.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

export interface LedgerOptions {
  readonly work: string;
  readonly json?: boolean;
}

/** Where the records come from: the server that holds them, or the file itself when none runs. */
async function allTexts(work: string, open: (file: string) => Promise<LedgerPort>): Promise<string[]> {
  const server = runningServer(work);
  if (server) return (await clientOf(server).text('/api/v1/ledger/export')).split('\n').filter(Boolean);
  const ledger = await open(work);
  try {
    return [...(await ledger.texts())];
  } finally {
    await ledger.close();
  }
}

type Open = (work: string) => Promise<LedgerPort>;
const parse = (texts: readonly string[]): LedgerRecord[] => texts.map((t) => JSON.parse(t) as LedgerRecord);

function oneLine(record: LedgerRecord): string {
  const [entry] = timelineOf([record]);
  if (entry) return entry.detail ? `${entry.title} (${entry.detail})` : entry.title;
  const data = record.data as {
    verdict?: { verdict: string; reasons: string[] };
    id?: string;
    alerts?: unknown[];
  };
  if (record.type === 'release.looked')
    return `${data.verdict?.verdict}: ${data.verdict?.reasons.join(', ')}`;
  if (record.type === 'budget.moved') {
    const { slo, from, to, reason } = record.data as {
      slo: string;
      from: string;
      to: string;
      reason: string;
    };
    return `budget of ${slo}: ${from} → ${to} (${reason})`;
  }
  if (record.type === 'budget.adjusted') {
    const { slo, bad, reason, approver } = record.data as {
      slo: string;
      bad: number;
      reason: string;
      approver: string;
    };
    return `budget of ${slo}: ${Math.round(bad)} bad requests do not count (${reason}; approved by ${approver})`;
  }
  return data.id ?? '';
}

export async function listCommand(
  io: Io,
  o: LedgerOptions & { limit: string; subject?: string; type?: string },
  open: Open,
): Promise<Exit> {
  const limit = Number(o.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw new CliError(EXIT.usage, {
      code: 'BAD_LIMIT',
      message: `--limit is a whole number above 0, not "${o.limit}"`,
    });
  const records = parse(await allTexts(o.work, open)).filter(
    (r) => (!o.subject || r.subject === o.subject) && (!o.type || r.type === o.type),
  );
  const shown = records.slice(-limit);
  if (o.json) printJson(io, { schema: 'sluice.dev/ledger/v1', records: shown, next: null });
  else {
    const rows = shown.map((r) => [
      `#${r.seq}`,
      new Date(r.at).toISOString().slice(0, 19).replace('T', ' '),
      r.subject,
      r.type,
      r.actor.id,
      oneLine(r),
    ]);
    io.out(table([['seq', 'at (UTC)', 'subject', 'type', 'actor', 'what'], ...rows]));
    if (records.length > shown.length)
      io.out(`${records.length - shown.length} earlier records: --limit ${records.length}\n`);
    io.out('Next: sluice ledger show SEQ, sluice ledger explain RELEASE\n');
  }
  return EXIT.yes;
}

export async function showCommand(io: Io, seq: string, o: LedgerOptions, open: Open): Promise<Exit> {
  const record = parse(await allTexts(o.work, open)).find((r) => r.seq === Number(seq));
  if (!record)
    throw new CliError(EXIT.no, {
      code: 'NO_SUCH_RECORD',
      message: `there is no record ${seq}`,
      next: 'see sluice ledger list',
    });
  if (o.json) printJson(io, { schema: 'sluice.dev/record/v1', record });
  else io.out(`#${record.seq} ${oneLine(record)}\n${JSON.stringify(record, null, 2)}\n`);
  return EXIT.yes;
}

function tell(io: Io, result: Verification): void {
  const p = palette(io);
  for (const one of result.breaks) io.out(`${p.red('broken')}: ${one.message} (line ${one.line})\n`);
  io.out(
    result.ok
      ? `${p.green('verified')}: ${result.records} records, each follows the one before it; head ${result.head.hash.slice(0, 16)}…\n`
      : `${p.red('not verified')}: ${result.breaks.length} ${result.breaks.length === 1 ? 'break' : 'breaks'} in ${result.records} records. Compare with an export you trust.\n`,
  );
}

/** `--anchor SEQ:HASH` finds a cut tail, which the chain alone cannot show. */
function checkAnchor(texts: readonly string[], anchor: string): Verification['breaks'] {
  const [seq, hash] = anchor.split(':');
  const record = parse(texts.filter((t) => t.startsWith('{'))).find((r) => r.seq === Number(seq));
  if (record && record.hash === hash) return [];
  const message = record
    ? `record ${seq} is not the one that was anchored`
    : `record ${seq} was anchored and is gone: the tail was cut`;
  return [{ line: texts.length, seq: Number(seq), code: record ? 'CHANGED' : 'GAP', message }];
}

export async function verifyCommand(
  io: Io,
  o: LedgerOptions & { file?: string; anchor?: string },
  open: Open,
): Promise<Exit> {
  let texts: string[];
  try {
    texts = o.file
      ? readFileSync(resolve(io.cwd, o.file), 'utf8').split('\n').filter(Boolean)
      : await allTexts(o.work, open);
  } catch (thrown) {
    if (thrown instanceof CliError || !o.file) throw thrown;
    throw new CliError(EXIT.usage, { code: 'FILE_UNREADABLE', message: messageOf(thrown), file: o.file });
  }
  if (o.anchor && !/^\d+:[0-9a-f]{64}$/.test(o.anchor))
    throw new CliError(EXIT.usage, {
      code: 'BAD_ANCHOR',
      message: '--anchor is SEQ:HASH, as an earlier verify printed with --json',
    });
  const chain = verifyChain(texts);
  const breaks = [...chain.breaks, ...(o.anchor ? checkAnchor(texts, o.anchor) : [])];
  const result = { ...chain, breaks, ok: breaks.length === 0 };
  if (o.json) printJson(io, { schema: 'sluice.dev/verification/v1', ...result });
  else tell(io, result);
  return result.ok ? EXIT.yes : EXIT.no;
}

export async function exportCommand(io: Io, o: LedgerOptions, open: Open): Promise<Exit> {
  for (const text of await allTexts(o.work, open)) io.out(`${text}\n`);
  return EXIT.yes;
}

export async function explainCommand(io: Io, id: string, o: LedgerOptions, open: Open): Promise<Exit> {
  const lane = laneOfRelease(id);
  const records = lane ? parse(await allTexts(o.work, open)).filter((r) => r.subject === lane) : [];
  const found = lane ? findRelease(lane, records, id) : undefined;
  if (!found)
    throw new CliError(EXIT.no, {
      code: 'NO_SUCH_RELEASE',
      message: `there is no release ${id}`,
      next: 'releases are named service.environment.number; see sluice ledger list --type release.opened',
    });
  const lines = explainRelease(found.lane.lane, found.release, found.records);
  if (o.json) printJson(io, { schema: 'sluice.dev/explanation/v1', release: id, lines });
  else io.out(`${lines.join('\n')}\n`);
  return EXIT.yes;
}
