import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { commitOnto, git } from '../../../src/gitops/adapters/git/program.ts';
import { type TestRepository, WHO } from './repository.ts';

type Json = Record<string, unknown>;
interface Operation {
  readonly parameters?: unknown;
  readonly requestBody?: unknown;
  readonly responses: Record<
    string,
    { content?: Record<string, { examples?: Record<string, { value: Json }>; schema?: object }> }
  >;
}

/** The calls that our adapter makes: everything else is unexpected. */
const USED: Readonly<Record<string, readonly string[]>> = {
  '/repos/{owner}/{repo}/pulls/{pull_number}': ['get', 'patch'],
  '/repos/{owner}/{repo}/git/ref/{ref}': ['get'],
  '/repos/{owner}/{repo}/git/refs': ['post'],
  '/repos/{owner}/{repo}/git/refs/{ref}': ['patch'],
  '/repos/{owner}/{repo}/git/commits/{commit_sha}': ['get'],
  '/repos/{owner}/{repo}/git/commits': ['post'],
  '/repos/{owner}/{repo}/git/trees': ['post'],
  '/repos/{owner}/{repo}/issues/{issue_number}/labels': ['post'],
  '/repos/{owner}/{repo}/pulls': ['get', 'post'],
  '/repos/{owner}/{repo}/pulls/{pull_number}/files': ['get'],
  '/repos/{owner}/{repo}/pulls/{pull_number}/merge': ['put'],
  '/repos/{owner}/{repo}/git/trees/{tree_sha}': ['get'],
  '/repos/{owner}/{repo}/compare/{basehead}': ['get'],
  '/repos/{owner}/{repo}/commits/{ref}/check-runs': ['get'],
  '/repos/{owner}/{repo}/check-runs': ['post'],
  '/repos/{owner}/{repo}/check-runs/{check_run_id}': ['patch'],
  '/repos/{owner}/{repo}/commits/{ref}/statuses': ['get'],
  '/repos/{owner}/{repo}/statuses/{sha}': ['post'],
  '/repos/{owner}/{repo}/issues/{issue_number}/comments': ['get', 'post'],
  '/repos/{owner}/{repo}/issues/comments/{comment_id}': ['patch'],
  '/repos/{owner}/{repo}/contents/{path}': ['get'],
  '/app/installations/{installation_id}/access_tokens': ['post'],
  '/user': ['get'],
  '/app': ['get'],
};

/** GitHub's own description, cut to the calls we make. */
export function githubDescription(): {
  openapi: string;
  info: object;
  servers: object[];
  paths: Record<string, Json>;
} {
  const file = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.deref.json');
  const whole = JSON.parse(readFileSync(file, 'utf8')) as {
    openapi: string;
    info: object;
    paths: Record<string, Record<string, Operation>>;
  };
  const paths = Object.fromEntries(
    Object.entries(USED).map(([path, methods]) => [
      path,
      Object.fromEntries(methods.map((method) => [method, whole.paths[path]![method] as unknown])),
    ]),
  );
  return { openapi: whole.openapi, info: whole.info, servers: [{ url: '/' }], paths };
}

interface FakePull {
  readonly number: number;
  title: string;
  readonly head: string;
  readonly base: string;
  labels: string[];
  state: 'open' | 'closed';
  mergedAt: string | null;
  /** Once it ended. */
  ended: { head: string; base: string } | null;
  /** Its head lies in a fork. */
  fork: boolean;
}
interface CheckRun extends Json {
  readonly id: number;
  readonly head_sha: string;
  readonly name: string;
  readonly app: Json;
}
interface Status {
  readonly context: string;
  readonly state: string;
  readonly description: string;
}
interface Person {
  readonly id: number;
  readonly login: string;
}

/** Who asks, by the token: a person's, that of our App's installation, or one that a workflow runs with. */
const PEOPLE: Readonly<Record<string, Person>> = {
  ghp_token: { id: 71, login: 'sluice-bot' },
  ghp_stranger: { id: 72, login: 'mallory' },
  ghs_installation: { id: 73, login: 'sluice-gate[bot]' },
  ghs_workflow: { id: 74, login: 'github-actions[bot]' },
};
/** Our App's number, and that of one which may write checks, too. */
export const OUR_APP = 7;
const OTHER_APP = 8;

const SECRET = 'hook-secret';
const OWNER = 'acme';
const REPO = 'shop';

export interface GithubFake {
  readonly address: string;
  readonly secret: string;
  readonly pulls: FakePull[];
  /** Calls that nobody described. */
  readonly unexpected: string[];
  readonly calls: string[];
  label(number: number, labels: readonly string[]): void;
  states(sha: string): Record<string, string>;
  comments(number: number): string[];
  runs(): readonly CheckRun[];
  /** What somebody else posts: a status as a person, a check run as another App. */
  stranger: {
    readonly login: string;
    status(commit: string, state: string, mark: string): void;
    run(commit: string, conclusion: string, mark: string): void;
    /** Under other names than ours. */
    others(commit: string, count: number): void;
    comment(number: number, body: string): void;
  };
  delivery(event: object, id?: string): { headers: Record<string, string>; body: string };
  close(): Promise<void>;
}

/**
 * GitHub as far as our calls go, over a bare repository: what it answers has the shape of GitHub's own
 * examples, and Prism compares both directions with GitHub's description.
 */
export async function startGithubFake(repository: TestRepository, check: string): Promise<GithubFake> {
  const description = githubDescription();
  const example = (path: string, method: string, status: string): Json => {
    const operation = (description.paths[path] as unknown as Record<string, Operation>)[method]!;
    const content = Object.values(operation.responses[status]?.content ?? {})[0];
    const found = Object.values(content?.examples ?? {})[0]?.value;
    return structuredClone(found ?? {});
  };
  const one = <T>(value: T | T[]): T => (Array.isArray(value) ? value[0]! : value);
  const shapes = {
    pull: example('/repos/{owner}/{repo}/pulls/{pull_number}', 'get', '200'),
    listed: one(example('/repos/{owner}/{repo}/pulls', 'get', '200') as unknown as Json[]),
    file: one(example('/repos/{owner}/{repo}/pulls/{pull_number}/files', 'get', '200') as unknown as Json[]),
    run: example('/repos/{owner}/{repo}/check-runs', 'post', '201'),
    status: example('/repos/{owner}/{repo}/statuses/{sha}', 'post', '201'),
    comment: example('/repos/{owner}/{repo}/issues/{issue_number}/comments', 'post', '201'),
    compare: example('/repos/{owner}/{repo}/compare/{basehead}', 'get', '200'),
    merged: example('/repos/{owner}/{repo}/pulls/{pull_number}/merge', 'put', '200'),
    content: example('/repos/{owner}/{repo}/contents/{path}', 'get', '200'),
    ref: example('/repos/{owner}/{repo}/git/ref/{ref}', 'get', '200'),
    commit: example('/repos/{owner}/{repo}/git/commits/{commit_sha}', 'get', '200'),
    tree: example('/repos/{owner}/{repo}/git/trees', 'post', '201'),
    token: example('/app/installations/{installation_id}/access_tokens', 'post', '201'),
    user: example('/user', 'get', '200'),
    app: example('/app', 'get', '200'),
  };
  const bare = repository.remote;
  const pulls: FakePull[] = [];
  const runs: CheckRun[] = [];
  const statuses = new Map<string, (Status & { creator: Json })[]>();
  const comments = new Map<number, { id: number; body: string; user: Json }[]>();
  const unexpected: string[] = [];
  const calls: string[] = [];
  let ids = 100;
  const sha = async (ref: string): Promise<string> => (await git(bare, ['rev-parse', ref])).trim();

  const asUser = (shape: Json, person: Person): Json => ({
    ...((shape['user'] ?? shape['creator']) as Json),
    ...person,
  });
  const personOf = (authorization = ''): Person =>
    PEOPLE[authorization.replace(/^(token|bearer) /i, '')] ?? PEOPLE['ghs_installation']!;
  const addStatus = (commit: string, { context, state, description }: Status, person: Person) => {
    const made = { context, state, description, creator: asUser(shapes.status, person) };
    statuses.set(commit, [made, ...(statuses.get(commit) ?? [])]);
    return made;
  };
  const addComment = (number: number, body: string, person: Person) => {
    const made = { id: ++ids, body, user: asUser(shapes.comment, person) };
    comments.set(number, [...(comments.get(number) ?? []), made]);
    return made;
  };
  const addRun = (given: Json, app: number): CheckRun => {
    const fresh = {
      ...shapes.run,
      id: ++ids,
      head_sha: String(given['head_sha']),
      name: String(given['name']),
      app: { ...(shapes.run['app'] as Json), id: app },
    };
    const made = runOf({ ...fresh, output: {} } as unknown as CheckRun, given);
    runs.push(made);
    return made;
  };

  const sides = async (pull: FakePull) =>
    pull.ended ?? { head: await sha(`refs/heads/${pull.head}`), base: await sha(`refs/heads/${pull.base}`) };

  async function pullOf(pull: FakePull, shape: Json): Promise<Json> {
    const at = await sides(pull);
    const side = (which: 'head' | 'base', ref: string, commit: string) => {
      const given = shape[which] as Json;
      const repo = {
        ...(given['repo'] as Json),
        full_name: which === 'head' && pull.fork ? 'stranger/shop' : `${OWNER}/${REPO}`,
      };
      return { ...given, ref, sha: commit, label: `${OWNER}:${ref}`, repo };
    };
    const files = (await changed(at.base, at.head)).length;
    return {
      ...shape,
      number: pull.number,
      title: pull.title,
      state: pull.state,
      draft: false,
      requested_teams: [],
      merged_at: pull.mergedAt,
      ...('merged' in shape ? { merged: pull.mergedAt !== null } : {}),
      ...('changed_files' in shape ? { changed_files: files } : {}),
      labels: pull.labels.map((name, i) => ({ ...(shape['labels'] as Json[])[0], id: i + 1, name })),
      head: side('head', pull.head, at.head),
      base: side('base', pull.base, at.base),
    };
  }

  async function changed(base: string, head: string): Promise<Json[]> {
    const text = await git(bare, ['diff', '--name-status', '-z', '-M', `${base}...${head}`]);
    const words = text.split('\0');
    const files: Json[] = [];
    for (let i = 0; i + 1 < words.length; ) {
      const letter = words[i]!.charAt(0);
      const renamed = letter === 'R';
      files.push({
        ...shapes.file,
        filename: renamed ? words[i + 2]! : words[i + 1]!,
        ...(renamed ? { previous_filename: words[i + 1]! } : {}),
        status: { A: 'added', D: 'removed', R: 'renamed' }[letter] ?? 'modified',
      });
      i += renamed ? 3 : 2;
    }
    return files;
  }

  /** A page, and where the next one is, as GitHub says it. */
  function paged(items: Json[], url: URL): { body: Json[]; headers: Record<string, string> } {
    const size = Number(url.searchParams.get('per_page') ?? 30);
    const page = Number(url.searchParams.get('page') ?? 1);
    const next = new URL(url);
    next.searchParams.set('page', String(page + 1));
    const more = items.length > page * size;
    return {
      body: items.slice((page - 1) * size, page * size),
      headers: more ? { link: `<${next.href}>; rel="next"` } : {},
    };
  }

  const runOf = (run: CheckRun, given: Json): CheckRun => ({
    ...run,
    ...given,
    id: run.id,
    head_sha: run.head_sha,
    name: run.name,
    app: run.app,
    status: String(given['status'] ?? run['status']),
    conclusion: (given['conclusion'] as string | undefined) ?? null,
    output: {
      ...(shapes.run['output'] as Json),
      title: (given['output'] as Json)['title'],
      summary: (given['output'] as Json)['summary'],
      annotations_count:
        Number((run['output'] as Json | undefined)?.['annotations_count'] ?? 0) +
        (((given['output'] as Json)['annotations'] as unknown[] | undefined)?.length ?? 0),
    },
  });

  const passed = (commit: string): boolean =>
    runs.some(
      (r) =>
        r.head_sha === commit && r.name === check && r.app['id'] === OUR_APP && r['conclusion'] === 'success',
    ) || statuses.get(commit)?.find((s) => s.context === check)?.state === 'success';

  type Answer = { status: number; body: unknown; headers?: Record<string, string> };
  const refuse = (status: number, message: string): Answer => ({
    status,
    body: { message, documentation_url: 'https://docs.example.invalid', status: String(status) },
  });

  async function merge(pull: FakePull, given: Json): Promise<Answer> {
    const at = await sides(pull);
    if (given['sha'] !== at.head)
      return refuse(409, 'Head branch was modified. Review and try the merge again.');
    if (!passed(at.head)) return refuse(405, 'Required status check is expected.');
    const tree = (await git(bare, ['merge-tree', '--write-tree', at.base, at.head])).trim().split('\n')[0]!;
    const commit = (
      await git(bare, [
        ...WHO,
        'commit-tree',
        tree,
        '-p',
        at.base,
        '-p',
        at.head,
        '-m',
        `Merge #${pull.number}`,
      ])
    ).trim();
    await git(bare, ['update-ref', `refs/heads/${pull.base}`, commit, at.base]);
    Object.assign(pull, { ended: at, state: 'closed', mergedAt: '2026-01-01T00:00:00Z' });
    return { status: 200, body: { ...shapes.merged, sha: commit, merged: true } };
  }

  async function openPull(given: Json): Promise<Answer> {
    const head = String(given['head']);
    if (pulls.some((p) => p.state === 'open' && p.head === head))
      return {
        status: 422,
        body: {
          message: 'Validation Failed',
          documentation_url: 'https://docs.example.invalid',
          errors: [{ resource: 'PullRequest', code: 'custom', message: 'A pull request already exists' }],
        },
      };
    const pull: FakePull = {
      number: pulls.length + 1,
      title: String(given['title']),
      head,
      base: String(given['base']),
      labels: [],
      state: 'open',
      mergedAt: null,
      ended: null,
      fork: false,
    };
    pulls.push(pull);
    return { status: 201, body: await pullOf(pull, shapes.pull) };
  }

  async function route(method: string, url: URL, given: Json, person: Person): Promise<Answer | null> {
    const path = decodeURIComponent(url.pathname);
    if (path === '/app') return { status: 200, body: { ...shapes.app, id: OUR_APP, slug: 'sluice-gate' } };
    if (path === '/user')
      return person.login.endsWith('[bot]')
        ? refuse(403, 'Resource not accessible by integration')
        : { status: 200, body: { ...shapes.user, ...person } };
    if (method === 'POST' && /^\/app\/installations\/\d+\/access_tokens$/.test(path))
      return {
        status: 201,
        body: { ...shapes.token, token: 'ghs_installation', expires_at: '2099-01-01T00:00:00Z' },
      };
    const prefix = `/repos/${OWNER}/${REPO}`;
    if (!path.startsWith(prefix)) return null;
    const rest = path.slice(prefix.length);
    const find = (n: string) => pulls.find((p) => p.number === Number(n));
    let m: RegExpExecArray | null;
    if (rest === '/pulls' && method === 'POST') return openPull(given);
    if (rest === '/pulls') {
      const open = pulls.filter((p) => p.state === 'open');
      const head = url.searchParams.get('head')?.split(':')[1];
      const mine = open.filter((p) => head === undefined || p.head === head);
      const page = paged(await Promise.all(mine.map((p) => pullOf(p, shapes.listed))), url);
      return { status: 200, ...page };
    }
    m = /^\/pulls\/(\d+)(\/files|\/merge)?$/.exec(rest);
    if (m) {
      const pull = find(m[1]!);
      if (!pull) return refuse(404, 'Not Found');
      if (m[2] === '/merge') return merge(pull, given);
      if (m[2] === '/files') {
        const at = await sides(pull);
        return { status: 200, ...paged((await changed(at.base, at.head)).slice(0, 3_000), url) };
      }
      if (method === 'PATCH') {
        if (given['title']) pull.title = String(given['title']);
        if (given['state'] === 'closed') Object.assign(pull, { ended: await sides(pull), state: 'closed' });
      }
      return { status: 200, body: await pullOf(pull, shapes.pull) };
    }
    m = /^\/git\/refs?(?:\/(heads\/.+))?$/.exec(rest);
    if (m) {
      const ref = m[1] ? `refs/${m[1]}` : String(given['ref']);
      if (method !== 'GET') await git(bare, ['update-ref', ref, String(given['sha'])]);
      const at = await sha(ref).catch(() => null);
      if (at === null) return refuse(404, 'Not Found');
      const object = { ...(shapes.ref['object'] as Json), sha: at };
      return { status: method === 'POST' ? 201 : 200, body: { ...shapes.ref, ref, object } };
    }
    m = /^\/git\/commits(?:\/([0-9a-f]+))?$/.exec(rest);
    if (m) {
      const made = m[1]
        ? m[1]
        : (
            await git(bare, [
              ...WHO,
              'commit-tree',
              String(given['tree']),
              '-p',
              String((given['parents'] as string[])[0]),
              '-m',
              String(given['message']),
            ])
          ).trim();
      const tree = await sha(`${made}^{tree}`);
      return {
        status: m[1] ? 200 : 201,
        body: { ...shapes.commit, sha: made, tree: { ...(shapes.commit['tree'] as Json), sha: tree } },
      };
    }
    if (rest === '/git/trees') {
      const base = String(given['base_tree']);
      const files = Object.fromEntries(
        (given['tree'] as { path: string; content: string }[]).map((e) => [e.path, e.content]),
      );
      const parent = (await git(bare, [...WHO, 'commit-tree', base, '-m', 'x'])).trim();
      const commit = await commitOnto(bare, parent, files, 'x', { name: 'x', email: 'x' });
      return { status: 201, body: { ...shapes.tree, sha: await sha(`${commit}^{tree}`) } };
    }
    m = /^\/issues\/(\d+)\/labels$/.exec(rest);
    if (m) {
      const pull = find(m[1]!);
      if (!pull) return refuse(404, 'Not Found');
      pull.labels = [...new Set([...pull.labels, ...(given['labels'] as string[])])];
      return { status: 200, body: (await pullOf(pull, shapes.pull))['labels'] };
    }
    m = /^\/contents\/(.+)$/.exec(rest);
    if (m) {
      const text = await git(bare, ['show', `${url.searchParams.get('ref')}:${m[1]}`]).catch(() => null);
      if (text === null) return refuse(404, 'Not Found');
      const content = Buffer.from(text).toString('base64');
      return {
        status: 200,
        body: { ...shapes.content, path: m[1], size: text.length, encoding: 'base64', content },
      };
    }
    m = /^\/git\/trees\/([0-9a-f]+)$/.exec(rest);
    if (m) {
      const deep = url.searchParams.has('recursive') ? ['-r', '-t'] : [];
      const lines = (await git(bare, ['ls-tree', '-z', ...deep, m[1]!])).split('\0').filter(Boolean);
      const tree = lines.map((line) => {
        const [, mode, type, id, name] = /^(\d+) (\w+) ([0-9a-f]+)\t(.+)$/.exec(line)!;
        return { path: name, mode, type, sha: id, size: 1, url: `https://api.example.invalid/${id}` };
      });
      return {
        status: 200,
        body: { sha: m[1], url: 'https://api.example.invalid/tree', tree, truncated: false },
      };
    }
    m = /^\/compare\/([0-9a-f]+)\.\.\.([0-9a-f]+)$/.exec(rest);
    if (m) {
      const files = (await changed(m[1]!, m[2]!)).slice(0, 300);
      const shared = (await git(bare, ['merge-base', m[1]!, m[2]!])).trim();
      const merge_base_commit = { ...(shapes.compare['merge_base_commit'] as Json), sha: shared };
      return { status: 200, body: { ...shapes.compare, merge_base_commit, files } };
    }
    m = /^\/commits\/([0-9a-f]+)\/check-runs$/.exec(rest);
    if (m) {
      const app = url.searchParams.get('app_id');
      const mine = runs.filter(
        (r) =>
          r.head_sha === m![1] &&
          r.name === url.searchParams.get('check_name') &&
          (app === null || r.app['id'] === Number(app)),
      );
      return { status: 200, body: { total_count: mine.length, check_runs: mine } };
    }
    if (rest === '/check-runs') return { status: 201, body: addRun(given, OUR_APP) };
    m = /^\/check-runs\/(\d+)$/.exec(rest);
    if (m) {
      const at = runs.findIndex((r) => r.id === Number(m![1]));
      if (at < 0) return refuse(404, 'Not Found');
      runs[at] = runOf(runs[at]!, { ...runs[at], ...given });
      return { status: 200, body: runs[at] };
    }
    m = /^\/commits\/([0-9a-f]+)\/statuses$/.exec(rest);
    if (m)
      return {
        status: 200,
        ...paged(
          (statuses.get(m[1]!) ?? []).map((s) => ({ ...shapes.status, ...s })),
          url,
        ),
      };
    m = /^\/statuses\/([0-9a-f]+)$/.exec(rest);
    if (m) {
      const made = addStatus(m[1]!, given as unknown as Status, person);
      return { status: 201, body: { ...shapes.status, ...made } };
    }
    m = /^\/issues\/(\d+)\/comments$/.exec(rest);
    if (m) {
      const list = comments.get(Number(m[1])) ?? [];
      if (method === 'GET')
        return {
          status: 200,
          ...paged(
            list.map((c) => ({ ...shapes.comment, ...c })),
            url,
          ),
        };
      const made = addComment(Number(m[1]), String(given['body']), person);
      return { status: 201, body: { ...shapes.comment, ...made } };
    }
    m = /^\/issues\/comments\/(\d+)$/.exec(rest);
    if (m) {
      for (const list of comments.values())
        for (const c of list)
          if (c.id === Number(m[1])) {
            if (c.user['id'] !== person.id) return refuse(403, 'Resource not accessible');
            c.body = String(given['body']);
            return { status: 200, body: { ...shapes.comment, ...c } };
          }
      return refuse(404, 'Not Found');
    }
    return null;
  }

  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const url = new URL(req.url ?? '/', `http://${req.headers.host}`);
      const text = Buffer.concat(chunks).toString('utf8');
      const given = text ? (JSON.parse(text) as Json) : {};
      calls.push(`${req.method} ${url.pathname}`);
      void route(req.method ?? 'GET', url, given, personOf(req.headers.authorization)).then(
        (answer) => {
          if (!answer) unexpected.push(`${req.method} ${url.pathname}`);
          const { status, body, headers = {} } = answer ?? refuse(501, 'unexpected');
          res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
          res.end(JSON.stringify(body));
        },
        (error: unknown) => {
          res.writeHead(500, { 'content-type': 'application/json' });
          res.end(JSON.stringify({ message: String(error) }));
        },
      );
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    secret: SECRET,
    pulls,
    unexpected,
    calls,
    runs: () => runs,
    stranger: {
      login: PEOPLE['ghp_stranger']!.login,
      status: (commit, state, mark) =>
        void addStatus(
          commit,
          { context: check, state, description: `x [${mark}]` },
          PEOPLE['ghp_stranger']!,
        ),
      run: (commit, conclusion, mark) =>
        void addRun(
          {
            head_sha: commit,
            name: check,
            status: 'completed',
            conclusion,
            external_id: mark,
            output: { title: 'x', summary: 'x' },
          },
          OTHER_APP,
        ),
      others(commit, count) {
        for (let n = 0; n < count; n++)
          addStatus(
            commit,
            { context: `ci/${n}`, state: 'success', description: '' },
            PEOPLE['ghp_stranger']!,
          );
      },
      comment: (number, body) => void addComment(number, body, PEOPLE['ghp_stranger']!),
    },
    label: (number, labels) => {
      pulls.find((p) => p.number === number)!.labels = [...labels];
    },
    states: (commit) => ({
      ...Object.fromEntries((statuses.get(commit) ?? []).toReversed().map((s) => [s.context, s.state])),
      ...Object.fromEntries(
        runs.filter((r) => r.head_sha === commit).map((r) => [r.name, String(r['conclusion'])]),
      ),
    }),
    comments: (number) => (comments.get(number) ?? []).map((c) => c.body),
    delivery(event, id = 'delivery-1') {
      const body = JSON.stringify(event);
      const signature = createHmac('sha256', SECRET).update(body).digest('hex');
      return { headers: { 'x-hub-signature-256': `sha256=${signature}`, 'x-github-delivery': id }, body };
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
