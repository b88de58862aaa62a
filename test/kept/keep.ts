import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
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
const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
const { version } = readJson<{ version: string }>(join(ROOT, 'package.json'));
const made = () => `node test/kept/keep.ts ${process.argv.slice(2).join(' ')}`;
/** The last change of what writes ledgers. */
const commit = () => git('log', '-1', '--format=%h', '--', 'src', 'policy');

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

/** Runs the demo, and gives orders to its server once its story is over. The work folder is left as it ended. */
async function runDemo(work: string) {
  const child = spawn(process.execPath, [join(ROOT, 'src/main.ts'), 'demo', '--work', work, '--json'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const out: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk.toString()));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  try {
    await until('the server of the demo', async () => existsSync(join(work, 'serve.json')));
    const demo: Demo = { ...serveFile(work), work };
    say(`The demo runs: ${demo.url}`);
    await storyOver(demo, () => child.exitCode);
    say('Its story is over; giving orders …');
    const secret = await giveOrders(demo, join(work, 'declaration'));
    await until('every lane at rest', async () =>
      (await lanesOf(demo)).every((lane) => ['Stable', 'Degraded'].includes(lane.state)),
    );
    say('Asking for answers …');
    return { secret, live: await quietSweep({ url: demo.url }), story: out };
  } finally {
    child.kill('SIGINT');
    await ended;
  }
}

/** The last chapter releases 2.0.1 in prod. Should it not hold, the demo ends by itself. */
async function storyOver(demo: Demo, exitCode: () => number | null): Promise<void> {
  for (;;) {
    if (exitCode() !== null)
      throw new Error('a chapter of the demo did not hold: try again on a quiet machine');
    const done = await until('an answer of the demo', () => lanesOf(demo)).catch(() => []);
    if (done.some((l) => l.environment === 'prod' && l.stable === '2.0.1' && l.state === 'Stable')) return;
    await new Promise((next) => setTimeout(next, 1_000));
  }
}

/** Keeps the ledger of a demo: `--work` keeps its folder, too. */
async function demo(into: string, given: string | undefined): Promise<void> {
  const work = given ?? mkdtempSync(join(tmpdir(), 'sluice-keep-'));
  const { secret, live, story } = await runDemo(work);
  const { ok } = JSON.parse(story.join('')) as { ok: boolean };
  if (!ok) throw new Error('a chapter of the demo did not hold: try again on a quiet machine');
  await keepSqlite(into, work, secret, live);
  if (!given) rmSync(work, { recursive: true, force: true });
}

const about = (into: string, at: number) => ({
  version,
  commit: commit(),
  story: basename(into),
  at,
  made: made(),
});

/** Takes the ledger of a work folder whose server has ended. */
async function keepSqlite(into: string, work: string, secret: string, live: LiveAnswers): Promise<void> {
  rmSync(into, { recursive: true, force: true });
  const stored = join(work, 'ledger.sqlite');
  write(join(into, FILES.sqlite), readFileSync(stored));
  const ledger = await openSqlite(stored);
  const token = { secret, actor: await whoseToken(ledger, secret) };
  const declaration = join(work, 'declaration');
  const known = { ...about(into, live.at), store: 'sqlite' as const, token };
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
    const known = { ...about(into, live.at), store: 'postgres' as const, token: null };
    await keep({ about: known, ledger, declaration: join(from, FILES.declaration), live, into });
    await ledger.close();
  } finally {
    await postgres.stop();
  }
}

/** What is kept once a version: decisions of its ledgers with their policy, and the description of its API. */
async function keepVersion(into: string): Promise<void> {
  const ledgers = keptLedgers(dirname(into)).filter(({ folder }) => dirname(folder) === into);
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
    commit: commit(),
    types: Object.fromEntries(types),
  } satisfies Version);
  const known = readJson<Version>(join(into, VERSION));
  write(join(into, 'README.md'), readmeOf(known, ledgers, decisionsOf(into)));
  writeJson(join(into, OPENAPI), await openapiOf(platformOf(declarationOf(ledgers[0]!.folder))));
}

const USAGE = `node test/kept/keep.ts demo --into FOLDER [--work FOLDER]
node test/kept/keep.ts cluster --into FOLDER [--from test/.out/cluster/kept]
node test/kept/keep.ts version --into FOLDER`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { into: { type: 'string' }, work: { type: 'string' }, from: { type: 'string' } },
  });
  const [what] = positionals;
  if (!values.into || !['demo', 'cluster', 'version'].includes(what ?? '')) throw new Error(USAGE);
  const into = resolve(values.into);
  if (what === 'demo') await demo(into, values.work && resolve(values.work));
  else if (what === 'cluster') await cluster(into, values.from ?? join(ROOT, 'test/.out/cluster/kept'));
  else await keepVersion(into);
}

await main();
