import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../postgres.ts';
import { decisionsOf, keepDecisions } from './decisions.ts';
import {
  declarationOf,
  FILES,
  keptLedgers,
  linesOf,
  OPENAPI,
  readJson,
  recordsOf,
  VERSION,
  type Version,
  write,
  writeJson,
} from './files.ts';
import { type LedgerRecord, openPostgres, openSqlite, platformOf, recordTypes, whoseToken } from './folds.ts';
import { keep, type Live, type LiveAnswers, openapiOf, sweep } from './keeping.ts';
import { readmeOf } from './readme.ts';
import { databaseOf, emptySchema, ledgerIn } from './rows.ts';
import { type Demo, giveOrders, lanesOf, until } from './story.ts';

const ROOT = join(import.meta.dirname, '../..');
const say = (text: string) => process.stderr.write(`${text}\n`);
const { version } = readJson<{ version: string }>(join(ROOT, 'package.json'));
/** The commit that a version's folder is named after; the checkout has to have its code. */
function commitOf(folder: string): string {
  const commit = folder.split('-').at(-1)!;
  const { status } = spawnSync(
    'git',
    ['diff', '--quiet', commit, '--', 'src', 'policy', 'shop', 'examples'],
    {
      cwd: ROOT,
    },
  );
  if (status === 0) return commit;
  throw new Error(`this checkout is not the code of ${commit}, after which ${folder} is named`);
}

const recordsAt = async ({ url, token }: Live): Promise<LedgerRecord[]> => {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const text = await (await fetch(`${url}/api/v1/ledger/export`, { headers })).text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LedgerRecord);
};

/** Answers of a server while nothing moves: asked again until no record came in between. */
const quietSweep = (live: Live) =>
  until('a quiet moment', async () => (await sweep(live, await recordsAt(live))) ?? undefined);

const serveFile = (work: string) => readJson<Demo>(join(work, 'serve.json'));

/** Starts a server over the folder of a demo that has ended, and gives orders to it. The folder is left as it ends. */
async function giveOrdersTo(work: string) {
  const declaration = join(work, 'declaration');
  const told = await listenForNotices(join(declaration, 'platform.yaml'));
  const args = [join(ROOT, 'src/main.ts'), 'serve', declaration, '--work', work, '--port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  try {
    const demo = await until('the server', async (): Promise<Demo> => ({ ...serveFile(work), work }));
    await until('every lane at rest', () => atRest(demo));
    say('Giving orders …');
    const secret = await giveOrders(demo, declaration);
    await until('every lane at rest again', () => atRest(demo));
    say('Asking for answers …');
    return { secret, live: await quietSweep({ url: demo.url }) };
  } finally {
    child.kill('SIGTERM');
    await ended;
    told.close();
  }
}

/** Somebody who is told of everything, and says yes to everything. */
async function listenForNotices(platform: string): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.end('{}'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver = `{ name: people, webhook: { url: 'http://127.0.0.1:${port}/notices' } }`;
  appendFileSync(platform, `  notifications:\n    - ${receiver}\n`);
  return server;
}

const atRest = async (demo: Demo): Promise<boolean> =>
  (await lanesOf(demo)).every((lane) => ['Stable', 'Degraded'].includes(lane.state));

/** Keeps the ledger of a demo whose story held and is over. */
async function demo(into: string, work: string): Promise<void> {
  const { secret, live } = await giveOrdersTo(work);
  await keepSqlite(into, work, secret, live);
}

const about = (what: 'demo' | 'cluster', into: string, at: number) => ({
  version,
  commit: commitOf(basename(dirname(into))),
  story: basename(into),
  at,
  made: `node test/kept/keep.ts ${what} --into ${relative(ROOT, into)}`,
});

/** Takes the ledger of a work folder whose server has ended. */
async function keepSqlite(into: string, work: string, secret: string, live: LiveAnswers): Promise<void> {
  rmSync(into, { recursive: true, force: true });
  const stored = join(work, 'ledger.sqlite');
  write(join(into, FILES.sqlite), readFileSync(stored));
  const ledger = await openSqlite(stored);
  const token = { secret, actor: await whoseToken(ledger, secret) };
  const declaration = join(work, 'declaration');
  const known = { ...about('demo', into, live.at), store: 'sqlite' as const, token };
  await keep({ about: known, ledger, declaration, live, into });
  await ledger.close();
}

/** Keeps the ledger that the test on Kubernetes left in a folder: rows of PostgreSQL, and answers of its server. */
async function cluster(into: string, from: string): Promise<void> {
  rmSync(into, { recursive: true, force: true });
  const rows = linesOf(readFileSync(join(from, 'rows.jsonl'), 'utf8'));
  const live = readJson<LiveAnswers>(join(from, 'live.json'));
  write(join(into, FILES.rows), `${rows.join('\n')}\n`);
  const postgres = await startPostgres();
  try {
    write(join(into, FILES.schema), await emptySchema(postgres.url));
    const url = await databaseOf(postgres.url, into);
    const ledger = await openPostgres(url, ledgerIn(into));
    const known = { ...about('cluster', into, live.at), store: 'postgres' as const, token: null };
    await keep({ about: known, ledger, declaration: join(from, FILES.declaration), live, into });
    await ledger.close();
  } finally {
    await postgres.stop();
  }
}

/** What is kept once a version: decisions of its ledgers with their policy, and the description of its API. */
async function keepVersion(into: string): Promise<void> {
  const ledgers = keptLedgers(dirname(into)).filter(({ folder }) => dirname(folder) === into);
  for (const folder of ['decisions', 'policies'])
    rmSync(join(into, folder), { recursive: true, force: true });
  keepDecisions(into, ledgers);
  const held = ledgers.map(
    (kept) => [basename(kept.folder), new Set(recordsOf(kept).map((r) => r.type))] as const,
  );
  const types = recordTypes().map((type) => [
    type,
    held.flatMap(([name, set]) => (set.has(type) ? [name] : [])),
  ]);
  writeJson(join(into, VERSION), {
    schema: 'sluice.dev/kept-version/v1',
    version,
    commit: commitOf(basename(into)),
    types: Object.fromEntries(types),
  } satisfies Version);
  const known = readJson<Version>(join(into, VERSION));
  write(join(into, 'README.md'), readmeOf(known, ledgers, decisionsOf(into)));
  writeJson(join(into, OPENAPI), await openapiOf(platformOf(declarationOf(ledgers[0]!.folder))));
}

const USAGE = `node test/kept/keep.ts demo --into FOLDER --from WORK FOLDER OF A DEMO THAT HAS ENDED
node test/kept/keep.ts cluster --into FOLDER [--from test/.out/cluster/kept]
node test/kept/keep.ts version --into FOLDER`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { into: { type: 'string' }, from: { type: 'string' } },
  });
  const [what] = positionals;
  const into = values.into && resolve(values.into);
  const from = values.from && resolve(values.from);
  if (into && from && what === 'demo') await demo(into, from);
  else if (into && what === 'cluster') await cluster(into, from || join(ROOT, 'test/.out/cluster/kept'));
  else if (into && what === 'version') await keepVersion(into);
  else throw new Error(USAGE);
}

await main();
