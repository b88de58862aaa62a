import type { TokenScope } from '../../src/kit/actor.ts';

/**
 * What a caller needs: a scope; nothing; or something of the route's own, such as the signature of a webhook, in place
 * of which no scope is accepted.
 */
export type Need = TokenScope | 'nothing' | 'its own';

/** One route, and what it needs where only this machine reaches the server, and where others do. */
interface RouteEntry {
  readonly loopback: Need;
  readonly elsewhere: Need;
  /** Why, where it is not a scope. */
  readonly why?: string;
  /** Asked with this in place of its parameters. */
  readonly path?: string;
  /** Of an order that a right for some services may be enough for: which those are, and one about `checkout`. */
  readonly of?: { readonly what: string; readonly path?: string; readonly body: object };
}

const READS: RouteEntry = { loopback: 'nothing', elsewhere: 'read' };
const both = (need: Need, why?: string, path?: string): RouteEntry => ({
  loopback: need,
  elsewhere: need,
  ...(why === undefined ? {} : { why }),
  ...(path === undefined ? {} : { path }),
});

/** An order that a right for the services that it concerns is enough for. */
const order = (need: TokenScope, of: NonNullable<RouteEntry['of']>, path?: string): RouteEntry => ({
  ...both(need, undefined, path),
  of,
});

const WHY = { reason: 'a test' };
const OF_PATH = 'the service in the path';
const OF_SCOPE = 'the service of its scope';
const OF_FILES = 'every service whose desired state it changes';

const PROBES = 'asked by kubelet and Prometheus by the address of the pod';
const WEBHOOK = 'its sender signs, or sends a token of its own; every delivery is only a hint';
const SIGNING_IN = 'whoever signs in is not known yet';
const SESSION = 'the session of a person, from a page of this server';

/** Every route of the server. One that is missing here fails a test, and so does one that is here and nowhere else. */
export const ROUTES: Readonly<Record<string, RouteEntry>> = {
  'GET /healthz': both('nothing', PROBES),
  'GET /readyz': both('nothing', PROBES),
  'GET /metrics': both('nothing', PROBES),
  'GET /openapi.json': both('nothing', 'describes every Sluice alike'),
  'GET /api/v1/me': both('nothing', 'says who asks, and where one signs in'),
  'GET /api/v1/verdict': both(
    'nothing',
    'asked by analyses of Rollouts; with `spec.signIn.verdict` it needs that token, or `read`',
    '/api/v1/verdict?service=checkout&environment=prod&revision=x',
  ),
  'GET /api/v1/overview': READS,
  'GET /api/v1/releases': READS,
  'GET /api/v1/releases/:id': READS,
  'GET /api/v1/releases/:id/explanation': READS,
  'GET /api/v1/releases/:id/latency': READS,
  'GET /api/v1/notices': READS,
  'GET /api/v1/ledger': READS,
  'GET /api/v1/ledger/verification': READS,
  'GET /api/v1/ledger/export': {
    loopback: 'nothing',
    elsewhere: 'admin',
    why: 'the whole ledger as it is stored, with digests of tokens',
  },
  'GET /api/v1/events': READS,
  'GET /api/v1/budgets': READS,
  'GET /api/v1/budgets/:environment/:slo': READS,
  'GET /api/v1/replay': READS,
  'GET /api/v1/freezes': READS,
  'GET /api/v1/waivers': READS,
  'GET /api/v1/pulls': READS,
  'GET /api/v1/pulls/:number': { ...READS, path: '/api/v1/pulls/7' },
  'GET /api/v1/pipeline': READS,
  'GET /api/v1/measures': READS,
  'GET /api/v1/audit': READS,
  'GET /api/v1/decisions/:id/explanation': READS,
  'GET /api/v1/decisions/:id/replay': READS,
  'GET /api/v1/tokens': both('admin'),
  'POST /api/v1/tokens': both('admin'),
  'POST /api/v1/tokens/:id/revoke': both('admin'),
  'POST /api/v1/lanes/:environment/:service/commands': order('operate', {
    what: OF_PATH,
    path: '/api/v1/lanes/prod/checkout/commands',
    body: { command: 'pause', ...WHY },
  }),
  'POST /api/v1/lanes/:environment/:service/rollback': order('operate', {
    what: OF_PATH,
    path: '/api/v1/lanes/prod/checkout/rollback',
    body: WHY,
  }),
  'POST /api/v1/lanes/:environment/:service/lift': order('waive', {
    what: OF_PATH,
    path: '/api/v1/lanes/prod/checkout/lift',
    body: { digest: `sha256:${'a'.repeat(64)}`, ...WHY },
  }),
  'POST /api/v1/promotions': order('operate', {
    what: 'the service that it names',
    body: { service: 'checkout', environment: 'prod' },
  }),
  'POST /api/v1/budgets/:environment/:slo/adjustments': order('waive', {
    what: 'the service of the SLO',
    path: '/api/v1/budgets/prod/checkout-availability/adjustments',
    body: { from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:10:00Z', approver: 'b', ...WHY },
  }),
  'POST /api/v1/freezes': order('operate', {
    what: OF_SCOPE,
    body: { scope: 'checkout/prod', until: '2999-01-01T00:00:00Z', ...WHY },
  }),
  'POST /api/v1/freezes/:id/lift': order('waive', {
    what: OF_SCOPE,
    path: '/api/v1/freezes/FREEZE/lift',
    body: WHY,
  }),
  'POST /api/v1/waivers': order('waive', {
    what: OF_SCOPE,
    body: { scope: 'checkout/prod', expires: '2999-01-01T00:00:00Z', ...WHY },
  }),
  'POST /api/v1/waivers/:id/approve': order('waive', {
    what: OF_SCOPE,
    path: '/api/v1/waivers/WAIVER/approve',
    body: WHY,
  }),
  'POST /api/v1/waivers/:id/revoke': order('waive', {
    what: OF_SCOPE,
    path: '/api/v1/waivers/WAIVER/revoke',
    body: WHY,
  }),
  'POST /api/v1/pulls': order('operate', {
    what: OF_FILES,
    body: { title: 'again', head: 'BRANCH' },
  }),
  'POST /api/v1/pulls/:number/evaluation': order(
    'operate',
    { what: OF_FILES, path: '/api/v1/pulls/PULL/evaluation', body: {} },
    '/api/v1/pulls/7/evaluation',
  ),
  'POST /api/v1/pulls/:number/merge': order(
    'operate',
    { what: OF_FILES, path: '/api/v1/pulls/PULL/merge', body: {} },
    '/api/v1/pulls/7/merge',
  ),
  'GET /auth/login': both('nothing', SIGNING_IN),
  'POST /auth/login': both('its own', 'a token in a form, from a page of this server'),
  'GET /auth/callback': both('its own', 'the code of the provider, in the browser that began the sign-in'),
  'POST /auth/logout': both('nothing', 'ends the session that it is asked with, and no other'),
  'GET /auth/authorize': both('nothing', 'a page that asks; nobody is signed in by it'),
  'POST /auth/authorize': both('its own', SESSION),
  'GET /auth/device': both('nothing', 'a page that asks; nobody is signed in by it'),
  'POST /auth/device': both('its own', SESSION),
  'POST /auth/device/code': both('nothing', SIGNING_IN),
  'POST /auth/token': both('nothing', 'exchanges a code that a person allowed; anything else is 400'),
  'POST /auth/revoke': both('nothing', 'ends the session whose secret is in the request, and no other'),
  'POST /webhooks/alertmanager': both('its own', WEBHOOK),
  'POST /webhooks/argocd': both('its own', WEBHOOK),
  'POST /webhooks/github': both('its own', WEBHOOK),
  'POST /webhooks/gitea': both('its own', WEBHOOK),
  'GET /assets/*': both('nothing', 'the program of the console; it holds no data'),
  'GET /*': both('nothing', 'the page of the console; it holds no data', '/releases'),
};

/** The path that a route is asked with. */
export const pathOf = (route: string): string =>
  ROUTES[route]?.path ?? route.replace(/^\S+ /, '').replace(/:\w+/g, 'x');

const word = (need: Need): string => (need === 'nothing' || need === 'its own' ? need : `\`${need}\``);

/** The table as it is printed in docs/security.md. */
export const routesTable = (): string =>
  [
    '| route | on loopback | elsewhere | for a limited right | why |',
    '|---|---|---|---|---|',
    ...Object.entries(ROUTES).map(
      ([route, { loopback, elsewhere, why, of }]) =>
        `| \`${route}\` | ${word(loopback)} | ${word(elsewhere)} | ${of?.what ?? ''} | ${why ?? ''} |`,
    ),
  ].join('\n');
