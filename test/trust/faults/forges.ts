import { giteaForge } from '../../../src/gitops/adapters/forge-gitea/forge.ts';
import { githubForge } from '../../../src/gitops/adapters/forge-github/forge.ts';
import type { ForgePort } from '../../../src/gitops/forge.ts';
import { type Answer, type Asked, type MisbehavingServer, misbehaving } from '../../misbehaving.ts';

const US = { id: 1, login: 'sluice' };
const json = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) });

/** What a forge holds of one commit and one pull request. */
interface Held {
  readonly statuses: { context: string; state: string; description: string; creator: typeof US }[];
  readonly comments: { id: number; body: string; user: typeof US }[];
  merges: number;
  readonly posts: string[];
}

const PULL = {
  number: 7,
  title: 't',
  html_url: '',
  created_at: '2026-01-01T00:00:00Z',
  user: US,
  labels: [],
  state: 'open',
  base: { ref: 'main', sha: '1'.repeat(40), repo: { full_name: 'acme/shop' } },
  head: { ref: 'b', sha: '2'.repeat(40), repo: { full_name: 'acme/shop' } },
};

/** The few routes that a report, a comment and a merge take; both forges are near enough to each other. */
function answers(held: Held) {
  const say = (what: unknown) => json(200, what);
  const newest = () => held.statuses.map((s) => ({ ...s, status: s.state })).reverse();
  return ({ method, path, body }: Asked): Answer => {
    const route = path.split('?')[0]!.replace('/api/v1', '');
    const given = body === '' ? {} : (JSON.parse(body) as Record<string, string>);
    if (method !== 'GET') held.posts.push(`${method} ${route}`);
    if (route === '/user') return say(US);
    if (route.endsWith('/statuses') && method === 'GET') return say(newest());
    if (route.endsWith('/status')) return say({ statuses: newest().slice(0, 1) });
    if (route.includes('/statuses/')) {
      const { context, state, description } = given as Record<'context' | 'state' | 'description', string>;
      held.statuses.push({ context, state, description, creator: US });
      return json(201, newest()[0]);
    }
    if (route.includes('/issues/comments/')) {
      const one = held.comments.find(({ id }) => id === Number(route.split('/').at(-1)))!;
      one.body = given['body']!;
      return say(one);
    }
    if (route.endsWith('/comments') && method === 'GET') return say(held.comments);
    if (route.endsWith('/comments')) {
      held.comments.push({ id: held.comments.length + 1, body: given['body']!, user: US });
      return json(201, held.comments.at(-1));
    }
    if (route.endsWith('/merge')) {
      if (held.merges > 0) return json(405, { message: 'it is merged already' });
      held.merges++;
      return say({ merged: true });
    }
    if (/\/pulls\/7$/.test(route))
      return say({ ...PULL, merged: held.merges > 0, merged_at: held.merges > 0 ? PULL.created_at : null });
    return json(404, { message: `no such route: ${route}` });
  };
}

export interface TestForge {
  readonly forge: ForgePort;
  readonly server: MisbehavingServer;
  readonly held: Held;
}

export async function openForge(kind: 'github' | 'gitea', timeoutMs: number): Promise<TestForge> {
  const held: Held = { statuses: [], comments: [], merges: 0, posts: [] };
  const server = await misbehaving(answers(held));
  const shared = {
    address: server.address,
    repository: 'acme/shop',
    branch: 'main',
    webhookSecret: 's',
    retryMs: 1,
    timeoutMs,
  };
  const forge =
    kind === 'github'
      ? githubForge({ ...shared, auth: { token: 'x' } })
      : giteaForge({ ...shared, token: 'x' });
  return { forge, server, held };
}
