import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import { git } from './program.ts';

/** A head of a ledger, as it stands in the desired-state repository: what finds a cut tail. */
export interface Anchor {
  readonly ledger: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
}

/** Out of the way of branches and tags: no sync looks there. */
const refOf = (ledger: string): string => `refs/sluice/anchors/${ledger.replace(/[^\w.-]/g, '-')}`;
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const WHO = ['-c', 'user.name=sluice', '-c', 'user.email=sluice@localhost'];

/** Puts a head into the repository, in place of the one before: it covers everything before it. */
export async function writeAnchor(
  repository: string,
  anchor: Anchor,
  /** Where this is a copy: brings the ref to the repository itself. */
  push: ((refspec: string) => Promise<void>) | null = null,
): Promise<Result<null, string>> {
  try {
    await git(repository, ['hash-object', '-t', 'tree', '-w', '/dev/null']);
    const message = JSON.stringify(anchor);
    const commit = await git(repository, [...WHO, 'commit-tree', EMPTY_TREE, '-m', message]);
    await git(repository, ['update-ref', refOf(anchor.ledger), commit.trim()]);
    await push?.(`${refOf(anchor.ledger)}:${refOf(anchor.ledger)}`);
    return ok(null);
  } catch (thrown) {
    return fail(`the head of the ledger could not be anchored: ${messageOf(thrown)}`);
  }
}

/** All anchors of a repository. */
export async function readAnchors(repository: string): Promise<Result<Anchor[], string>> {
  try {
    const text = await git(repository, ['for-each-ref', '--format=%(contents)', 'refs/sluice/anchors']);
    const lines = text.split('\n').filter((line) => line.startsWith('{'));
    return ok(lines.map((line) => JSON.parse(line) as Anchor));
  } catch (thrown) {
    return fail(`no anchors can be read in ${repository}: ${messageOf(thrown)}`);
  }
}
