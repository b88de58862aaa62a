/**
 * How a kept ledger is opened, folded, asked and explained by the code of today. Kept tests and the script that keeps
 * know nothing else of `src/`: whoever changes how folds are registered or how a server is put together changes this
 * file, and leaves what was kept as it is.
 */
import { createNotices, type Notice } from '../../src/api/notices.ts';
import { explainCommand, exportCommand, replayDecisionCommand, verifyCommand } from '../../src/cli/ledger.ts';
import { openAlerts } from '../../src/controller/alerts.ts';
import { openBudgets } from '../../src/controller/budgets.ts';
import { openCommits } from '../../src/controller/commits.ts';
import { compile } from '../../src/controller/compile.ts';
import { followLedger } from '../../src/controller/following.ts';
import type { Gatekeeper } from '../../src/controller/gate/keeper.ts';
import { replayDecision } from '../../src/controller/gate/replay.ts';
import { openGovernance } from '../../src/controller/governance.ts';
import { createController } from '../../src/controller/loop.ts';
import { createMeasures, lastEnvironments, MEASURED_MS } from '../../src/controller/measures.ts';
import { openPromoter } from '../../src/controller/promotion.ts';
import { openSync } from '../../src/controller/syncing.ts';
import { branchesOf, type Platform } from '../../src/declaration/platform.ts';
import { eventSchemas, type Lane, type Revision } from '../../src/delivery/events.ts';
import { gitopsEvents } from '../../src/gitops/events.ts';
import type { ForgePort } from '../../src/gitops/forge.ts';
import { keptPolicy } from '../../src/governance/adapters/opa-wasm/policy.ts';
import { governanceEvents } from '../../src/governance/events.ts';
import { canonicalText } from '../../src/kit/canonical.ts';
import { fail, ok } from '../../src/kit/result.ts';
import { systemClock } from '../../src/kit/time.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { postgresLedger } from '../../src/ledger/adapters/postgres/ledger.ts';
import { sqliteLedger } from '../../src/ledger/adapters/sqlite/ledger.ts';
import type { LedgerPort, ReadOptions, SharedLedger } from '../../src/ledger/port.ts';
import { EMPTY_HEAD, type LedgerRecord, seal, verifyChain } from '../../src/ledger/record.ts';
import { main } from '../../src/main.ts';
import { runtimeEvents } from '../../src/runtime/events.ts';
import { createApp } from '../../src/server/app.ts';
import { loadTokens } from '../../src/server/auth.ts';
import { createBudgetHouse } from '../../src/server/budgets.ts';
import { createGovernanceHouse } from '../../src/server/governance.ts';
import { createHouseViews } from '../../src/server/house.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createSignIn } from '../../src/server/sign-in.ts';

export type { LedgerPort, LedgerRecord, Platform, SharedLedger };
export { verifyChain };

/** JSON of whatever states are made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Maps become lists of pairs by key: an entry too many is a difference, a new field of an object is none. */
const listed = (value: unknown): unknown => {
  if (value instanceof Map)
    return [...value].map(([key, item]) => ({ id: String(key), value: listed(item) }));
  if (value instanceof Set) return [...value].map(listed);
  if (Array.isArray(value)) return value.map(listed);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, listed(item)]));
  return value;
};
/** Numbers that JSON cannot say as the ledger writes them. */
const plain = (value: unknown): Json => JSON.parse(canonicalText(listed(value))) as Json;

/** Record types that this version writes. `notice.sent`, `alert.received` and `token.created` have no schema of their own. */
export const recordTypes = (): string[] =>
  [
    ...Object.keys(eventSchemas),
    ...Object.keys(gitopsEvents),
    ...Object.keys(governanceEvents),
    ...Object.keys(runtimeEvents),
    'alert.received',
    'notice.sent',
    'token.created',
  ].sort();

export function platformOf(files: readonly { readonly file: string; readonly text: string }[]): Platform {
  const compiled = compile(files);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

export const openSqlite = (file: string): Promise<LedgerPort> => sqliteLedger({ file, id: 'unused' });
export const openPostgres = (url: string, id: string): Promise<SharedLedger> =>
  postgresLedger({ url, id, holder: 'kept' });

export const emptyLedger = (): LedgerPort => memoryLedger('kept');

/** A ledger as it was up to a record. What is appended to it is remembered here, and never reaches the store. */
export async function asOf(
  ledger: LedgerPort,
  seq: number,
): Promise<LedgerPort & { readonly appended: LedgerRecord[] }> {
  const records = (await ledger.read()).slice(0, seq);
  const texts = (await ledger.texts()).slice(0, seq);
  const appended: LedgerRecord[] = [];
  const select = ({ after = 0, limit, subject, type }: ReadOptions = {}) =>
    records
      .filter((r) => r.seq > after)
      .filter((r) => (!subject || r.subject === subject) && (!type || r.type === type))
      .slice(0, limit);
  const head = () => {
    const last = appended.at(-1) ?? records.at(-1);
    return last ? { seq: last.seq, hash: last.hash } : EMPTY_HEAD;
  };
  return {
    id: ledger.id,
    appended,
    head: async () => head(),
    read: async (options) => select(options),
    texts: async (options) => select(options).map((r) => texts[r.seq - 1]!),
    append: async (entries) => {
      for (const entry of entries) appended.push(seal(ledger.id, head(), entry).record);
      return appended.slice(-entries.length);
    },
    close: async () => {},
  };
}

/** A record as somebody would forge it who knows how hashes are made. */
export const writtenAnew = (record: LedgerRecord, change: Partial<LedgerRecord>): string =>
  seal(record.ledger, { seq: record.seq - 1, hash: record.prev }, { ...record, ...change }).text;

/** All of a ledger, to be tried out. */
const scratchOf = async (ledger: LedgerPort) => asOf(ledger, (await ledger.head()).seq);

const quiet = () => {};
const never = (): never => {
  throw new Error('a kept ledger is never asked to look or to act');
};

/** Everything that a server folds before it looks for the first time. */
async function openParts(platform: Platform, ledger: LedgerPort, now: number) {
  const clock = { ...systemClock, now: () => now };
  const ports = { clock, ledger, desired: { read: async () => null }, metrics: never, delivery: never };
  const controller = createController(platform, ports, { warn: quiet });
  await controller.load();
  const metrics = (environment: string) => controller.metrics(environment);
  const lanes = () => controller.lanes().map((view) => view.state);
  const measures = createMeasures(platform);
  await followLedger(ledger, measures.take)();
  return {
    controller,
    lanes,
    measures,
    governance: await openGovernance({ platform, ledger, metrics }),
    budgets: await openBudgets({ platform, ledger, metrics }),
    tokens: await loadTokens(ledger),
  };
}
type Parts = Awaited<ReturnType<typeof openParts>>;

const artefactsIn = (records: readonly LedgerRecord[]) =>
  records
    .filter((record) => record.type === 'desired.changed')
    .flatMap((record) => gitopsEvents['desired.changed'].parse(record.data).changes)
    .flatMap(({ lane, to }) => (to ? [{ lane, service: lane.split('/')[0]!, digest: to.digest }] : []));

/** Where branches are known to stand: a server that starts asks for what came after that. */
async function commitsOf(
  platform: Platform,
  ledger: LedgerPort,
  lanes: () => readonly Lane[],
): Promise<Json> {
  const heads = new Map<string, string>();
  const branches = new Map(branchesOf(platform).map((branch) => [branch, '?']));
  const desired = { commit: '?', lanes: new Map<string, Revision>(), problems: [], heads: branches };
  const since = async (branch: string, before: string) => {
    heads.set(branch, before);
    return null;
  };
  const repository = { read: async () => null, since, hint: quiet };
  const commits = await openCommits({ platform, ledger, repository, desired: () => desired, lanes });
  await commits.look(0);
  const origins = artefactsIn(await ledger.read()).map(
    ({ service, digest }) => [`${service}@${digest}`, commits.origin(service, digest) ?? null] as const,
  );
  return plain({ heads, origins: new Map(origins) });
}

/** Lanes that are on record as drifted: once everything is as Git asks, a server writes down that they are not. */
async function driftOf(platform: Platform, ledger: LedgerPort, lanes: () => readonly Lane[]): Promise<Json> {
  const scratch = await scratchOf(ledger);
  const settled = lanes().map((lane): Lane => ({ ...lane, state: 'Stable' }));
  const asked = new Map(settled.flatMap((l) => (l.stable ? [[l.lane, l.stable] as const] : [])));
  const live = async (environment: string) =>
    ok(
      new Map(
        settled
          .filter((l) => l.lane.endsWith(`/${environment}`))
          .map((l) => [
            l.lane.split('/')[0]!,
            { revision: l.stable?.revision ?? null, health: 'Healthy' as const },
          ]),
      ),
    );
  const sync = await openSync({
    platform,
    ledger: scratch,
    sync: { live, refresh: async () => {} },
    lanes: () => settled,
    desired: () => ({ commit: '?', lanes: asked, problems: [] }),
  });
  for (const now of [0, 60_000]) await sync.look(now);
  return plain(scratch.appended.map((record) => record.subject).sort());
}

/** Alerts that were received are received once, after a restart as before it. */
async function alertsOf(platform: Platform, ledger: LedgerPort): Promise<Json> {
  const scratch = await scratchOf(ledger);
  const deliver = await openAlerts(platform, scratch, quiet, () => 0);
  const received = await ledger.read({ type: 'alert.received' });
  for (const { subject, data } of received) {
    const { id, status, startsAt, alert, slo } = data as Record<string, string>;
    const [service, environment] = subject.split('/') as [string, string];
    const labels = { service, environment, alertname: alert!, slo: slo! };
    await deliver({ status, alerts: [{ status, labels, startsAt, fingerprint: id }] });
  }
  return plain({ received: received.length, again: scratch.appended.length });
}

/** The newest message of each thread. */
async function noticesOf(ledger: LedgerPort): Promise<Json> {
  const notices = createNotices();
  const latest = new Map<string, Notice>();
  for (const record of await ledger.read()) {
    const notice = notices.take(record);
    if (notice) latest.set(notice.thread, notice);
  }
  return plain(latest);
}

/** A forge that takes comments, and answers nothing else. */
function deafForge(comments: number[]): ForgePort {
  const away = async () => fail({ code: 'UNAVAILABLE' as const, message: 'no forge is there' });
  return {
    kind: 'local',
    pull: away,
    openPulls: away,
    files: away,
    text: away,
    list: away,
    report: away,
    open: away,
    propose: away,
    withdraw: away,
    merge: away,
    async comment({ number }) {
      comments.push(number);
      return ok(null);
    },
    hint: () => fail({ code: 'INVALID', message: 'no forge is there' }),
  };
}

const NO_GATE: Pick<Gatekeeper, 'allowed' | 'seen' | 'bringing'> = {
  allowed: () => null,
  seen: () => null,
  bringing: () => null,
};

/** Pull requests that were opened, what became of them, and authors who have not yet been told how it ended. */
async function promoterOver(platform: Platform, ledger: LedgerPort, parts: Parts) {
  const comments: number[] = [];
  const promoter = await openPromoter({
    platform,
    forge: deafForge(comments),
    ledger: await scratchOf(ledger),
    lanes: parts.lanes,
    desired: () => ({ commit: '?', lanes: new Map(), problems: [] }),
    gate: NO_GATE,
    warn: quiet,
  });
  return { promoter, comments };
}

async function proposalsOf(platform: Platform, ledger: LedgerPort, parts: Parts, now: number): Promise<Json> {
  const { promoter, comments } = await promoterOver(platform, ledger, parts);
  const declined = promoter.pipelines(now).map((p) => [p.service, p.declined] as const);
  await promoter.look(now);
  const all = promoter.proposals().map((p) => [p.number, p] as const);
  return plain({
    all: new Map(all),
    declined: new Map(declined),
    toldNow: comments.sort((a, b) => a - b),
  });
}

/** What freezes hold back now, artefact by artefact: an allow on record lets some of them pass. */
function holdsOf(records: readonly LedgerRecord[], parts: Parts, now: number): Json {
  const target = (digest: string): Revision => ({ revision: '?', version: '?', digest, config: {} });
  const held = artefactsIn(records).map(
    ({ lane, digest }) =>
      [`${lane}@${digest}`, parts.governance.hold(lane, target(digest), now)?.id ?? null] as const,
  );
  return plain(new Map(held));
}

export type States = { readonly [fold: string]: Json };

/** The state of every fold over a ledger, by name, at a moment. Adding one is fine; what was kept has to be in it. */
export async function statesOf(platform: Platform, ledger: LedgerPort, now: number): Promise<States> {
  const parts = await openParts(platform, ledger, now);
  const { lanes, governance, budgets, measures } = parts;
  const services = platform.services.map((s) => s.name);
  const slos = platform.environments.flatMap((e) => platform.slos.map((slo) => [slo.name, e.name] as const));
  const records = await ledger.read();
  return {
    lanes: plain(new Map(lanes().map((lane) => [lane.lane, lane]))),
    governance: plain(governance.state()),
    freezes: plain(governance.freezes(now)),
    holds: holdsOf(records, parts, now),
    budgets: plain(
      slos.map(([slo, environment]) => ({
        id: `${slo}@${environment}`,
        state: budgets.stateOf(slo, environment),
        adjustments: budgets.adjustments(slo, environment),
      })),
    ),
    commits: await commitsOf(platform, ledger, lanes),
    drift: await driftOf(platform, ledger, lanes),
    proposals: await proposalsOf(platform, ledger, parts, now),
    measures: plain(
      new Map([null, ...services].map((s) => [s ?? '*', measures.of(s, now, MEASURED_MS)] as const)),
    ),
    notices: await noticesOf(ledger),
    alerts: await alertsOf(platform, ledger),
  };
}

/** Whose a token is, by a ledger that it was made in. */
export const whoseToken = async (ledger: LedgerPort, secret: string): Promise<Json> =>
  plain((await loadTokens(ledger)).whose(secret) ?? null);

/** A server over a ledger alone: nothing to look at, nothing to act on, and a clock that stands still. */
export async function serverOver(platform: Platform, ledger: LedgerPort, now: number) {
  const parts = await openParts(platform, ledger, now);
  const { controller, governance, budgets, measures, tokens } = parts;
  const clock = () => now;
  const { promoter } = await promoterOver(platform, ledger, parts);
  const app = createApp({
    house: createHouseViews({ platform, controller, ledger, now: clock }),
    budgets: createBudgetHouse({
      platform,
      controller,
      ledger,
      keeper: budgets,
      metricsOf: () => undefined,
      now: clock,
    }),
    slos: platform.slos.map((slo) => slo.name),
    controller,
    ledger,
    tokens,
    metrics: createMetrics(controller),
    unready: () => null,
    consoleDir: null,
    alertmanagerToken: 'none',
    allowedHosts: ['kept'],
    onAlerts: async () => {},
    signIn: createSignIn(platform.signIn, null, clock),
    governance,
    governanceHouse: createGovernanceHouse({
      platform,
      ledger,
      governance,
      gate: null,
      openKept: keptPolicy,
      now: clock,
    }),
    gate: null,
    promoter,
    sync: { look: async () => {}, of: () => null },
    measures: async (service, at, spanMs) => measures.of(service, at, spanMs),
    lastEnvironments: lastEnvironments(platform),
    onPush: quiet,
    argoCdToken: null,
    onSync: async () => {},
    branch: 'main',
    publicUrl: () => 'http://kept',
    now: clock,
    newId: () => 'kept',
  });
  return async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    const answer = await app.request(path, { headers: { host: 'kept' } });
    return { status: answer.status, text: await answer.text() };
  };
}

/** A command line over a kept ledger that is open already; gives what it wrote to stdout. */
export async function command(
  ledger: LedgerPort,
  what: readonly ['verify' | 'export' | 'explain' | 'replay', string?],
): Promise<{ readonly exit: number; readonly out: string }> {
  const out: string[] = [];
  const io = {
    out: (text: string) => void out.push(text),
    err: quiet,
    env: {},
    cwd: '/',
    outTty: false,
    errTty: false,
    signal: new AbortController().signal,
  };
  const open = async () => ({ ...ledger, close: async () => {} });
  const o = { work: '/nonexistent', json: true };
  const [name, argument = ''] = what;
  const commands = {
    verify: () => verifyCommand(io, o, open),
    export: () => exportCommand(io, { ...o, format: argument }, open),
    explain: () => explainCommand(io, argument, o, open),
    replay: () => replayDecisionCommand(io, argument, o, open, keptPolicy),
  };
  const exit = await commands[name]();
  return { exit, out: out.join('') };
}

/** `sluice …` as anybody runs it, in this process. */
export async function sluice(args: readonly string[], cwd: string) {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await main(args, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    env: { PATH: process.env['PATH'] },
    cwd,
    outTty: false,
    errTty: false,
    signal: new AbortController().signal,
  });
  return { exit, out: out.join(''), err: err.join('') };
}

/** A decision, recomputed from its facts by a compiled policy that was kept beside it. */
export const recomputeBy = (record: LedgerRecord, wasm: Uint8Array) => {
  const data = governanceEvents['gate.decided'].parse(record.data);
  return replayDecision({ ...record, data }, keptPolicy(wasm, data.decision.policy));
};
