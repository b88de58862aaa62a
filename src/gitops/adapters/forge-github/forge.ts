import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { z } from 'zod';
import { fail, ok, type Result } from '../../../kit/result.ts';
import {
  type ChangedFile,
  type CheckReport,
  COMMENT_MARK,
  type ForgeFailure,
  type ForgeHint,
  type ForgePort,
  type ForgeResult,
  MAX_FILES,
  outcomeMark,
  type PullRequest,
  postMark,
  postNeeded,
  type WantedChange,
} from '../../forge.ts';
import { badSignature, deliveryOf, failureOf, retrying, signed, unavailable } from '../forge-http/calls.ts';
import {
  checkRunSchema,
  checkRunsSchema,
  commentSchema,
  compareSchema,
  contentSchema,
  deliverySchema,
  fileSchema,
  type GithubPull,
  gitCommitSchema,
  gitTreeSchema,
  pullSchema,
  refSchema,
  statusesSchema,
  treeSchema,
} from './schemas.ts';

export interface GithubOptions {
  readonly address: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly branch: string;
  /** Every branch that pull requests may merge into; that one where left out. */
  readonly branches?: readonly string[];
  readonly auth:
    | { readonly token: string }
    | { readonly appId: number; readonly installation: number; readonly privateKey: string };
  readonly webhookSecret: string;
  readonly timeoutMs?: number;
  readonly retryMs?: number;
  /** For tests: another way to reach the address. */
  readonly fetch?: typeof fetch;
}

const TIMEOUT_MS = 10_000;
/** GitHub takes so many annotations a call, and lists so many files of a comparison. */
const ANNOTATIONS_A_CALL = 50;
const COMPARED_FILES = 300;
const SUMMARY_BYTES = 60_000;
const API_VERSION = '2022-11-28';
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

const conclusionOf = { success: 'success', failure: 'failure', pending: 'neutral' } as const;
const short = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

interface RequestFailure {
  readonly status?: number;
  readonly message?: string;
  readonly response?: { readonly headers?: Record<string, unknown> };
}

/**
 * GitHub over its REST API. As an App it posts a check run, which alone a ruleset can require of us;
 * with a token, a commit status. Beside it one comment that is kept up to date.
 */
export function githubForge(options: GithubOptions): ForgePort {
  const [owner, repo] = options.repository.split('/') as [string, string];
  const branches = options.branches ?? [options.branch];
  const asApp = 'appId' in options.auth;
  let made: Promise<Octokit & { paginate: unknown }> | null = null;
  const Paged = Octokit.plugin(paginateRest);

  async function connect() {
    const auth =
      'appId' in options.auth
        ? {
            authStrategy: (await import('@octokit/auth-app')).createAppAuth,
            auth: {
              appId: options.auth.appId,
              installationId: options.auth.installation,
              privateKey: options.auth.privateKey,
            },
          }
        : { auth: options.auth.token };
    const quiet = () => {};
    return new Paged({
      ...auth,
      baseUrl: options.address,
      userAgent: 'sluice',
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      request: options.fetch ? { fetch: options.fetch } : {},
    });
  }
  const client = () => {
    made ??= connect();
    return made as ReturnType<typeof connect>;
  };

  const parametersOf = (parameters: object) => ({
    owner,
    repo,
    headers: { 'x-github-api-version': API_VERSION },
    request: { signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS) },
    ...parameters,
  });

  function failed(what: string, thrown: unknown): Result<never, ForgeFailure> {
    const { status, message, response } = thrown as RequestFailure;
    return status !== undefined && status >= 400
      ? fail(failureOf(status, `${what}: ${message ?? status}`, response?.headers ?? {}))
      : unavailable(what, thrown);
  }

  /** One call; an answer that is not as documented counts as none. */
  async function once<T>(route: string, parameters: object, schema: z.ZodType<T>): ForgeResult<T> {
    try {
      const answer = await (await client()).request(route, parametersOf(parameters));
      const parsed = schema.safeParse(answer.data);
      return parsed.success ? ok(parsed.data) : unavailable(route, 'the answer is not as documented');
    } catch (thrown) {
      return failed(route, thrown);
    }
  }
  const get = <T>(route: string, parameters: object, schema: z.ZodType<T>) =>
    retrying(() => once(route, parameters, schema), options.retryMs);

  /** All pages of a list, up to a bound. */
  async function all<T>(
    route: string,
    parameters: object,
    schema: z.ZodType<T>,
    most: number,
  ): ForgeResult<T[]> {
    return retrying(async (): ForgeResult<T[]> => {
      try {
        const items: T[] = [];
        const octokit = await client();
        for await (const { data } of octokit.paginate.iterator(
          route as never,
          parametersOf({ per_page: 100, ...parameters }) as never,
        )) {
          const parsed = z.array(schema).safeParse(data);
          if (!parsed.success) return unavailable(route, 'the answer is not as documented');
          items.push(...parsed.data);
          if (items.length >= most) break;
        }
        return ok(items.slice(0, most));
      } catch (thrown) {
        return failed(route, thrown);
      }
    }, options.retryMs);
  }

  async function checkRun(report: CheckReport): ForgeResult<'posted' | 'unchanged' | 'superseded'> {
    const found = await once(
      'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
      { ref: report.headSha, check_name: report.check, filter: 'latest' },
      checkRunsSchema,
    );
    if (!found.ok) return found;
    const [standing] = found.value.check_runs;
    const needed = postNeeded(standing?.external_id, report);
    if (needed !== 'post') return ok(needed);
    const annotations = report.annotations.map(({ path, line, message }) => ({
      path,
      start_line: line,
      end_line: line,
      annotation_level: 'failure' as const,
      message,
    }));
    const output = (part: typeof annotations) => ({
      title: report.title,
      summary: short(report.summary, SUMMARY_BYTES),
      annotations: part,
    });
    const body = {
      name: report.check,
      external_id: postMark(report),
      ...(report.detailsUrl ? { details_url: report.detailsUrl } : {}),
      ...(report.state === 'pending'
        ? { status: 'in_progress' as const }
        : { status: 'completed' as const, conclusion: conclusionOf[report.state] }),
      output: output(annotations.slice(0, ANNOTATIONS_A_CALL)),
    };
    const done = standing
      ? await once(
          'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}',
          { check_run_id: standing.id, ...body },
          checkRunSchema,
        )
      : await once(
          'POST /repos/{owner}/{repo}/check-runs',
          { head_sha: report.headSha, ...body },
          checkRunSchema,
        );
    if (!done.ok) return done;
    for (let at = ANNOTATIONS_A_CALL; at < annotations.length; at += ANNOTATIONS_A_CALL) {
      const more = {
        check_run_id: done.value.id,
        output: output(annotations.slice(at, at + ANNOTATIONS_A_CALL)),
      };
      const added = await once('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', more, checkRunSchema);
      if (!added.ok) return added;
    }
    return ok('posted');
  }

  async function commitStatus(report: CheckReport): ForgeResult<'posted' | 'unchanged' | 'superseded'> {
    const found = await once(
      'GET /repos/{owner}/{repo}/commits/{ref}/statuses',
      { ref: report.headSha, per_page: 100 },
      statusesSchema,
    );
    if (!found.ok) return found;
    const standing = found.value.find((s) => s.context === report.check);
    const mark = /\[(\d+ \S+)\]$/.exec(standing?.description ?? '')?.[1];
    const needed = postNeeded(mark, report);
    if (needed !== 'post') return ok(needed);
    const tail = ` [${postMark(report)}]`;
    const body = {
      sha: report.headSha,
      state: report.state,
      context: report.check,
      description: `${short(report.title, 140 - tail.length)}${tail}`,
      ...(report.detailsUrl ? { target_url: report.detailsUrl } : {}),
    };
    const done = await once('POST /repos/{owner}/{repo}/statuses/{sha}', body, z.unknown());
    return done.ok ? ok('posted') : done;
  }

  async function comment(
    pull: Pick<PullRequest, 'number'>,
    mark: string,
    text: string,
    says: (body: string) => boolean = (body) => body === text,
  ): ForgeResult<null> {
    const found = await all(
      'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
      { issue_number: pull.number },
      commentSchema,
      10_000,
    );
    if (!found.ok) return found;
    const mine = found.value.find((c) => c.body?.startsWith(mark));
    if (mine?.body && says(mine.body)) return ok(null);
    const done = mine
      ? await once(
          'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
          { comment_id: mine.id, body: text },
          z.unknown(),
        )
      : await once(
          'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
          { issue_number: pull.number, body: text },
          z.unknown(),
        );
    return done.ok ? ok(null) : done;
  }

  const tell = (pull: PullRequest, report: CheckReport): ForgeResult<null> => {
    const mark = outcomeMark(report);
    const text = `${short(report.summary, SUMMARY_BYTES - mark.length - 1)}\n${mark}`;
    return comment(pull, COMMENT_MARK, text, (body) => body.includes(mark));
  };

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
    async files(pull) {
      const known = await get(
        'GET /repos/{owner}/{repo}/pulls/{pull_number}',
        { pull_number: pull.number },
        pullSchema,
      );
      if (!known.ok) return known;
      if (known.value.head.sha !== pull.head.sha) {
        // A merge group: what it would add to its own base, which may be others' changes, too.
        const compared = await get(
          'GET /repos/{owner}/{repo}/compare/{basehead}',
          { basehead: `${pull.base.sha}...${pull.head.sha}` },
          compareSchema,
        );
        if (!compared.ok) return compared;
        const files = (compared.value.files ?? []).map(fileOf);
        return ok({ files, complete: files.length < COMPARED_FILES });
      }
      const found = await all(
        'GET /repos/{owner}/{repo}/pulls/{pull_number}/files',
        { pull_number: pull.number },
        fileSchema,
        MAX_FILES,
      );
      if (!found.ok) return found;
      const files = found.value.map(fileOf);
      return ok({ files, complete: files.length === (known.value.changed_files ?? Number.NaN) });
    },
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
        found.value.tree.filter((t) => t.type === 'blob' && t.path?.startsWith(below)).map((t) => t.path!),
      );
    },
    async report(pull, report) {
      // Each try begins by reading what stands: done twice, it leaves one check and one comment.
      const posted = await retrying(() => (asApp ? checkRun(report) : commitStatus(report)), options.retryMs);
      if (!posted.ok || posted.value === 'superseded' || report.headSha !== pull.head.sha) return posted;
      const told = await retrying(() => tell(pull, report), options.retryMs);
      return told.ok ? posted : told;
    },
    comment: (pull, mark, text) =>
      retrying(() => comment(pull, mark, short(`${mark}\n${text}`, SUMMARY_BYTES)), options.retryMs),
    async open({ title, body, base, head }) {
      const made = await once('POST /repos/{owner}/{repo}/pulls', { title, body, base, head }, pullSchema);
      return made.ok ? ok(viewOf(made.value)) : made;
    },
    async propose(change) {
      return retrying(async (): ForgeResult<PullRequest> => {
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
      }, options.retryMs);
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
      const { pull_request: pull, merge_group: group, ref, action } = parsed.data;
      const id = headers['x-github-delivery'] ?? '';
      if (group)
        return ok({
          kind: action === 'checks_requested' ? 'merge-group' : 'other',
          pull: pullOfGroup(group.head_ref),
          headSha: group.head_sha,
          baseSha: group.base_sha,
          delivery: id,
        });
      const number = pull?.number ?? null;
      const kind = number !== null ? 'pull' : ref ? 'push' : 'other';
      return ok({ kind, pull: number, headSha: null, baseSha: null, delivery: id });
    },
  };
}
