import { z } from 'zod';
import { parseForeign } from '../../../kit/json.ts';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { Anchor, AnchorFailure, AnchorStore, KeptAnchor, KeptAnchors } from '../../anchors.ts';
import { commitAt, git, isBelow } from './program.ts';
import type { RemoteRefs } from './remote.ts';

const NAMESPACE = 'refs/sluice/anchors';
const nameOf = (ledger: string): string => ledger.replace(/[^\w.-]/g, '-');
/** Out of the way of branches and tags: no sync looks there. */
const refOf = (ledger: string): string => `${NAMESPACE}/${nameOf(ledger)}`;
/** What the repository itself holds, beside what this copy knows. */
const seenOf = (ledger: string): string => `refs/sluice/seen/${nameOf(ledger)}`;
const WHO = ['-c', 'user.name=sluice', '-c', 'user.email=sluice@localhost'];
const NOTHING = '0'.repeat(40);
/** The newest hold whatever the older ones do: each covers everything before it. */
const MOST_READ = 100_000;
const REFUSED = /\[(remote )?rejected\]|non-fast-forward|fetch first|cannot lock ref/i;

const anchorSchema = z.object({
  ledger: z.string(),
  seq: z.number(),
  hash: z.string(),
  at: z.number(),
  signature: z.string().optional(),
  key: z.string().optional(),
});

/** One line of `git log --format=%H %s`: a commit and the anchor that it holds. */
function anchorOf(line: string): KeptAnchor | null {
  const at = line.indexOf(' ');
  try {
    return { ...anchorSchema.parse(parseForeign(line.slice(at + 1))), commit: line.slice(0, at) };
  } catch {
    return null;
  }
}

async function logOf(
  repository: string,
  tips: readonly string[],
  most: number,
): Promise<Result<KeptAnchor[], AnchorFailure>> {
  if (tips.length === 0) return ok([]);
  const text = await git(repository, ['log', '--topo-order', `-n${most}`, '--format=%H %s', ...tips, '--']);
  const anchors: KeptAnchor[] = [];
  for (const line of text.split('\n').filter(Boolean)) {
    const anchor = anchorOf(line);
    if (!anchor)
      return fail({
        code: 'NOT_AN_ANCHOR',
        message: `commit ${line.slice(0, 40)} below ${NAMESPACE} is not an anchor written by Sluice`,
      });
    anchors.push(anchor);
  }
  return ok(anchors);
}

const failure = (doing: string, thrown: unknown): AnchorFailure => {
  const message = messageOf(thrown);
  return { code: REFUSED.test(message) ? 'REFUSED' : 'UNAVAILABLE', message: `${doing}: ${message}` };
};

/** Where anchors are: a repository of this machine, and the one that it is a copy of. */
interface Places {
  readonly repository: string;
  /** Null: it is a copy of none. */
  readonly remote: RemoteRefs | null;
}

/** What this copy holds and what the repository holds, without what another of them follows. */
async function tipsOf({ repository, remote }: Places, ledger: string): Promise<string[]> {
  const there = remote ? await remote.at(refOf(ledger)) : null;
  const here = await commitAt(repository, refOf(ledger));
  if (there === null || there === here) return here === null ? [] : [here];
  await remote!.take(refOf(ledger), seenOf(ledger));
  if (here === null || (await isBelow(repository, here, there))) return [there];
  return (await isBelow(repository, there, here)) ? [here] : [there, here];
}

/** The commit of an anchor, with those that it follows as its parents. */
async function commitOf(repository: string, anchor: Anchor, after: readonly string[]): Promise<string> {
  const tree = (await git(repository, ['hash-object', '-t', 'tree', '-w', '/dev/null'])).trim();
  const parents = after.flatMap((commit) => ['-p', commit]);
  const message = JSON.stringify(anchor);
  return (await git(repository, [...WHO, 'commit-tree', tree, ...parents, '-m', message])).trim();
}

async function write(
  { repository, remote }: Places,
  anchor: Anchor,
  after: readonly string[],
): Promise<Result<null, AnchorFailure>> {
  const ref = refOf(anchor.ledger);
  const here = await commitAt(repository, ref);
  const commit = await commitOf(repository, anchor, after);
  if (remote) await remote.push(commit, ref);
  else if (here !== (after[0] ?? null))
    return fail({ code: 'REFUSED', message: 'another anchor was written meanwhile' });
  await git(repository, ['update-ref', ref, commit, here ?? NOTHING]);
  return ok(null);
}

/**
 * Anchors as commits of one ref, each with the one before as its parent. Where the repository lives elsewhere they
 * are pushed there, never by force, and this copy's ref is moved afterwards: it is what was last seen there, so that
 * anchors which were rewritten there are noticed. An anchor of an earlier version has no parent; the next follows it.
 */
export function gitAnchors(repository: string, remote: RemoteRefs | null): AnchorStore {
  const places: Places = { repository, remote };
  return {
    async read(ledger, most): Promise<Result<KeptAnchors, AnchorFailure>> {
      try {
        const tips = await tipsOf(places, ledger);
        const anchors = await logOf(repository, tips, most);
        return anchors.ok ? ok({ anchors: anchors.value, tips }) : anchors;
      } catch (thrown) {
        return fail(failure('anchors cannot be read', thrown));
      }
    },
    async write(anchor, after) {
      try {
        return await write(places, anchor, after);
      } catch (thrown) {
        return fail(failure('the head of the ledger could not be anchored', thrown));
      }
    },
  };
}

/** The newest anchors of all ledgers in a repository. */
export async function readAnchors(repository: string): Promise<Result<Anchor[], string>> {
  try {
    const refs = await git(repository, ['for-each-ref', '--format=%(refname)', NAMESPACE]);
    const anchors = await logOf(repository, refs.split('\n').filter(Boolean), MOST_READ);
    return anchors.ok ? anchors : fail(anchors.error.message);
  } catch (thrown) {
    return fail(`no anchors can be read in ${repository}: ${messageOf(thrown)}`);
  }
}
