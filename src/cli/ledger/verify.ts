import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { checkSignatures } from '../../gitops/anchor-signature.ts';
import { type AnchorObjection, anchorObjection } from '../../gitops/anchors.ts';
import { type CheckingKey, checkingKey } from '../../io/ed25519.ts';
import { linesOf } from '../../io/lines.ts';
import { counted } from '../../kit/counted.ts';
import { createVerifier, type LedgerRecord, type Verification } from '../../ledger/record.ts';
import { clientOf, serverAt } from '../client.ts';
import type { Shared } from '../command.ts';
import { readFileArgument, refusedFile, unreadableFile } from '../file-argument.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from '../io.ts';
import type { CommandParts } from '../parts.ts';
import { withPast } from '../past.ts';
import { anchorsOf, ownAnchors, type SeenAnchors } from './anchors.ts';

type AnchorParts = Pick<CommandParts, 'openExistingHistory' | 'readAnchors'>;

interface VerifyOptions extends Shared {
  readonly file?: string | undefined;
  readonly anchor?: string | undefined;
  /** Files of public keys, by one of which anchors have to be signed. */
  readonly publicKey?: readonly string[] | undefined;
}

function tell(io: Io, result: Verification): void {
  const p = palette(io);
  for (const one of result.breaks) io.out(`${p.red('broken')}: ${one.message} (line ${one.line})\n`);
  if (result.ok && result.records === 0) {
    io.out('There is no record yet: nothing was verified.\n');
    return;
  }
  io.out(
    result.ok
      ? `${p.green('verified')}: ${counted(result.records, 'record')}, each follows the one before it; head ${result.head.hash.slice(0, 16)}…\n`
      : `${p.red('not verified')}: ${counted(result.breaks.length, 'break')} in ${counted(result.records, 'record')}. Compare with an export you trust.\n`,
  );
}

const laterWords = (wrong: number): string =>
  wrong > 1 ? `; so it is with ${wrong - 1} later ${wrong === 2 ? 'anchor' : 'anchors'}` : '';

/** How far the anchors reach that lie in the chain, and what the oldest one says that does not. */
function checkAnchors(walked: Walked) {
  const { ledger, anchors, anchoredTexts, chain } = walked;
  let anchored: number | null = null;
  const objections: AnchorObjection[] = [];
  for (const { seq, hash } of anchors.toSorted((a, b) => a.seq - b.seq)) {
    const objection = anchorObjection({ ledger, seq, hash }, ledger, anchoredTexts.get(seq) ?? null);
    if (objection) objections.push(objection);
    else anchored = seq;
  }
  const breaks = objections.slice(0, 1).map(({ seq, code, message }) => ({
    line: chain.records,
    seq,
    code: code as 'CHANGED' | 'GAP',
    message: `${message}${laterWords(objections.length)}`,
  }));
  return { anchored, breaks };
}

const KEY = {
  code: 'BAD_PUBLIC_KEY',
  next: 'give the public half of the key: openssl pkey -in key.pem -pubout',
};

const keysIn = (io: Io, files: readonly string[]): CheckingKey[] =>
  files.map((file) => {
    const key = checkingKey(readFileArgument(io, file, KEY));
    if (!key.ok) throw refusedFile(file, KEY, key.error);
    return key.value;
  });

/** What the signatures of anchors say; null: nobody asked. Without a signed anchor nothing was shown. */
function checkSigned({ ledger, anchors, chain }: Walked, keys: readonly CheckingKey[]) {
  if (keys.length === 0) return null;
  const report = checkSignatures(
    anchors.map((anchor) => ({ ...anchor, ledger, at: anchor.at ?? 0 })),
    keys,
  );
  const [first] = report.objections;
  const why = first?.message ?? (report.signed === null ? 'no anchor is signed' : null);
  const breaks =
    why === null
      ? []
      : [{ line: chain.records, seq: first?.seq ?? 0, code: 'CHANGED' as const, message: why }];
  return { signed: report.signed, breaks };
}

/** A chain that was walked once, and the records of it that somebody had seen before. */
interface Walked {
  readonly chain: Verification;
  readonly ledger: string;
  readonly anchors: readonly SeenAnchors[];
  readonly anchoredTexts: ReadonlyMap<number, string>;
}

function ledgerIn(text: string): string | null {
  try {
    return (JSON.parse(text) as LedgerRecord).ledger ?? null;
  } catch {
    return null;
  }
}

/** Reads every text once, whatever their number: only what was anchored is kept. */
async function walk(
  texts: AsyncIterable<readonly string[]>,
  anchorsIn: (ledger: string | null) => Promise<readonly SeenAnchors[]>,
): Promise<Walked> {
  const verifier = createVerifier();
  const anchoredTexts = new Map<number, string>();
  let ledger: string | null = null;
  let anchors: readonly SeenAnchors[] | null = null;
  let seqs = new Set<number>();
  for await (const chunk of texts)
    for (const text of chunk) {
      if (anchors === null) {
        ledger = ledgerIn(text);
        anchors = await anchorsIn(ledger);
        seqs = new Set(anchors.map((a) => a.seq));
      }
      const seq = verifier.take(text);
      if (seq !== null && seqs.has(seq)) anchoredTexts.set(seq, text);
    }
  anchors ??= await anchorsIn(null);
  return { chain: verifier.result(), ledger: ledger ?? '', anchors, anchoredTexts };
}

const EXPORT = { code: 'FILE_UNREADABLE', next: 'name an export: sluice ledger export > FILE makes one' };

/** Line by line: an export may be larger than what is read at once. */
async function* recordsIn(io: Io, file: string): AsyncGenerator<readonly string[]> {
  const input = createReadStream(resolve(io.cwd, file), 'utf8');
  try {
    for await (const line of linesOf(input)) if (line !== '') yield [line];
  } catch (thrown) {
    throw unreadableFile(file, EXPORT, thrown);
  }
}

/** A server walks the chain itself where it is asked to: what it finds broken it writes no more. */
async function tellServer(o: Shared): Promise<boolean> {
  const server = serverAt(o);
  if (!server) return false;
  const own = await clientOf(server).get('/api/v1/ledger/verification');
  return !own.ok;
}

/** `sluice ledger verify`: every record follows the one before it, and none that was anchored is gone. */
export async function verifyCommand(io: Io, o: VerifyOptions, parts: AnchorParts): Promise<Exit> {
  const keys = keysIn(io, o.publicKey ?? []);
  const where = o.anchor ?? (o.file ? null : ownAnchors(o));
  const anchorsIn = async (ledger: string | null) =>
    where === null ? [] : anchorsOf(io, where, ledger, parts);
  const walked = o.file
    ? await walk(recordsIn(io, o.file), anchorsIn)
    : await withPast(parts, o, (past) => walk(past.texts(), anchorsIn));
  const { chain, anchors } = walked;
  if (o.file && chain.records === 0 && anchors.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'NO_RECORDS',
      message: `${o.file} holds no record: there is nothing to verify`,
      file: o.file,
      next: 'export the ledger again: sluice ledger export > FILE',
    });
  const { anchored, breaks: missed } = checkAnchors(walked);
  const signatures = checkSigned(walked, keys);
  const breaks = [...chain.breaks, ...missed, ...(signatures?.breaks ?? [])];
  const unanchored = Math.max(0, chain.head.seq - (anchored ?? 0));
  const signed = signatures ? { signed: signatures.signed } : {};
  const result = { ...chain, breaks, ok: breaks.length === 0, anchored, unanchored, ...signed };
  const told = o.file || chain.ok ? false : await tellServer(o);
  if (o.json) printJson(io, { schema: 'sluice.dev/verification/v1', ...result });
  else {
    tell(io, result);
    io.out(
      anchors.length === 0
        ? 'No anchor was compared, so a truncated ledger would not be detected. Give one with --anchor.\n'
        : `Anchored up to #${anchored ?? 0}; ${unanchored} records after it are not anchored.\n`,
    );
    if (signatures?.signed != null) io.out(`Signed up to #${signatures.signed}.\n`);
    if (told)
      io.out(
        'The server was notified: it decides nothing until it is started with a ledger that verifies.\n',
      );
  }
  return result.ok ? EXIT.yes : EXIT.no;
}
