import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { isBound, isReference, nameOf } from './scope.ts';
import {
  importsOf,
  keyName,
  mayTake,
  memberName,
  type Node,
  type SourceFile,
  textOf,
  treeOf,
  walk,
} from './syntax.ts';

/** Each rule is a function of sources that gives what is wrong with them, in words. */
export type Rule = (files: readonly SourceFile[]) => string[];

/** Top to bottom: a room imports only rooms above it, and itself. */
export const ROOMS = [
  'kit',
  'io',
  'promql',
  'ledger',
  'declaration',
  'runtime',
  'delivery',
  'gitops',
  'governance',
  'controller',
  'embedded',
  'api',
  'server',
  'cli',
  'wiring',
  'app',
  'main',
] as const;
const PLANES = ['promql', 'declaration', 'runtime', 'delivery', 'gitops', 'governance'];
/** Rooms in which nothing does IO: planes but for their adapters, what stands above them, what the console shares. */
const PURE = ['kit', ...PLANES, 'api'];

/** `app.ts` and `main.ts` are rooms of the same name. */
export const roomOf = (file: string): string => file.split('/')[0]!.replace(/\.[cm]?[jt]sx?$/, '');
export const isAdapter = (file: string): boolean => /^[^/]+\/adapters\//.test(file);
export const isPure = (file: string): boolean => PURE.includes(roomOf(file)) && !isAdapter(file);
/** The parts of the controller that plan, as ARCHITECTURE.md names them: of lanes, promotion, load, sync and the others, and of the gate. */
export const isPlanner = (file: string): boolean =>
  /^controller\/\w+\/planner\.[cm]?ts$/.test(file) ||
  /^controller\/gate\/(\w+-plan|facts|decide)\.[cm]?ts$/.test(file);

export interface Target {
  readonly from: string;
  /** Path below `src/`; it begins with `..` where it lies elsewhere. */
  readonly to: string;
  readonly typeOnly: boolean;
}

/** A file that is named in another, by its path below `src/`. */
export const fileAt = (from: string, request: string): string =>
  posix.join(posix.dirname(from), request).replace(/^\.\.\/src\//, '');

/** Every import of another file of ours. */
export const targetsOf = (source: SourceFile): Target[] =>
  importsOf(source).flatMap(({ request, typeOnly }) =>
    request?.startsWith('.') ? [{ from: source.file, to: fileAt(source.file, request), typeOnly }] : [],
  );

/** Some files, and what they load of `files`, by way of others as well; types load nothing. */
export function reachedFrom(files: readonly SourceFile[], first: readonly SourceFile[]): SourceFile[] {
  const byName = new Map(files.map((source) => [source.file, source]));
  const reached = new Set(first);
  for (const source of reached)
    for (const { to, typeOnly } of targetsOf(source)) {
      const loaded = typeOnly ? undefined : byName.get(to);
      if (loaded) reached.add(loaded);
    }
  return [...reached];
}

const isShop = (file: string): boolean => file.startsWith('../shop/');
/** What the shop takes from Sluice. */
const FOR_SHOP = ['kit', 'gitops'];

/** The demo drives the shop's own parts; the command line is the only room that may. */
const mayLeave = ({ from, to }: Target): boolean => (roomOf(from) === 'cli' || isShop(from)) && isShop(to);

function isUpwards(target: Target): boolean {
  if (target.to.startsWith('..')) return mayLeave(target);
  if (isShop(target.from)) return FOR_SHOP.includes(roomOf(target.to));
  const level = (file: string) => ROOMS.indexOf(roomOf(file) as (typeof ROOMS)[number]);
  return level(target.to) <= level(target.from);
}

/** HOUSE-1: rooms are known, and import only rooms above them, types included. */
export const roomOrder: Rule = (files) => [
  ...files
    .filter(({ file }) => !isShop(file) && !ROOMS.includes(roomOf(file) as (typeof ROOMS)[number]))
    .map(({ file }) => `${file} stands in no known room`),
  ...files
    .flatMap(targetsOf)
    .filter((target) => !isUpwards(target))
    .map(({ from, to }) => `${from} → ${to}`),
  ...files
    .flatMap(targetsOf)
    .filter(({ from, to }) => /^(gitops|delivery)\//.test(from) && roomOf(to) === 'governance')
    .map(({ from, to }) => `${from} → ${to}: a freeze reaches this plane as data`),
];

/** The shortest way from a file back to itself, if there is one. */
function wayBack(start: string, edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const before = new Map<string, string>();
  let front = [start];
  while (front.length > 0) {
    const next: string[] = [];
    for (const at of front)
      for (const to of edges.get(at) ?? []) {
        if (to === start) {
          const path = [at];
          while (path[0] !== start) path.unshift(before.get(path[0]!)!);
          return [...path, start];
        }
        if (before.has(to)) continue;
        before.set(to, at);
        next.push(to);
      }
    front = next;
  }
  return null;
}

/** HOUSE-10: no file imports itself, by whatever way, types included. One shortest way for each knot of files. */
export const cycles: Rule = (files) => {
  const edges = new Map(files.map((source) => [source.file, targetsOf(source).map(({ to }) => to)]));
  const told = new Set<string>();
  return [...edges.keys()].sort().flatMap((file) => {
    const way = told.has(file) ? null : wayBack(file, edges);
    for (const one of way ?? []) told.add(one);
    return way ? [way.join(' → ')] : [];
  });
};

/** Packages that a place may import, by the longest path that fits; places without IO import no others. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  kit: ['canonicalize', 'fastest-levenshtein', 'js-yaml', 'yaml'],
  'kit/digest.ts': ['node:crypto'],
  promql: ['@prometheus-io/lezer-promql'],
  declaration: ['js-yaml', 'temporal-polyfill', 'yaml', 'zod'],
  runtime: ['temporal-polyfill', 'zod'],
  'runtime/render': ['@grafana/grafana-foundation-sdk', 'yaml'],
  delivery: ['zod'],
  'delivery/render': ['yaml'],
  gitops: ['yaml', 'zod'],
  governance: ['rrule-temporal', 'temporal-polyfill', 'zod'],
  'governance/render': ['yaml'],
  api: ['@hono/zod-openapi', 'zod'],
};

/** Who talks to the outside, by which package: one place each. Packages that are not named here do no such thing. */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  '@commander-js/extra-typings': ['cli'],
  '@hono/node-server': ['app', 'server'],
  '@kubernetes/client-node': ['io/kubernetes'],
  '@octokit/auth-app': ['gitops/adapters/forge-github', 'wiring'],
  '@octokit/core': ['gitops/adapters/forge-github'],
  '@octokit/plugin-paginate-rest': ['gitops/adapters/forge-github'],
  '@open-policy-agent/opa-wasm': ['governance/adapters/opa-wasm'],
  '@opentelemetry/api': ['controller/adapters/otlp'],
  '@opentelemetry/exporter-trace-otlp-http': ['controller/adapters/otlp'],
  '@opentelemetry/resources': ['controller/adapters/otlp'],
  '@opentelemetry/sdk-trace': ['controller/adapters/otlp'],
  '@slack/web-api': ['server/notify'],
  commander: ['cli'],
  execa: [
    'delivery/adapters/nginx',
    'embedded/history.ts',
    'gitops/adapters/git',
    'runtime/adapters/promtool',
  ],
  hono: ['server'],
  jose: ['server'],
  kysely: ['ledger/adapters'],
  nodemailer: ['server/notify'],
  'node:child_process': ['cli/demo', 'cli/sign-in.ts', 'io/daemon.ts', 'io/os.ts'],
  'node:cluster': [],
  'node:dgram': [],
  'node:dns': [],
  'node:http': ['../shop/service.ts', 'app/listener.ts', 'cli/sign-in.ts'],
  'node:http2': [],
  'node:https': [],
  'node:inspector': [],
  'node:module': ['io/compile-cache.ts'],
  'node:net': ['cli/sign-in.ts', 'delivery/adapters/process', 'io/ports.ts'],
  'node:sqlite': ['ledger/adapters/sqlite'],
  'node:tls': [],
  'node:vm': [],
  'node:worker_threads': ['io/thread.ts', 'ledger/adapters/sqlite'],
  'openid-client': ['cli', 'server'],
  pg: ['ledger/adapters/postgres'],
  pino: ['wiring'],
  'prom-client': ['../shop/service.ts', 'server'],
  undici: [
    '../shop/service.ts',
    'cli/client.ts',
    'cli/demo',
    'delivery/adapters/nginx',
    'delivery/adapters/process',
    'embedded/stack.ts',
    'gitops/adapters/forge-gitea',
    'gitops/adapters/load-test',
    'governance/adapters/opa-server',
    'io/kubernetes',
    'runtime/adapters/prometheus',
    'server/follower.ts',
    'server/notify',
    'server/sign-in/machines.ts',
  ],
};

/** `@scope/name` of `@scope/name/part`; `node:fs` of `node:fs/promises` and of `fs`. */
export function packageOf(request: string): string {
  const name = request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/');
  return isBuiltin(name) && !name.startsWith('node:') ? `node:${name}` : name;
}

const isIn = (file: string, place: string): boolean =>
  file === place || file.startsWith(`${place}/`) || roomOf(file) === place;

const allowedIn = (file: string): readonly string[] =>
  Object.entries(ALLOWED)
    .filter(([place]) => isIn(file, place))
    .sort(([a], [b]) => b.length - a.length)[0]?.[1] ?? [];

/** HOUSE-9 and HOUSE-11: places without IO import packages from a list, clients are imported where they belong. */
export const packages: Rule = (files) =>
  files.flatMap((source) => {
    const { file } = source;
    const wrong = importsOf(source).flatMap(({ request }) => {
      if (request === null) return [`${file} imports what is computed`];
      if (request.startsWith('.')) return [];
      const name = packageOf(request);
      if (isPure(file)) return allowedIn(file).includes(name) ? [] : [`${file} imports ${request}`];
      const places = CLIENTS[name];
      return !places || places.some((place) => isIn(file, place))
        ? []
        : [`${file} imports ${request}: it belongs to ${places.join(', ') || 'no place'}`];
    });
    const io = isPure(file) ? targetsOf(source).filter(({ to }) => roomOf(to) === 'io') : [];
    return [...wrong, ...io.map(({ to }) => `${file} imports ${to}`)];
  });

const UNSTRIPPABLE: Readonly<Record<string, string>> = {
  Decorator: 'a decorator',
  TSEnumDeclaration: 'an enum',
  TSExportAssignment: 'an export assignment',
  TSImportEqualsDeclaration: 'an import assignment',
  TSModuleDeclaration: 'a namespace',
  TSParameterProperty: 'a parameter property',
  TSTypeAssertion: 'a type in front of a value',
};

/** HOUSE-5: what is left when types are taken away is the program. */
export const typeStripping: Rule = (files) =>
  files.flatMap((source) => {
    const wrong: string[] = [];
    walk(treeOf(source), (node: Node) => {
      const what = node['declare'] === true ? undefined : UNSTRIPPABLE[node.type];
      if (what) wrong.push(`${source.file} has ${what}`);
    });
    return wrong;
  });

/** HOUSE-6: of ours the console imports `api/`, `kit/` and the machine's names. Files stand below `console/src/`. */
export const consoleImports: Rule = (files) =>
  files.flatMap((source) =>
    importsOf(source)
      .map(({ request }) => request ?? 'what is computed')
      .filter((request) => /\/src\/|^node:|computed/.test(request))
      .filter((request) => !/\/src\/(api\/|kit\/|delivery\/machine\.ts)/.test(request))
      .map((request) => `${source.file} → ${request}`),
  );

/**
 * HOUSE-15: what the console reaches by way of our files imports no part of Node: a browser has none. `files` are those
 * of the console and of `src/`, by their paths from the root.
 */
export const consoleReach: Rule = (files) => {
  const byName = new Map(files.map((source) => [source.file, source]));
  const reached = new Map<string, string | null>();
  const next = files.filter(({ file }) => file.startsWith('console/')).map(({ file }) => file);
  for (const file of next) reached.set(file, null);
  const wrong: string[] = [];
  for (let file = next.pop(); file !== undefined; file = next.pop())
    for (const { request, typeOnly } of importsOf(byName.get(file)!)) {
      if (typeOnly || request === null) continue;
      if (request.startsWith('node:')) wrong.push(`${wayTo(file, reached)} → ${request}`);
      const to = request.startsWith('.') ? posix.join(posix.dirname(file), request) : null;
      if (to === null || reached.has(to) || !byName.has(to)) continue;
      reached.set(to, file);
      next.push(to);
    }
  return wrong;
};

function wayTo(file: string, reached: ReadonlyMap<string, string | null>): string {
  const before = reached.get(file);
  return before ? `${wayTo(before, reached)} → ${file}` : file;
}

/** Files that read JSON which we wrote ourselves, or that say themselves what is to become of half of a character. */
export const OWN_JSON: ReadonlySet<string> = new Set([
  'cli/client.ts',
  'cli/ledger/verify.ts',
  'cli/replay.ts',
  'gitops/adapters/forge-local/store.ts',
  'gitops/adapters/load-test/generate.ts',
  'gitops/anchors.ts',
  'governance/adapters/opa-wasm/policy.ts',
  'io/files.ts',
  'kit/canonical.ts',
  'kit/json.ts',
  'ledger/history.ts',
  'ledger/record.ts',
  'ledger/stored.ts',
  'wiring/policy.ts',
]);

/** How a node reads JSON by itself; null: it does not. */
function readsJson(node: Node, above: readonly Node[]): string | null {
  const member = memberName(node);
  if (member === 'JSON') return memberName(above.at(-1)) === 'stringify' ? null : 'JSON.parse';
  const isJson = nameOf(node) === 'JSON' && isReference(node, above) && !isBound('JSON', above);
  // Whoever takes JSON apart, or hands it on, may do everything that it does.
  if (isJson) return memberName(above.at(-1)) === 'stringify' ? null : 'JSON.parse';
  if (node.type === 'CallExpression' && memberName(node['callee']) === 'json')
    return (node['arguments'] as unknown[]).length === 0 ? '.json()' : null;
  const isTaken = node.type === 'Property' && above.at(-1)?.type === 'ObjectPattern';
  return isTaken && keyName(node) === 'JSON' ? 'JSON.parse' : null;
}

/** HOUSE-16: JSON of others is read by `parseForeign` alone: `JSON.parse` and `.json()` let half of a character through. */
export const foreignJson: Rule = (files) =>
  files
    .filter(({ file }) => !OWN_JSON.has(file))
    .flatMap((source) => {
      const wrong: string[] = [];
      walk(treeOf(source), (node, above) => {
        const how = readsJson(node, above);
        if (how) wrong.push(`${source.file} reads by ${how}`);
        const consumers = textOf(node['source']) === 'node:stream/consumers';
        if (consumers && /^(Import|Export)/.test(node.type) && mayTake(node, 'json'))
          wrong.push(`${source.file} reads by json of node:stream/consumers`);
      });
      return wrong;
    });
