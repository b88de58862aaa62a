import { z } from 'zod';
import { fail, ok, type Result } from '../../../kit/result.ts';
import type { ForgeFailure, ForgePort, ForgeResult, PullRequest, WantedChange } from '../../forge.ts';
import { badSignature, deliveryOf, signed } from '../forge-http/calls.ts';
import { remembering } from '../forge-http/tree-changes.ts';
import { type GiteaAccess, giteaApi } from './api.ts';
import { giteaPosts } from './posts.ts';
import { contentSchema, deliverySchema, pullSchema, pullsSchema } from './schemas.ts';
import { filesBetween, pathsBelow } from './trees.ts';

export interface GiteaOptions extends GiteaAccess {
  readonly branch: string;
  /** Every branch that pull requests may merge into; that one where left out. */
  readonly branches?: readonly string[];
  readonly webhookSecret: string;
  readonly now?: () => number;
}

const viewOf = (p: z.infer<typeof pullSchema>): PullRequest => ({
  number: p.number,
  title: p.title,
  author: p.user.login,
  base: { branch: p.base.ref, sha: p.base.sha },
  head: { branch: p.head.ref, sha: p.head.sha },
  fork: p.head.repo?.full_name !== p.base.repo?.full_name,
  labels: (p.labels ?? []).map((l) => l.name),
  draft: p.draft ?? false,
  state: p.merged ? 'merged' : p.state === 'open' ? 'open' : 'closed',
  url: p.html_url,
  openedAt: Date.parse(p.created_at),
});

/** Gitea finds out in the background whether a pull request can be merged, and until then refuses with this. */
const LATER = /try again later/i;
const MERGE_ATTEMPTS = 6;

/** Gitea over its REST API: a commit status and one comment that is kept up to date. */
export function giteaForge(options: GiteaOptions): ForgePort {
  const branches = options.branches ?? [options.branch];
  const api = giteaApi(options);
  const { once, get, pages } = api;
  const posts = giteaPosts(api, options.now ?? Date.now);
  const remember = remembering();

  const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
  const missing = (result: Result<unknown, ForgeFailure>): boolean =>
    !result.ok && result.error.code === 'NOT_FOUND';

  /** The open pull request of a branch of ours. */
  async function openOf(branch: string): ForgeResult<z.infer<typeof pullSchema> | undefined> {
    const open = await pages('/pulls?state=open', pullsSchema, 10_000);
    // A fork may have a branch of the same name: what it asks for is not ours.
    return open.ok ? ok(open.value.items.find((p) => p.head.ref === branch && !viewOf(p).fork)) : open;
  }

  /** Whether an open proposal says already what it should, on files that its base has not changed since. */
  async function saysSo(
    { files }: WantedChange,
    open: z.infer<typeof pullSchema> | undefined,
  ): ForgeResult<boolean> {
    if (!open?.merge_base) return ok(false);
    for (const [path, wanted] of Object.entries(files)) {
      const texts: (string | null)[] = [];
      for (const sha of [open.merge_base, open.base.sha, open.head.sha]) {
        const found = await textAt(sha, path);
        if (!found.ok) return found;
        texts.push(found.value);
      }
      const [then, now, asked] = texts;
      if (then !== now || asked !== wanted) return ok(false);
    }
    return ok(true);
  }

  /**
   * The branch as it should be: one commit on its base. It is pushed over what was there and never deleted first:
   * Gitea closes what is open on a deleted branch some time later, and by then that may be the next proposal.
   */
  async function writeBranch({ branch, base, files, title }: WantedChange): ForgeResult<null> {
    const changes: object[] = [];
    for (const [path, text] of Object.entries(files)) {
      const at = `/contents/${encoded(path)}?ref=${encodeURIComponent(base)}`;
      const there = await once('GET', at, contentSchema);
      if (!there.ok && !missing(there)) return there;
      const how = there.ok ? { operation: 'update', sha: there.value.sha } : { operation: 'create' };
      changes.push({ ...how, path, content: Buffer.from(text, 'utf8').toString('base64') });
    }
    const body = { branch: base, new_branch: branch, force_push: true, message: title, files: changes };
    const done = await once('POST', '/contents', z.unknown(), body);
    return done.ok ? ok(null) : done;
  }

  const textAt = async (sha: string, path: string): ForgeResult<string | null> => {
    const found = await get(`/raw/${encoded(path)}?ref=${sha}`, z.string());
    return found.ok ? found : found.error.code === 'NOT_FOUND' ? ok(null) : found;
  };

  return {
    kind: 'gitea',
    async pull(number) {
      const found = await get(`/pulls/${number}`, pullSchema);
      return found.ok ? ok(viewOf(found.value)) : found;
    },
    async openPulls() {
      const found = await pages('/pulls?state=open', pullsSchema, 10_000);
      if (!found.ok) return found;
      return ok(found.value.items.map(viewOf).filter((p) => branches.includes(p.base.branch)));
    },
    files: (pull) => remember(`${pull.base.sha}...${pull.head.sha}`, () => filesBetween(api, pull)),
    text: textAt,
    list: (sha, folder) => pathsBelow(api, sha, folder),
    report: posts.report,
    comment: posts.comment,
    async open(wanted) {
      const { title, body, base, head } = wanted;
      const made = await once('POST', '/pulls', pullSchema, { title, body, base, head });
      return made.ok ? ok(viewOf(made.value)) : made;
    },
    async propose(change) {
      return api.retry(async (): ForgeResult<PullRequest> => {
        const open = await openOf(change.branch);
        if (!open.ok) return open;
        const said = await saysSo(change, open.value);
        if (!said.ok) return said;
        const written = said.value ? ok(null) : await writeBranch(change);
        if (!written.ok) return written;
        const still = await openOf(change.branch);
        if (!still.ok) return still;
        const { title, body, base, branch } = change;
        const done = still.value
          ? await once('PATCH', `/pulls/${still.value.number}`, pullSchema, { title, body })
          : await once('POST', '/pulls', pullSchema, { title, body, base, head: branch });
        return done.ok ? ok(viewOf(done.value)) : done;
      });
    },
    async withdraw(pull, why) {
      const told = await once('POST', `/issues/${pull.number}/comments`, z.unknown(), { body: why });
      if (!told.ok) return told;
      const done = await once('PATCH', `/pulls/${pull.number}`, z.unknown(), { state: 'closed' });
      return done.ok ? ok(null) : done;
    },
    async merge(pull) {
      const path = `/pulls/${pull.number}`;
      const body = { Do: 'merge', head_commit_id: pull.head.sha };
      return api.retry(async (): ForgeResult<'merged'> => {
        const there = await once('GET', path, pullSchema);
        if (!there.ok) return there;
        if (there.value.merged) return ok('merged');
        const done = await once('POST', `${path}/merge`, z.unknown(), body);
        if (done.ok) return ok('merged');
        return LATER.test(done.error.message) ? fail({ ...done.error, code: 'UNAVAILABLE' }) : done;
      }, MERGE_ATTEMPTS);
    },
    hint(headers, body) {
      if (!signed(options.webhookSecret, body, headers['x-gitea-signature'])) return badSignature;
      const delivery = deliveryOf(body);
      if (!delivery.ok) return delivery;
      const parsed = deliverySchema.safeParse(delivery.value);
      if (!parsed.success) return fail({ code: 'INVALID', message: 'the delivery is not as documented' });
      // A comment is no ground of a decision, and the one that is kept up to date is our own.
      const pull = parsed.data.comment ? null : (parsed.data.pull_request?.number ?? null);
      const { ref, sha, context } = parsed.data;
      const status = pull === null && sha !== undefined && context !== undefined;
      return ok({
        kind: pull !== null ? 'pull' : status ? 'status' : ref ? 'push' : 'other',
        pull,
        headSha: status ? sha : null,
        baseSha: null,
        delivery: headers['x-gitea-delivery'] ?? '',
      });
    },
  };
}
