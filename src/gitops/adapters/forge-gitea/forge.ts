import { request } from 'undici';
import { z } from 'zod';
import { fail, ok, type Result } from '../../../kit/result.ts';
import {
  type ChangedFile,
  type CheckReport,
  COMMENT_MARK,
  type ForgeFailure,
  type ForgePort,
  type ForgeResult,
  MAX_FILES,
  type PullRequest,
  postNeeded,
} from '../../forge.ts';
import { badSignature, deliveryOf, failureOf, retrying, signed, unavailable } from '../forge-http/calls.ts';
import {
  commentsSchema,
  deliverySchema,
  filesSchema,
  messageSchema,
  pullSchema,
  pullsSchema,
  statusesSchema,
  treeSchema,
} from './schemas.ts';

export interface GiteaOptions {
  readonly address: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly branch: string;
  readonly token: string;
  readonly webhookSecret: string;
  readonly timeoutMs?: number;
  readonly retryMs?: number;
}

const TIMEOUT_MS = 10_000;
const PAGE = 50;
const MAX_PAGES = 200;
const STATUS = {
  added: 'added',
  changed: 'modified',
  modified: 'modified',
  deleted: 'removed',
  renamed: 'renamed',
} as const satisfies Record<string, ChangedFile['status']>;

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

/** A mark that fits into a status: Gitea keeps nothing else beside it. */
const markedTitle = (report: CheckReport): string => `${report.title} [${report.evaluatedAt} ${report.key}]`;
const markOf = (description: string | null | undefined): string | null =>
  /\[(\d+ \S+)\]$/.exec(description ?? '')?.[1] ?? null;

/** Gitea over its REST API: a commit status and one comment that is kept up to date. */
export function giteaForge(options: GiteaOptions): ForgePort {
  const root = `${options.address}/api/v1/repos/${options.repository}`;

  async function once<T>(
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    schema: z.ZodType<T>,
    body?: object,
  ): Promise<Result<T, ForgeFailure>> {
    const what = `${method} ${path.split('?')[0]}`;
    try {
      const answer = await request(`${root}${path}`, {
        method,
        headers: {
          authorization: `token ${options.token}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
      });
      const text = await answer.body.text();
      if (answer.statusCode >= 300) {
        const said = messageSchema.safeParse(safely(text));
        return fail(
          failureOf(
            answer.statusCode,
            `${what}: ${said.success ? said.data.message : answer.statusCode}`,
            answer.headers,
          ),
        );
      }
      const parsed = schema.safeParse(
        typeof text === 'string' && schema instanceof z.ZodString ? text : safely(text),
      );
      return parsed.success ? ok(parsed.data) : unavailable(what, 'the answer is not as documented');
    } catch (thrown) {
      return unavailable(what, thrown);
    }
  }
  const get = <T>(path: string, schema: z.ZodType<T>) =>
    retrying(() => once('GET', path, schema), options.retryMs);

  /** All pages of a list, up to a bound. */
  async function pages<T>(
    path: string,
    schema: z.ZodType<T[]>,
    most: number,
  ): ForgeResult<{ items: T[]; all: boolean }> {
    const items: T[] = [];
    for (let page = 1; page <= MAX_PAGES; page++) {
      const join = path.includes('?') ? '&' : '?';
      const answer = await get(`${path}${join}page=${page}&limit=${PAGE}`, schema);
      if (!answer.ok) return answer;
      items.push(...answer.value);
      if (items.length > most) return ok({ items: items.slice(0, most), all: false });
      if (answer.value.length < PAGE) return ok({ items, all: true });
    }
    return ok({ items, all: false });
  }

  async function comment(pull: PullRequest, text: string): ForgeResult<null> {
    return retrying(async () => {
      const found = await once('GET', `/issues/${pull.number}/comments`, commentsSchema);
      if (!found.ok) return found;
      const mine = found.value.find((c) => c.body.startsWith(COMMENT_MARK));
      if (mine?.body === text) return ok(null);
      const done = mine
        ? await once('PATCH', `/issues/comments/${mine.id}`, z.unknown(), { body: text })
        : await once('POST', `/issues/${pull.number}/comments`, z.unknown(), { body: text });
      return done.ok ? ok(null) : done;
    }, options.retryMs);
  }

  return {
    kind: 'gitea',
    async pull(number) {
      const found = await get(`/pulls/${number}`, pullSchema);
      return found.ok ? ok(viewOf(found.value)) : found;
    },
    async openPulls() {
      const found = await pages('/pulls?state=open', pullsSchema, 10_000);
      if (!found.ok) return found;
      return ok(found.value.items.map(viewOf).filter((p) => p.base.branch === options.branch));
    },
    async files(pull) {
      const found = await pages(`/pulls/${pull.number}/files`, filesSchema, MAX_FILES);
      if (!found.ok) return found;
      const files = found.value.items.map(
        ({ filename, status, previous_filename: previous }): ChangedFile => ({
          path: filename,
          status: STATUS[status as keyof typeof STATUS] ?? 'modified',
          ...(previous ? { previous } : {}),
        }),
      );
      return ok({ files, complete: found.value.all });
    },
    async text(sha, path) {
      const found = await get(
        `/raw/${path.split('/').map(encodeURIComponent).join('/')}?ref=${sha}`,
        z.string(),
      );
      return found.ok ? found : found.error.code === 'NOT_FOUND' ? ok(null) : found;
    },
    async list(sha, folder) {
      const found = await get(`/git/trees/${sha}?recursive=true&per_page=10000`, treeSchema);
      if (!found.ok) return found;
      if (found.value.truncated) return unavailable('git/trees', 'the repository holds too many files');
      const below = folder ? `${folder}/` : '';
      return ok(
        (found.value.tree ?? [])
          .filter((t) => t.type === 'blob' && t.path.startsWith(below))
          .map((t) => t.path),
      );
    },
    report: async (pull, report) => {
      const posted = await retrying(async (): ForgeResult<'posted' | 'unchanged' | 'superseded'> => {
        const found = await once(
          'GET',
          `/commits/${report.headSha}/statuses?sort=recentupdate`,
          statusesSchema,
        );
        if (!found.ok) return found;
        // Several may be of one second: the highest number is the newest.
        const [standing] = found.value.filter((s) => s.context === report.check).sort((a, b) => b.id - a.id);
        const needed = postNeeded(markOf(standing?.description), report);
        if (needed !== 'post') return ok(needed);
        const body = {
          context: report.check,
          state: report.state,
          description: markedTitle(report),
          target_url: report.detailsUrl ?? '',
        };
        const done = await once('POST', `/statuses/${report.headSha}`, z.unknown(), body);
        return done.ok ? ok('posted') : done;
      }, options.retryMs);
      if (!posted.ok || posted.value === 'superseded') return posted;
      const told = await comment(pull, report.summary);
      return told.ok ? posted : told;
    },
    async open(wanted) {
      const { title, body, base, head } = wanted;
      const made = await once('POST', '/pulls', pullSchema, { title, body, base, head });
      return made.ok ? ok(viewOf(made.value)) : made;
    },
    async merge(pull) {
      const body = { Do: 'merge', head_commit_id: pull.head.sha };
      const done = await once('POST', `/pulls/${pull.number}/merge`, z.unknown(), body);
      return done.ok ? ok('merged') : done;
    },
    hint(headers, body) {
      if (!signed(options.webhookSecret, body, headers['x-gitea-signature'])) return badSignature;
      const delivery = deliveryOf(body);
      if (!delivery.ok) return delivery;
      const parsed = deliverySchema.safeParse(delivery.value);
      if (!parsed.success) return fail({ code: 'INVALID', message: 'the delivery is not as documented' });
      const pull = parsed.data.pull_request?.number ?? null;
      return ok({
        kind: pull !== null ? 'pull' : parsed.data.ref ? 'push' : 'other',
        pull,
        headSha: null,
        baseSha: null,
        delivery: headers['x-gitea-delivery'] ?? '',
      });
    },
  };
}

/** JSON, or the text itself where it is none: an answer may be half of one. */
function safely(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
