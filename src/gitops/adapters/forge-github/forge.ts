import { z } from 'zod';
import { fail, ok, type Result } from '../../../kit/result.ts';
import type {
  ChangedFile,
  ChangedFiles,
  ForgeFailure,
  ForgeHint,
  ForgePort,
  ForgeResult,
  PullRequest,
  WantedChange,
} from '../../forge.ts';
import { badSignature, deliveryOf, signed, unavailable } from '../forge-http/calls.ts';
import { type ReadTree, remembering, treeChanges } from '../forge-http/tree-changes.ts';
import { type GithubAccess, githubApi } from './api.ts';
import { githubPosts } from './posts.ts';
import {
  compareSchema,
  contentSchema,
  deliverySchema,
  type fileSchema,
  type GithubPull,
  gitCommitSchema,
  gitTreeSchema,
  pullSchema,
  refSchema,
  treeSchema,
} from './schemas.ts';

export interface GithubOptions extends GithubAccess {
  readonly branch: string;
  /** Every branch that pull requests may merge into; that one where left out. */
  readonly branches?: readonly string[];
  readonly webhookSecret: string;
  readonly now?: () => number;
}

/** GitHub lists so many files of a comparison. */
const COMPARED_FILES = 300;
const STATUS = {
  added: 'added',
  copied: 'added',
  modified: 'modified',
  changed: 'modified',
  unchanged: 'modified',
  removed: 'removed',
  renamed: 'renamed',
} as const satisfies Record<string, ChangedFile['status']>;

const viewOf = (p: GithubPull): PullRequest => ({
  number: p.number,
  title: p.title,
  author: p.user?.login ?? 'ghost',
  base: { branch: p.base.ref, sha: p.base.sha },
  head: { branch: p.head.ref, sha: p.head.sha },
  fork: p.head.repo?.full_name !== p.base.repo?.full_name,
  labels: p.labels.map((l) => l.name),
  draft: p.draft ?? false,
  state: p.merged_at ? 'merged' : p.state === 'open' ? 'open' : 'closed',
  url: p.html_url,
  openedAt: Date.parse(p.created_at),
});

const fileOf = ({
  filename,
  status,
  previous_filename: previous,
}: z.infer<typeof fileSchema>): ChangedFile => ({
  path: filename,
  status: STATUS[status as keyof typeof STATUS] ?? 'modified',
  ...(previous ? { previous } : {}),
});

/** `gh-readonly-queue/main/pr-12-<sha>`: the pull request that a merge group is of. */
const pullOfGroup = (ref: string): number | null => {
  const match = /\/pr-(\d+)-[0-9a-f]+$/.exec(ref);
  return match ? Number(match[1]) : null;
};

/**
 * GitHub over its REST API. As an App it posts a check run, which alone a ruleset can require of us;
 * with a token, a commit status. Beside it one comment that is kept up to date.
 */
export function githubForge(options: GithubOptions): ForgePort {
  const branches = options.branches ?? [options.branch];
  const api = githubApi(options);
  const { owner, once, get, all } = api;
  const posts = githubPosts(api, options.auth, options.now ?? Date.now);
  const remember = remembering();

  /** One commit on top of the base branch with these texts: a tree, a commit, and the branch moved to it. */
  async function writeBranch({ branch, base, files, title }: WantedChange): ForgeResult<null> {
    const onto = await once('GET /repos/{owner}/{repo}/git/ref/{ref}', { ref: `heads/${base}` }, refSchema);
    if (!onto.ok) return onto;
    const parent = onto.value.object.sha;
    const commit = await once(
      'GET /repos/{owner}/{repo}/git/commits/{commit_sha}',
      { commit_sha: parent },
      gitCommitSchema,
    );
    if (!commit.ok) return commit;
    const entries = Object.entries(files).map(([path, content]) => ({
      path,
      mode: '100644',
      type: 'blob',
      content,
    }));
    const tree = await once(
      'POST /repos/{owner}/{repo}/git/trees',
      { base_tree: commit.value.tree.sha, tree: entries },
      gitTreeSchema,
    );
    if (!tree.ok) return tree;
    const made = await once(
      'POST /repos/{owner}/{repo}/git/commits',
      { message: title, tree: tree.value.sha, parents: [parent] },
      gitCommitSchema,
    );
    if (!made.ok) return made;
    const standing = await once(
      'GET /repos/{owner}/{repo}/git/ref/{ref}',
      { ref: `heads/${branch}` },
      refSchema,
    );
    if (!standing.ok && standing.error.code !== 'NOT_FOUND') return standing;
    const moved = standing.ok
      ? await once(
          'PATCH /repos/{owner}/{repo}/git/refs/{ref}',
          { ref: `heads/${branch}`, sha: made.value.sha, force: true },
          z.unknown(),
        )
      : await once(
          'POST /repos/{owner}/{repo}/git/refs',
          { ref: `refs/heads/${branch}`, sha: made.value.sha },
          z.unknown(),
        );
    return moved.ok ? ok(null) : moved;
  }

  const treeAt: ReadTree = async (sha) => {
    const found = await get('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', { tree_sha: sha }, treeSchema);
    if (!found.ok) return found;
    return found.value.truncated
      ? unavailable('git/trees', 'a folder holds too many files')
      : ok(found.value.tree);
  };

  /**
   * What a head adds to its base, of exactly these two commits: the list that GitHub keeps with a pull request is
   * that of its present head. A comparison lists so many files; where there are more the two trees are compared.
   */
  async function filesBetween({ base, head }: PullRequest): ForgeResult<ChangedFiles> {
    const compared = await get(
      'GET /repos/{owner}/{repo}/compare/{basehead}',
      { basehead: `${base.sha}...${head.sha}` },
      compareSchema,
    );
    if (!compared.ok) return compared;
    const files = (compared.value.files ?? []).map(fileOf);
    if (files.length < COMPARED_FILES) return ok({ files, complete: true });
    return treeChanges(treeAt, compared.value.merge_base_commit.sha, head.sha);
  }

  return {
    kind: 'github',
    async pull(number) {
      const found = await get(
        'GET /repos/{owner}/{repo}/pulls/{pull_number}',
        { pull_number: number },
        pullSchema,
      );
      return found.ok ? ok(viewOf(found.value)) : found;
    },
    async openPulls() {
      const found = await all(
        'GET /repos/{owner}/{repo}/pulls',
        { state: 'open', ...(branches.length === 1 ? { base: branches[0] } : {}) },
        pullSchema,
        10_000,
      );
      if (!found.ok) return found;
      return ok(found.value.map(viewOf).filter((p) => branches.includes(p.base.branch)));
    },
    files: (pull) => remember(`${pull.base.sha}...${pull.head.sha}`, () => filesBetween(pull)),
    async text(sha, path) {
      const found = await get('GET /repos/{owner}/{repo}/contents/{path}', { path, ref: sha }, contentSchema);
      if (!found.ok) return found.error.code === 'NOT_FOUND' ? ok(null) : found;
      const { encoding, content } = found.value;
      return encoding === 'base64'
        ? ok(Buffer.from(content, 'base64').toString('utf8'))
        : fail({ code: 'INVALID', message: `${path} is larger than a megabyte` });
    },
    async list(sha, folder) {
      const found = await get(
        'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
        { tree_sha: sha, recursive: '1' },
        treeSchema,
      );
      if (!found.ok) return found;
      if (found.value.truncated) return unavailable('git/trees', 'the repository holds too many files');
      const below = folder ? `${folder}/` : '';
      return ok(
        found.value.tree.filter((t) => t.type === 'blob' && t.path.startsWith(below)).map((t) => t.path),
      );
    },
    report: posts.report,
    comment: posts.comment,
    async open({ title, body, base, head }) {
      const made = await once('POST /repos/{owner}/{repo}/pulls', { title, body, base, head }, pullSchema);
      return made.ok ? ok(viewOf(made.value)) : made;
    },
    async propose(change) {
      return api.retry(async (): ForgeResult<PullRequest> => {
        const written = await writeBranch(change);
        if (!written.ok) return written;
        const { title, body, base, branch, labels } = change;
        const open = await once(
          'GET /repos/{owner}/{repo}/pulls',
          { state: 'open', base, head: `${owner}:${branch}` },
          z.array(pullSchema),
        );
        if (!open.ok) return open;
        const [standing] = open.value;
        const done = standing
          ? await once(
              'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
              { pull_number: standing.number, title, body },
              pullSchema,
            )
          : await once('POST /repos/{owner}/{repo}/pulls', { title, body, base, head: branch }, pullSchema);
        if (!done.ok) return done;
        if (labels.length > 0) {
          const labelled = await once(
            'POST /repos/{owner}/{repo}/issues/{issue_number}/labels',
            { issue_number: done.value.number, labels: [...labels] },
            z.unknown(),
          );
          if (!labelled.ok) return labelled;
        }
        return ok(viewOf(done.value));
      });
    },
    async withdraw(pull, why) {
      const told = await once(
        'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
        { issue_number: pull.number, body: why },
        z.unknown(),
      );
      if (!told.ok) return told;
      const done = await once(
        'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
        { pull_number: pull.number, state: 'closed' },
        z.unknown(),
      );
      return done.ok ? ok(null) : done;
    },
    async merge(pull) {
      const done = await once(
        'PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge',
        { pull_number: pull.number, sha: pull.head.sha },
        z.unknown(),
      );
      return done.ok ? ok('merged') : done;
    },
    hint(headers, body): Result<ForgeHint, ForgeFailure> {
      const signature = headers['x-hub-signature-256']?.replace(/^sha256=/, '');
      if (!signed(options.webhookSecret, body, signature)) return badSignature;
      const delivery = deliveryOf(body);
      if (!delivery.ok) return delivery;
      const parsed = deliverySchema.safeParse(delivery.value);
      if (!parsed.success) return fail({ code: 'INVALID', message: 'the delivery is not as documented' });
      const { pull_request: pull, merge_group: group, ref, action, sha, context } = parsed.data;
      const id = headers['x-github-delivery'] ?? '';
      if (group)
        return ok({
          kind: action === 'checks_requested' ? 'merge-group' : 'other',
          pull: pullOfGroup(group.head_ref),
          headSha: group.head_sha,
          baseSha: group.base_sha,
          delivery: id,
        });
      if (!pull && sha !== undefined && context !== undefined)
        return ok({ kind: 'status', pull: null, headSha: sha, baseSha: null, delivery: id });
      const number = pull?.number ?? null;
      const kind = number !== null ? 'pull' : ref ? 'push' : 'other';
      return ok({ kind, pull: number, headSha: null, baseSha: null, delivery: id });
    },
  };
}
