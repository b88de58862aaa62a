import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { recordSentence } from '../api/audit.ts';
import { explainRelease } from '../api/explain.ts';
import { type OpenKept, policyOfDigest } from '../controller/gate/kept-policy.ts';
import { explainDecision, findDecision, replayDecision } from '../controller/gate/replay.ts';
import { findRelease, laneOfRelease } from '../controller/history.ts';
import { type AnchorObjection, anchorObjection } from '../gitops/anchors.ts';
import { messageOf } from '../kit/result.ts';
import { cloudEventOf } from '../ledger/cloudevents.ts';
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
      recordSentence(r),
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
  else io.out(`#${record.seq} ${recordSentence(record)}\n${JSON.stringify(record, null, 2)}\n`);
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

/** How far the anchors reach that lie in the chain, and what the oldest one says that does not. */
function checkAnchors(texts: readonly string[], ledger: string, anchors: readonly Seen[]) {
  const bySeq = new Map(anchors.length > 0 ? texts.map((text) => [seqOf(text), text]) : []);
  let anchored: number | null = null;
  let first: AnchorObjection | null = null;
  let wrong = 0;
  for (const { seq, hash } of anchors.toSorted((a, b) => a.seq - b.seq)) {
    const objection = anchorObjection({ ledger, seq, hash }, ledger, bySeq.get(seq) ?? null);
    if (!objection) anchored = seq;
    else wrong++;
    first ??= objection;
  }
  const more = wrong > 1 ? `; so it is with ${wrong - 1} later ${wrong === 2 ? 'anchor' : 'anchors'}` : '';
  const breaks: Verification['breaks'] = first
    ? [
        {
          line: texts.length,
          seq: first.seq,
          code: first.code as 'CHANGED' | 'GAP',
          message: `${first.message}${more}`,
        },
      ]
    : [];
  return { anchored, breaks };
}

/** `SEQ:HASH`, or a repository in which heads of this ledger were anchored. */
async function anchorsOf(io: Io, given: string, ledger: string | null): Promise<Seen[]> {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(given);
  if (match) return [{ seq: Number(match[1]), hash: match[2]! }];
  const { readAnchors } = await import('../gitops/adapters/git/anchors.ts');
  const found = await readAnchors(resolve(io.cwd, given));
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
  const chain = verifyChain(texts);
  const where = o.anchor ?? (o.file ? null : ownAnchors(o.work));
  const name = (texts[0]?.startsWith('{') ? parse([texts[0]])[0]?.ledger : null) ?? null;
  const anchors = where === null ? [] : await anchorsOf(io, where, name);
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

/** Exactly as stored, one a line; or each as a CloudEvent that carries it. */
export async function exportCommand(
  io: Io,
  o: LedgerOptions & { format?: string },
  open: Open,
): Promise<Exit> {
  const format = o.format ?? 'jsonl';
  if (format !== 'jsonl' && format !== 'cloudevents')
    throw new CliError(EXIT.usage, {
      code: 'BAD_FORMAT',
      message: `"${format}" is no format of an export`,
      next: 'choose of jsonl, cloudevents',
    });
  for (const text of await allTexts(o.work, open))
    io.out(format === 'jsonl' ? `${text}\n` : `${JSON.stringify(cloudEventOf(JSON.parse(text)))}\n`);
  return EXIT.yes;
}

/** Decisions are named d-…; releases service.environment.number. */
const isDecision = (id: string): boolean => /^d-[0-9a-f]{16}$/.test(id);

function decisionIn(texts: readonly string[], id: string) {
  const records = parse(texts);
  const found = findDecision(records, id);
  if (found) return { found, records };
  throw new CliError(EXIT.no, {
    code: 'NO_SUCH_DECISION',
    message: `there is no decision ${id}`,
    next: 'see sluice ledger list --type gate.decided',
  });
}

/** `sluice ledger replay DECISION`: recomputed from the recorded facts by the recorded policy. Exit 1 where it differs. */
export async function replayDecisionCommand(
  io: Io,
  id: string,
  o: LedgerOptions,
  open: Open,
  openKept: OpenKept,
): Promise<Exit> {
  const { found, records } = decisionIn(await allTexts(o.work, open), id);
  const policy = policyOfDigest(records, found.data.decision.policy.digest, openKept);
  if (!policy)
    throw new CliError(EXIT.no, {
      code: 'NO_SUCH_POLICY',
      message: `policy ${found.data.decision.policy.revision} was never kept in this ledger`,
      next: 'decisions made by a server keep their policy; this one was made without',
    });
  const replayed = await replayDecision(found, policy);
  if (o.json) printJson(io, replayed);
  else {
    const p = palette(io);
    const word = replayed.was.allow ? 'allow' : `deny (${replayed.was.deny.join(', ')})`;
    io.out(
      replayed.same
        ? `${p.green('same')}: ${word}, from the recorded facts by policy ${found.data.decision.policy.revision}\n`
        : `${p.red('differs')} in ${replayed.differences.join(', ') || 'its facts'}: recorded ${word}, recomputed ${replayed.now.allow ? 'allow' : `deny (${replayed.now.deny.join(', ')})`}\n`,
    );
  }
  return replayed.same ? EXIT.yes : EXIT.no;
}

export async function explainCommand(io: Io, id: string, o: LedgerOptions, open: Open): Promise<Exit> {
  if (isDecision(id)) {
    const lines = explainDecision(decisionIn(await allTexts(o.work, open), id).found);
    if (o.json) printJson(io, { schema: 'sluice.dev/explanation/v1', decision: id, lines });
    else io.out(`${lines.join('\n')}\n`);
    return EXIT.yes;
  }
  const lane = laneOfRelease(id);
  const records = lane ? parse(await allTexts(o.work, open)).filter((r) => r.subject === lane) : [];
  const found = lane ? findRelease(lane, records, id) : undefined;
  if (!found)
    throw new CliError(EXIT.no, {
      code: 'NO_SUCH_RELEASE',
      message: `there is no release ${id}`,
      next: 'releases are named service.environment.number, decisions d-…; see sluice ledger list',
    });
  const lines = explainRelease(found.lane.lane, found.release, found.records);
  if (o.json) printJson(io, { schema: 'sluice.dev/explanation/v1', release: id, lines });
  else io.out(`${lines.join('\n')}\n`);
  return EXIT.yes;
}
