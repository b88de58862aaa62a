import { explainRelease } from '../../api/explain.ts';
import { policyOfDigest } from '../../controller/gate/kept-policy.ts';
import {
  type DecidedRecord,
  explainDecision,
  findDecision,
  replayDecision,
} from '../../controller/gate/replay.ts';
import { findRelease, laneOfRelease } from '../../controller/history.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Shared } from '../command.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from '../io.ts';
import type { CommandParts } from '../parts.ts';
import { type Past, type PastQuery, withPast } from '../past.ts';

type PastParts = Pick<CommandParts, 'openExistingHistory'>;
type ReplayParts = Pick<CommandParts, 'openExistingHistory' | 'openKeptPolicy'>;

/** Decisions are named d-…; releases service.environment.number. */
const isDecision = (id: string): boolean => /^d-[0-9a-f]{16}$/.test(id);

async function decisionIn(past: Past, id: string): Promise<DecidedRecord> {
  for await (const records of past.all({ type: 'gate.decided' })) {
    const found = findDecision(records, id);
    if (found) return found;
  }
  throw new CliError(EXIT.no, {
    code: 'NO_SUCH_DECISION',
    message: `there is no decision ${id}`,
    next: 'see sluice ledger list --type gate.decided',
  });
}

async function everyOf(past: Past, query: PastQuery): Promise<LedgerRecord[]> {
  const found: LedgerRecord[] = [];
  for await (const records of past.all(query)) found.push(...records);
  return found;
}

/** `sluice ledger replay DECISION`: recomputed from the recorded facts by the recorded policy. Exit 1 where it differs. */
export async function replayDecisionCommand(
  io: Io,
  id: string,
  o: Shared,
  parts: ReplayParts,
): Promise<Exit> {
  const { found, kept } = await withPast(parts, o, async (past) => ({
    found: await decisionIn(past, id),
    kept: await everyOf(past, { type: 'policy.kept' }),
  }));
  const policy = policyOfDigest(kept, found.data.decision.policy.digest, await parts.openKeptPolicy());
  if (!policy)
    throw new CliError(EXIT.no, {
      code: 'NO_SUCH_POLICY',
      message: `policy ${found.data.decision.policy.revision} was never kept in this ledger`,
      next: 'only decisions made by a server keep their policy',
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

/** `sluice ledger explain WHAT`: why a release ended as it did, or why a pull request was decided so. */
export async function explainCommand(io: Io, id: string, o: Shared, parts: PastParts): Promise<Exit> {
  if (isDecision(id)) {
    const lines = explainDecision(await withPast(parts, o, (past) => decisionIn(past, id)));
    if (o.json) printJson(io, { schema: 'sluice.dev/explanation/v1', decision: id, lines });
    else io.out(`${lines.join('\n')}\n`);
    return EXIT.yes;
  }
  const lane = laneOfRelease(id);
  const records = lane ? await withPast(parts, o, (past) => everyOf(past, { subject: lane })) : [];
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
