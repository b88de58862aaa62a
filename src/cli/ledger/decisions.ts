import { explainRelease } from '../../api/explain.ts';
import { policyOfDigest } from '../../controller/gate/kept-policy.ts';
import { explainDecision, findDecision, replayDecision } from '../../controller/gate/replay.ts';
import { findRelease, laneOfRelease } from '../../controller/history.ts';
import type { Shared } from '../command.ts';
import { ledgerTexts } from '../existing-ledger.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from '../io.ts';
import type { Parts } from '../parts.ts';
import { parse } from './records.ts';

type LedgerParts = Pick<Parts, 'openExistingLedger'>;
type ReplayParts = Pick<Parts, 'openExistingLedger' | 'openKeptPolicy'>;

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
  o: Shared,
  parts: ReplayParts,
): Promise<Exit> {
  const { found, records } = decisionIn(await ledgerTexts(parts, o.work), id);
  const policy = policyOfDigest(records, found.data.decision.policy.digest, await parts.openKeptPolicy());
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

/** `sluice ledger explain WHAT`: why a release ended as it did, or why a pull request was decided so. */
export async function explainCommand(io: Io, id: string, o: Shared, parts: LedgerParts): Promise<Exit> {
  if (isDecision(id)) {
    const lines = explainDecision(decisionIn(await ledgerTexts(parts, o.work), id).found);
    if (o.json) printJson(io, { schema: 'sluice.dev/explanation/v1', decision: id, lines });
    else io.out(`${lines.join('\n')}\n`);
    return EXIT.yes;
  }
  const lane = laneOfRelease(id);
  const records = lane ? parse(await ledgerTexts(parts, o.work)).filter((r) => r.subject === lane) : [];
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
