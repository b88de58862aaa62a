/**
 * How a kept ledger is opened and folded by the code of today; `server.ts` says how it is asked and explained. The tests
 * and the script that keeps know nothing else of `src/`: whoever changes how folds are registered changes this file,
 * and leaves what was kept as it is.
 */
import { createNotices, type Notice } from '../../src/api/notices.ts';
import { openAlerts } from '../../src/controller/alerts.ts';
import { type BudgetKeeper, openBudgets } from '../../src/controller/budgets.ts';
import { openCommits } from '../../src/controller/commits.ts';
import { compile } from '../../src/controller/compile.ts';
import { followLedger } from '../../src/controller/following.ts';
import type { Gatekeeper } from '../../src/controller/gate/keeper.ts';
import { replayDecision } from '../../src/controller/gate/replay.ts';
import { type GovernanceKeeper, openGovernance } from '../../src/controller/governance.ts';
import { type Controller, createController } from '../../src/controller/loop.ts';
import { createMeasures, MEASURED_MS, type MeasuresFold } from '../../src/controller/measures.ts';
import { NO_LOOK } from '../../src/controller/metrics-look.ts';
import { openPromoter, type Promoter } from '../../src/controller/promotion.ts';
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
import { postgresLedger } from '../../src/ledger/adapters/postgres/ledger.ts';
import { sqliteLedger } from '../../src/ledger/adapters/sqlite/ledger.ts';
import type { LedgerPort, ReadOptions, SharedLedger } from '../../src/ledger/port.ts';
import { EMPTY_HEAD, type LedgerRecord, seal, verifyChain } from '../../src/ledger/record.ts';
import { runtimeEvents } from '../../src/runtime/events.ts';
import { loadTokens } from '../../src/server/auth.ts';
import { createNotifier } from '../../src/server/notify/notifier.ts';

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

export const quiet = () => {};
const never = (): never => {
  throw new Error('a kept ledger is never asked to look or to act');
};

/** What a server folds before it looks for the first time, each opened once, when it is first asked for. */
export interface Parts {
  readonly platform: Platform;
  readonly ledger: LedgerPort;
  readonly now: number;
  controller(): Promise<Controller>;
  lanes(): Promise<readonly Lane[]>;
  governance(): Promise<GovernanceKeeper>;
  budgets(): Promise<BudgetKeeper>;
  measures(): Promise<MeasuresFold>;
  promoter(): Promise<{ readonly promoter: Promoter; readonly comments: readonly number[] }>;
}

export function partsOver(platform: Platform, ledger: LedgerPort, now: number): Parts {
  const clock = { ...systemClock, now: () => now };
  const metrics = () => NO_LOOK;
  const controller = once(async () => {
    const ports = { clock, ledger, desired: { read: async () => null }, metrics: never, delivery: never };
    const opened = createController(platform, ports, { warn: quiet });
    await opened.load();
    return opened;
  });
  const lanes = once(async () => (await controller()).lanes().map((view) => view.state));
  return {
    platform,
    ledger,
    now,
    controller,
    lanes,
    governance: once(() => openGovernance({ platform, ledger, metrics })),
    budgets: once(() => openBudgets({ platform, ledger, metrics })),
    measures: once(async () => {
      const measures = createMeasures(platform);
      await followLedger(ledger, measures.take)();
      return measures;
    }),
    promoter: once(async () => promoterOver(platform, ledger, await lanes())),
  };
}

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
};

const artefactsIn = (records: readonly LedgerRecord[]) =>
  records
    .filter((record) => record.type === 'desired.changed')
    .flatMap((record) => gitopsEvents['desired.changed'].parse(record.data).changes)
    .flatMap(({ lane, to }) => (to ? [{ lane, service: lane.split('/')[0]!, digest: to.digest }] : []));

/** Where branches are known to stand: a server that starts asks for what came after that. */
async function commitsOf({ platform, ledger, lanes }: Parts): Promise<Json> {
  const now = await lanes();
  const heads = new Map<string, string>();
  const branches = new Map(branchesOf(platform).map((branch) => [branch, '?']));
  const desired = { commit: '?', lanes: new Map<string, Revision>(), problems: [], heads: branches };
  const since = async (branch: string, before: string) => {
    heads.set(branch, before);
    return null;
  };
  const repository = { read: async () => null, since, hint: quiet };
  const commits = await openCommits({
    platform,
    ledger,
    repository,
    desired: () => desired,
    lanes: () => now,
  });
  await commits.look(0);
  const origins = artefactsIn(await ledger.read()).map(
    ({ service, digest }) => [`${service}@${digest}`, commits.origin(service, digest) ?? null] as const,
  );
  return plain({ heads, origins: new Map(origins) });
}

/** Lanes that are on record as drifted: once everything is as Git asks, a server writes down that they are not. */
async function driftOf({ platform, ledger, lanes }: Parts): Promise<Json> {
  const scratch = await scratchOf(ledger);
  const settled = (await lanes()).map((lane): Lane => ({ ...lane, state: 'Stable' }));
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
async function alertsOf({ platform, ledger }: Parts): Promise<Json> {
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
async function noticesOf({ ledger }: Parts): Promise<Json> {
  const notices = createNotices();
  const latest = new Map<string, Notice>();
  for (const record of await ledger.read()) {
    const notice = notices.take(record);
    if (notice) latest.set(notice.thread, notice);
  }
  return plain(latest);
}

/** What a server that starts would still tell people of: what it told before is not told again. */
async function untoldOf({ platform, ledger, now }: Parts): Promise<Json> {
  const untold: string[] = [];
  const receivers = platform.notifications.map((declared) => ({
    declared,
    sender: {
      updates: 'in-place' as const,
      send: async ({ thread, rev }: { thread: string; rev: number }) => {
        untold.push(`${declared.name} ${thread} ${rev}`);
        return ok(null);
      },
    },
  }));
  const parts = { receivers, linkOf: (path: string) => path, warn: quiet };
  await createNotifier({ ...parts, ledger: await scratchOf(ledger) }).look(now);
  return plain(untold.sort());
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
async function promoterOver(platform: Platform, ledger: LedgerPort, lanes: readonly Lane[]) {
  const comments: number[] = [];
  const promoter = await openPromoter({
    platform,
    forge: deafForge(comments),
    ledger: await scratchOf(ledger),
    lanes: () => lanes,
    desired: () => ({ commit: '?', lanes: new Map(), problems: [] }),
    gate: NO_GATE,
    warn: quiet,
  });
  return { promoter, comments };
}

async function proposalsOf(parts: Parts): Promise<Json> {
  const { now } = parts;
  const { promoter, comments } = await parts.promoter();
  const declined = promoter.pipelines(now).map((p) => [p.service, p.declined] as const);
  await promoter.look(now);
  const all = promoter.proposals().map((p) => [p.number, p] as const);
  return plain({
    all: new Map(all),
    declined: new Map(declined),
    toldNow: [...comments].sort((a, b) => a - b),
  });
}

/** What freezes hold back now, artefact by artefact: an allow on record lets some of them pass. */
async function holdsOf({ ledger, governance, now }: Parts): Promise<Json> {
  const keeper = await governance();
  const target = (digest: string): Revision => ({ revision: '?', version: '?', digest, config: {} });
  const held = artefactsIn(await ledger.read()).map(
    ({ lane, digest }) => [`${lane}@${digest}`, keeper.hold(lane, target(digest), now)?.id ?? null] as const,
  );
  return plain(new Map(held));
}

async function budgetsOf({ platform, budgets }: Parts): Promise<Json> {
  const keeper = await budgets();
  return plain(
    platform.environments.flatMap(({ name }) =>
      platform.slos.map((slo) => ({
        id: `${slo.name}@${name}`,
        state: keeper.stateOf(slo.name, name),
        adjustments: keeper.adjustments(slo.name, name),
      })),
    ),
  );
}

async function measuresOf({ platform, measures, now }: Parts): Promise<Json> {
  const fold = await measures();
  const services = [null, ...platform.services.map((s) => s.name)];
  return plain(new Map(services.map((s) => [s ?? '*', fold.of(s, now, MEASURED_MS)] as const)));
}

/** Every fold by its name. More of them is fine; one that was kept has to be here. */
const FOLDS: Readonly<Record<string, (parts: Parts) => Promise<Json>>> = {
  lanes: async ({ lanes }) => plain(new Map((await lanes()).map((lane) => [lane.lane, lane]))),
  governance: async ({ governance }) => plain((await governance()).state()),
  freezes: async ({ governance, now }) => plain((await governance()).freezes(now)),
  holds: holdsOf,
  budgets: budgetsOf,
  commits: commitsOf,
  drift: driftOf,
  proposals: proposalsOf,
  measures: measuresOf,
  notices: noticesOf,
  untold: untoldOf,
  alerts: alertsOf,
};

export type States = { readonly [fold: string]: Json };

/** The states of folds over a ledger at a moment: of all of them, or of those that are named. */
export async function statesOf(
  platform: Platform,
  ledger: LedgerPort,
  now: number,
  names: readonly string[] = Object.keys(FOLDS),
): Promise<States> {
  const parts = partsOver(platform, ledger, now);
  const states: Record<string, Json> = {};
  for (const name of names) {
    const fold = FOLDS[name];
    if (fold) states[name] = await fold(parts);
  }
  return states;
}

/** Whose a token is, by a ledger that it was made in. */
export const whoseToken = async (ledger: LedgerPort, secret: string): Promise<Json> =>
  plain((await loadTokens(ledger)).whose(secret) ?? null);

/** A decision, recomputed from its facts by a compiled policy that was kept beside it. */
export const recomputeBy = (record: LedgerRecord, wasm: Uint8Array) => {
  const data = governanceEvents['gate.decided'].parse(record.data);
  return replayDecision({ ...record, data }, keptPolicy(wasm, data.decision.policy));
};
