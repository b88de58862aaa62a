import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf } from '../../kit/result.ts';
import { type Verification, verifyChain } from '../../ledger/record.ts';
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

/** A head that was seen before: it finds a cut tail, which the chain alone cannot show. */
interface Seen {
  readonly seq: number;
  readonly hash: string;
}

function checkAnchor(texts: readonly string[], { seq, hash }: Seen): Verification['breaks'] {
  const record = parse(texts.filter((t) => t.startsWith('{'))).find((r) => r.seq === seq);
  if (record && record.hash === hash) return [];
  const message = record
    ? `record ${seq} is not the one that was anchored`
    : `record ${seq} was anchored and is gone: the tail was cut`;
  return [{ line: texts.length, seq, code: record ? 'CHANGED' : 'GAP', message }];
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
  const breaks = [...chain.breaks, ...anchors.flatMap((anchor) => checkAnchor(texts, anchor))];
  const anchored = anchors.length > 0 ? Math.max(...anchors.map((a) => a.seq)) : null;
  const unanchored = Math.max(0, chain.head.seq - (anchored ?? 0));
  const result = { ...chain, breaks, ok: breaks.length === 0, anchored, unanchored };
  if (o.json) printJson(io, { schema: 'sluice.dev/verification/v1', ...result });
  else {
    tell(io, result);
    io.out(
      anchored === null
        ? 'No anchor was compared: a cut tail would not be seen. Give one with --anchor.\n'
        : `Anchored up to #${anchored}; ${unanchored} records after it are not anchored yet.\n`,
    );
  }
  return result.ok ? EXIT.yes : EXIT.no;
}
