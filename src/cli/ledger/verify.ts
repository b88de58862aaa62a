import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type AnchorObjection, anchorObjection } from '../../gitops/anchors.ts';
import { messageOf } from '../../kit/result.ts';
import { type LedgerRecord, type Verification, verifyChain } from '../../ledger/record.ts';
import { runningServer } from '../client.ts';
import type { Shared } from '../command.ts';
import { ledgerTexts } from '../existing-ledger.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from '../io.ts';
import type { Parts } from '../parts.ts';
import { parse } from './records.ts';

type AnchorParts = Pick<Parts, 'openExistingLedger' | 'readAnchors'>;

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

function seqOf(text: string): number | null {
  try {
    return (JSON.parse(text) as LedgerRecord).seq;
  } catch {
    return null;
  }
}

const laterWords = (wrong: number): string =>
  wrong > 1 ? `; so it is with ${wrong - 1} later ${wrong === 2 ? 'anchor' : 'anchors'}` : '';

/** How far the anchors reach that lie in the chain, and what the oldest one says that does not. */
function checkAnchors(texts: readonly string[], ledger: string, anchors: readonly Seen[]) {
  const bySeq = new Map(anchors.length > 0 ? texts.map((text) => [seqOf(text), text]) : []);
  let anchored: number | null = null;
  const objections: AnchorObjection[] = [];
  for (const { seq, hash } of anchors.toSorted((a, b) => a.seq - b.seq)) {
    const objection = anchorObjection({ ledger, seq, hash }, ledger, bySeq.get(seq) ?? null);
    if (objection) objections.push(objection);
    else anchored = seq;
  }
  const breaks = objections.slice(0, 1).map(({ seq, code, message }) => ({
    line: texts.length,
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

/** `sluice ledger verify`: every record follows the one before it, and none that was anchored is gone. */
export async function verifyCommand(io: Io, o: VerifyOptions, parts: AnchorParts): Promise<Exit> {
  let texts: string[];
  try {
    texts = o.file
      ? readFileSync(resolve(io.cwd, o.file), 'utf8').split('\n').filter(Boolean)
      : await ledgerTexts(parts, o.work);
  } catch (thrown) {
    if (thrown instanceof CliError || !o.file) throw thrown;
    throw new CliError(EXIT.usage, { code: 'FILE_UNREADABLE', message: messageOf(thrown), file: o.file });
  }
  const chain = verifyChain(texts);
  const where = o.anchor ?? (o.file ? null : ownAnchors(o.work));
  const name = (texts[0]?.startsWith('{') ? parse([texts[0]])[0]?.ledger : null) ?? null;
  const anchors = where === null ? [] : await anchorsOf(io, where, name, parts);
  const { anchored, breaks: missed } = checkAnchors(texts, name ?? '', anchors);
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
