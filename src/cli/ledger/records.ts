import { recordSentence } from '../../api/audit.ts';
import { cloudEventOf } from '../../ledger/cloudevents.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Shared } from '../command.ts';
import { ledgerTexts } from '../existing-ledger.ts';
import { CliError, EXIT, type Exit, type Io, printJson, table } from '../io.ts';
import type { Parts } from '../parts.ts';

type LedgerParts = Pick<Parts, 'openExistingLedger'>;

interface ListOptions extends Shared {
  readonly limit: string;
  readonly subject?: string | undefined;
  readonly type?: string | undefined;
}

interface ExportOptions {
  readonly work: string;
  readonly format: string;
}

export const parse = (texts: readonly string[]): LedgerRecord[] =>
  texts.map((t) => JSON.parse(t) as LedgerRecord);

/** `sluice ledger list`: the newest records, in plain words. */
export async function listCommand(io: Io, o: ListOptions, parts: LedgerParts): Promise<Exit> {
  const limit = Number(o.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw new CliError(EXIT.usage, {
      code: 'BAD_LIMIT',
      message: `--limit is a whole number above 0, not "${o.limit}"`,
    });
  const records = parse(await ledgerTexts(parts, o.work)).filter(
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
      recordSentence(r),
    ]);
    io.out(table([['seq', 'at (UTC)', 'subject', 'type', 'actor', 'what'], ...rows]));
    if (records.length > shown.length)
      io.out(`${records.length - shown.length} earlier records: --limit ${records.length}\n`);
    io.out('Next: sluice ledger show SEQ, sluice ledger explain RELEASE\n');
  }
  return EXIT.yes;
}

/** `sluice ledger show SEQ`: one record, whole. */
export async function showCommand(io: Io, seq: string, o: Shared, parts: LedgerParts): Promise<Exit> {
  const record = parse(await ledgerTexts(parts, o.work)).find((r) => r.seq === Number(seq));
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
export async function exportCommand(io: Io, o: ExportOptions, parts: LedgerParts): Promise<Exit> {
  const { format } = o;
  if (format !== 'jsonl' && format !== 'cloudevents')
    throw new CliError(EXIT.usage, {
      code: 'BAD_FORMAT',
      message: `"${format}" is no format of an export`,
      next: 'choose of jsonl, cloudevents',
    });
  for (const text of await ledgerTexts(parts, o.work))
    io.out(format === 'jsonl' ? `${text}\n` : `${JSON.stringify(cloudEventOf(JSON.parse(text)))}\n`);
  return EXIT.yes;
}
