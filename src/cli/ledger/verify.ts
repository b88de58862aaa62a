import { createReadStream, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type AnchorObjection, anchorObjection } from '../../gitops/anchors.ts';
import { messageOf } from '../../kit/result.ts';
import { createVerifier, type LedgerRecord, type Verification } from '../../ledger/record.ts';
import { runningServer } from '../client.ts';
import type { Shared } from '../command.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from '../io.ts';
import type { Parts } from '../parts.ts';
import { withPast } from '../past.ts';

type AnchorParts = Pick<Parts, 'openExistingHistory' | 'readAnchors'>;

interface VerifyOptions extends Shared {
  readonly file?: string | undefined;
  readonly anchor?: string | undefined;
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

/** A head that was seen before: it finds a cut tail and a rewritten chain, which the chain alone cannot show. */
interface Seen {
  readonly seq: number;
  readonly hash: string;
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

/** `SEQ:HASH`, or a repository in which heads of this ledger were anchored. */
async function anchorsOf(io: Io, given: string, ledger: string | null, parts: AnchorParts): Promise<Seen[]> {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(given);
  if (match) return [{ seq: Number(match[1]), hash: match[2]! }];
  const found = await parts.readAnchors(resolve(io.cwd, given));
  if (!found.ok)
    throw new CliError(EXIT.usage, {
      code: 'BAD_ANCHOR',
      message: found.error,
      next: '--anchor is SEQ:HASH, or the desired-state repository',
    });
  return found.value.filter((a) => ledger === null || a.ledger === ledger);
}

/** Where this server, or the last one of this folder, anchored: nobody has to know the place. */
function ownAnchors(work: string): string | null {
  const places = [runningServer(work)?.repository, join(work, 'forge', 'desired.git'), join(work, 'desired')];
  return places.find((place) => place !== undefined && existsSync(place)) ?? null;
}

/** A chain that was walked once, and the records of it that somebody had seen before. */
interface Walked {
  readonly chain: Verification;
  readonly ledger: string;
  readonly anchors: readonly Seen[];
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
  anchorsIn: (ledger: string | null) => Promise<readonly Seen[]>,
): Promise<Walked> {
  const verifier = createVerifier();
  const anchoredTexts = new Map<number, string>();
  let ledger: string | null = null;
  let anchors: readonly Seen[] | null = null;
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

async function* linesOf(file: string): AsyncGenerator<readonly string[]> {
  const input = createReadStream(file, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
      if (line !== '') yield [line];
  } catch (thrown) {
    throw new CliError(EXIT.usage, { code: 'FILE_UNREADABLE', message: messageOf(thrown), file });
  }
}

/** `sluice ledger verify`: every record follows the one before it, and none that was anchored is gone. */
export async function verifyCommand(io: Io, o: VerifyOptions, parts: AnchorParts): Promise<Exit> {
  const where = o.anchor ?? (o.file ? null : ownAnchors(o.work));
  const anchorsIn = async (ledger: string | null) =>
    where === null ? [] : anchorsOf(io, where, ledger, parts);
  const walked = o.file
    ? await walk(linesOf(resolve(io.cwd, o.file)), anchorsIn)
    : await withPast(parts, o.work, (past) => walk(past.texts(), anchorsIn));
  const { chain, anchors } = walked;
  const { anchored, breaks: missed } = checkAnchors(walked);
  const breaks = [...chain.breaks, ...missed];
  const unanchored = Math.max(0, chain.head.seq - (anchored ?? 0));
  const result = { ...chain, breaks, ok: breaks.length === 0, anchored, unanchored };
  if (o.json) printJson(io, { schema: 'sluice.dev/verification/v1', ...result });
  else {
    tell(io, result);
    io.out(
      anchors.length === 0
        ? 'No anchor was compared: a cut tail would not be seen. Give one with --anchor.\n'
        : `Anchored up to #${anchored ?? 0}; ${unanchored} records after it are not anchored.\n`,
    );
  }
  return result.ok ? EXIT.yes : EXIT.no;
}
