import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { Counter, Histogram, Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { digestOfVersion, readReleases } from './profile.ts';

/** One service of the shop, in any version. Its routes call the others through their edges. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, { service: string; route: string } | null>>>> =
  {
    frontend: {
      '/': { service: 'cart', route: '/cart' },
      '/buy': { service: 'checkout', route: '/checkout' },
    },
    cart: { '/cart': null },
    checkout: { '/checkout': { service: 'payment', route: '/pay' } },
    payment: { '/pay': null },
  };
const CODES = ['200', '500', '502', '503'] as const;
/** Long: a machine that stands still for some seconds makes users wait, and is no error of a version. */
const UPSTREAM_TIMEOUT_MS = 20_000;
const EDGE_KEEPS_MS = 75_000;
const DRAIN_MS = 5_000;

const { values: args } = parseArgs({
  options: {
    service: { type: 'string' },
    version: { type: 'string' },
    digest: { type: 'string' },
    port: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    releases: { type: 'string' },
    edge: { type: 'string', multiple: true },
  },
});
const service = args.service ?? '';
const version = args.version ?? '';
const routes = ROUTES[service];
const releases = readReleases(args.releases ?? '');
if (!routes) throw new Error(`unknown service ${service}`);
if (digestOfVersion(releases, service, version) !== args.digest)
  throw new Error(`${service} ${version} is not ${args.digest}`);
const profile = releases.services[service]![version]!;
const background = releases.background[service] ?? 0;
const edges = new Map((args.edge ?? []).map((pair) => pair.split('=', 2) as [string, string]));
if (profile.crashOnStart) {
  console.error(`${service} ${version} cannot start: declared to crash`);
  process.exit(1);
}

const registry = new Registry();
const labels = { service, version };
const requests = new Counter({
  name: 'http_requests_total',
  help: 'Requests by route and status code.',
  labelNames: ['service', 'version', 'route', 'code'],
  registers: [registry],
});
const latency = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time to answer, by route.',
  labelNames: ['service', 'version', 'route'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  registers: [registry],
});
// Series exist from the first scrape on: a counter that first appears with an error hides that error.
for (const route of Object.keys(routes)) {
  latency.zero({ ...labels, route });
  for (const code of CODES) requests.inc({ ...labels, route, code }, 0);
}

const startedAt = Date.now();
let incident: { errorRate: number; until: number } | null = null;
const agent = new Agent({ headersTimeout: UPSTREAM_TIMEOUT_MS, bodyTimeout: UPSTREAM_TIMEOUT_MS });

function fails(coupon: boolean): boolean {
  const now = Date.now();
  const worst = Math.max(profile.errorRate, coupon ? (profile.couponErrorRate ?? 0) : 0);
  const own = now - startedAt >= profile.failsAfterSeconds * 1_000 ? worst : 0;
  const shared = incident && now < incident.until ? incident.errorRate : 0;
  return Math.random() < 1 - (1 - own) * (1 - shared) * (1 - background);
}

async function callNext(route: string, search: string): Promise<boolean> {
  const next = routes![route];
  if (!next) return true;
  try {
    const answer = await request(`${edges.get(next.service)}${next.route}${search}`, { dispatcher: agent });
    await answer.body.dump();
    return answer.statusCode < 500;
  } catch {
    return false;
  }
}

async function answer(route: string, search: string, response: ServerResponse): Promise<void> {
  const stop = latency.startTimer({ ...labels, route });
  if (profile.addedLatencyMs > 0) await new Promise((resolve) => setTimeout(resolve, profile.addedLatencyMs));
  const coupon = new URLSearchParams(search).has('coupon');
  const code = fails(coupon) ? 500 : (await callNext(route, search)) ? 200 : 502;
  stop();
  requests.inc({ ...labels, route, code: String(code) });
  response.writeHead(code, { 'content-type': 'text/plain', 'x-served-by': `${service} ${version}` });
  response.end(code === 200 ? `${service} ${version}\n` : `${service} ${version} failed\n`);
}

/** Only incidents that the example declares can be caused. */
function cause(name: string, response: ServerResponse): void {
  const declared = releases.incidents[name];
  if (!declared || declared.service !== service) {
    response.writeHead(404).end();
    return;
  }
  incident = { errorRate: declared.errorRate, until: Date.now() + declared.seconds * 1_000 };
  response.writeHead(202).end();
}

async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname: path, search } = new URL(incoming.url ?? '/', 'http://shop');
  if (path === '/healthz') response.end('ok\n');
  else if (path === '/metrics')
    response.setHeader('content-type', registry.contentType).end(await registry.metrics());
  else if (path.startsWith('/incidents/')) cause(path.slice('/incidents/'.length), response);
  else if (path in routes!) await answer(path, search, response);
  else response.writeHead(404).end();
}

const server = createServer((incoming, response) => {
  handle(incoming, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
server.keepAliveTimeout = EDGE_KEEPS_MS;
server.listen(Number(args.port), args.host, () => console.log(`${service} ${version} started`));
if (profile.crashAfterSeconds)
  setTimeout(() => {
    console.error(`${service} ${version} ends: declared to crash`);
    process.exit(1);
  }, profile.crashAfterSeconds * 1_000);
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), DRAIN_MS).unref();
});
