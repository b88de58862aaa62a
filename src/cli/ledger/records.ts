import { recordSentence } from '../../api/audit.ts';
import { cloudEventOf } from '../../ledger/cloudevents.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { taggedRecord } from '../../ledger/stored.ts';
import type { Shared } from '../command.ts';
import { CliError, EXIT, type Exit, type Io, printJson, table } from '../io.ts';
import type { CommandParts } from '../parts.ts';
import { type Past, withPast } from '../past.ts';

type PastParts = Pick<CommandParts, 'openExistingHistory'>;

interface ListOptions extends Shared {
  readonly limit: string;
  readonly subject?: string | undefined;
  readonly type?: string | undefined;
}

interface ExportOptions {
  readonly work: string;
  readonly format: string;
}

/** `sluice ledger list`: the newest records, in plain words. */
export async function listCommand(io: Io, o: ListOptions, parts: PastParts): Promise<Exit> {
  const limit = Number(o.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw new CliError(EXIT.usage, {
      code: 'BAD_LIMIT',
      message: `--limit is a whole number above 0, not "${o.limit}"`,
      next: 'write it as --limit 50',
    });
  const query = { subject: o.subject || undefined, type: o.type || undefined };
  // One more than is shown tells whether there are earlier ones.
  const found = await withPast(parts, o, (past) => past.newest(query, limit + 1));
  const shown = found.slice(-limit);
  if (o.json) printJson(io, { schema: 'sluice.dev/ledger/v1', records: shown, next: null });
  else {
    const rows = shown.map((r) => [
      `#${r.seq}`,
      new Date(r.at).toISOString().slice(0, 19).replace('T', ' '),
      r.subject,
      r.type,
      r.actor.id,
      recordSentence(r),
    ]);
    io.out(table([['seq', 'at (UTC)', 'subject', 'type', 'actor', 'what'], ...rows]));
    if (found.length > shown.length) io.out(`There are earlier records: --limit ${2 * limit}\n`);
    io.out('Next: sluice ledger show SEQ, sluice ledger explain RELEASE\n');
  }
  return EXIT.yes;
}

async function recordOf(past: Past, seq: number): Promise<LedgerRecord | undefined> {
  if (!Number.isInteger(seq) || seq < 1) return undefined;
  for await (const [record] of past.all({}, seq - 1)) return record?.seq === seq ? record : undefined;
  return undefined;
}

/** `sluice ledger show SEQ`: one record, whole. */
export async function showCommand(io: Io, seq: string, o: Shared, parts: PastParts): Promise<Exit> {
  const record = await withPast(parts, o, (past) => recordOf(past, Number(seq)));
  if (!record)
    throw new CliError(EXIT.no, {
      code: 'NO_SUCH_RECORD',
      message: `there is no record ${seq}`,
      next: 'see sluice ledger list',
    });
  if (o.json) printJson(io, { schema: 'sluice.dev/record/v1', record });
  else io.out(`#${record.seq} ${recordSentence(record)}\n${JSON.stringify(record, null, 2)}\n`);
  return EXIT.yes;
}

/** Exactly as stored, one a line; or each as a CloudEvent that carries it. */
export async function exportCommand(io: Io, o: ExportOptions, parts: PastParts): Promise<Exit> {
  const { format } = o;
  if (format !== 'jsonl' && format !== 'cloudevents')
    throw new CliError(EXIT.usage, {
      code: 'BAD_FORMAT',
      message: `"${format}" is not an export format`,
      next: 'choose jsonl or cloudevents',
    });
  const line = (text: string) =>
    format === 'jsonl' ? `${text}\n` : `${JSON.stringify(cloudEventOf(taggedRecord(text, 'the ledger')))}\n`;
  await withPast(parts, o, async (past) => {
    for await (const texts of past.texts()) io.out(texts.map(line).join(''));
  });
  return EXIT.yes;
}
