/**
 * How a kept ledger is opened and what is known from it by the code of today; `server.ts` says how it is asked. The tests
 * and the script that keeps know nothing else of `src/`: whoever changes how folds are registered changes this file,
 * and leaves what was kept as it is.
 */
import { noticesFold } from '../../src/api/notices/fold.ts';
import type { Notice } from '../../src/api/notices/notice.ts';
import { alertReceiver } from '../../src/controller/alerts.ts';
import {
  type BudgetEvaluator,
  createBudgetEvaluator,
} from '../../src/controller/budgets/budget-evaluator.ts';
import { compile } from '../../src/controller/compile.ts';
import type { Gate } from '../../src/controller/gate/gate.ts';
import { replayDecision } from '../../src/controller/gate/replay.ts';
import { createGovernance, type FreezesAndWaivers } from '../../src/controller/governance/governance.ts';
import { type Controller, createController } from '../../src/controller/loop.ts';
import {
  lastEnvironments,
  MEASURED_MS,
  type Measures,
  measuresFold,
  measuresOf,
} from '../../src/controller/measures.ts';
import { createPromoter, type Promoter } from '../../src/controller/promotion/promoter.ts';
import { branchesOf, type Platform } from '../../src/declaration/platform.ts';
import { eventSchemas, type Revision } from '../../src/delivery/events.ts';
import type { Lane } from '../../src/delivery/lane.ts';
import { gitopsEvents } from '../../src/gitops/events.ts';
import { commitsFold, originKey, promotionsFold, syncFold } from '../../src/gitops/fold.ts';
import type { ForgePort } from '../../src/gitops/forge.ts';
import { keptPolicy } from '../../src/governance/adapters/opa-wasm/policy.ts';
import { governanceEvents } from '../../src/governance/events.ts';
import { systemClock } from '../../src/io/clock.ts';
import { canonicalText } from '../../src/kit/canonical.ts';
import { PersistentMap } from '../../src/kit/persistent-map.ts';
import { fail, ok } from '../../src/kit/result.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { postgresLedger } from '../../src/ledger/adapters/postgres/ledger.ts';
import { sqliteLedger } from '../../src/ledger/adapters/sqlite/ledger.ts';
import type { Journal } from '../../src/ledger/journal.ts';
import type { LedgerPort, SharedLedger } from '../../src/ledger/port.ts';
import { type LedgerRecord, seal, verifyChain } from '../../src/ledger/record.ts';
import { SNAPSHOT_TYPE } from '../../src/ledger/snapshot.ts';
import { runtimeEvents } from '../../src/runtime/events.ts';
import { QUERIES_TYPE } from '../../src/runtime/queries.ts';
import { loadTokens } from '../../src/server/auth.ts';
import { createNotifier } from '../../src/server/notify/notifier.ts';
import { journalOver } from '../journal.ts';

export type { LedgerPort, LedgerRecord, Platform, SharedLedger };
export { verifyChain };

/** JSON of whatever states are made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Maps become lists of pairs by key: an entry too many is a difference, a new field of an object is none. */
const listed = (value: unknown): unknown => {
  if (value instanceof Map || value instanceof PersistentMap)
    return [...value].map(([key, item]) => ({ id: String(key), value: listed(item) }));
  if (value instanceof Set) return [...value].map(listed);
  if (Array.isArray(value)) return value.map(listed);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, listed(item)]));
  return value;
};
/** Numbers that JSON cannot say as the ledger writes them. */
const plain = (value: unknown): Json => JSON.parse(canonicalText(listed(value))) as Json;

/** Record types that this version writes. The last ones have no schema of their own. */
export const recordTypes = (): string[] =>
  [
    ...Object.keys(eventSchemas),
    ...Object.keys(gitopsEvents),
    ...Object.keys(governanceEvents),
    ...Object.keys(runtimeEvents),
    'alert.received',
    'notice.sent',
    'token.created',
    'token.revoked',
    SNAPSHOT_TYPE,
    QUERIES_TYPE,
  ].sort();

export function platformOf(files: readonly { readonly file: string; readonly text: string }[]): Platform {
  const compiled = compile(files);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

export const openSqlite = (file: string): Promise<LedgerPort> => sqliteLedger({ file, id: 'unused' });
export const openPostgres = (url: string, id: string): Promise<SharedLedger> =>
  postgresLedger({ url, id, holder: 'kept' });

/** A ledger as it was up to a record, in memory. What is appended to it never reaches the store. */
export const asOf = async (ledger: LedgerPort, seq: number): Promise<LedgerPort> =>
  memoryLedger(ledger.id, (await ledger.texts()).slice(0, seq));

/** A record as somebody would forge it who knows how hashes are made. */
export const writtenAnew = (record: LedgerRecord, change: Partial<LedgerRecord>): string =>
  seal(record.ledger, { seq: record.seq - 1, hash: record.prev }, { ...record, ...change }).text;

export const quiet = () => {};
const never = (): never => {
  throw new Error('a kept ledger is never asked to look or to act');
};

/** What a server knows from its ledger before it looks for the first time. */
export interface Parts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly now: number;
  readonly controller: Controller;
  readonly governance: FreezesAndWaivers;
  readonly budgets: BudgetEvaluator;
  lanes(): readonly Lane[];
  measures(service: string | null, now: number, spanMs: number): Measures;
}

export async function partsOver(platform: Platform, ledger: LedgerPort, now: number): Promise<Parts> {
  const journal = await journalOver(ledger);
  const clock = { ...systemClock, now: () => now };
  const ports = { clock, journal, desired: { read: async () => null }, metrics: never, delivery: never };
  const controller = createController(platform, ports, { warn: quiet });
  const budgets = createBudgetEvaluator({ platform, journal, metrics: (e) => controller.metrics(e) });
  const users = lastEnvironments(platform);
  return {
    platform,
    journal,
    now,
    controller,
    budgets,
    governance: createGovernance({ platform, journal, statuses: budgets.statuses }),
    lanes: () => controller.lanes().map((view) => view.state),
    measures: (service, at, spanMs) => measuresOf(journal.state(measuresFold), users, service, at, spanMs),
  };
}

/** The same ledger, to be tried out, and what was appended to it since. */
async function scratchOf({ journal }: Parts) {
  const { seq } = await journal.head();
  const scratch = await journalOver(await asOf(journal, seq));
  return { scratch, appended: () => scratch.read({ after: seq }) };
}

const artefactsIn = (records: readonly LedgerRecord[]) =>
  records
    .filter((record) => record.type === 'desired.changed')
    .flatMap((record) => gitopsEvents['desired.changed'].parse(record.data).changes)
    .flatMap(({ lane, to }) => (to ? [{ lane, service: lane.split('/')[0]!, digest: to.digest }] : []));

/** Where branches are known to stand: a server that starts asks for what came after that. */
async function commitsOf({ platform, journal }: Parts): Promise<Json> {
  const { heads, origins } = journal.state(commitsFold);
  const known = branchesOf(platform).flatMap((branch) => {
    const head = heads.get(branch);
    return head === undefined ? [] : [[branch, head] as const];
  });
  const keys = artefactsIn(await journal.read()).map((a) => originKey(a.service, a.digest));
  return plain({
    heads: new Map(known),
    origins: new Map(keys.map((key) => [key, origins.get(key) ?? null] as const)),
  });
}

/** Lanes that are on record as drifted: once everything is as Git asks, a server writes down that they are not. */
const driftOf = async ({ journal, lanes }: Parts): Promise<Json> => {
  const { words } = journal.state(syncFold);
  const drifted = lanes().filter(({ lane }) => (words.get(lane) ?? 'Synced') !== 'Synced');
  return drifted.map(({ lane }) => lane).sort();
};

/** Alerts that were received are received once, after a restart as before it. */
async function alertsOf(parts: Parts): Promise<Json> {
  const { scratch, appended } = await scratchOf(parts);
  const deliver = alertReceiver(parts.platform, scratch, quiet, () => 0);
  const received = await parts.journal.read({ type: 'alert.received' });
  for (const { subject, data } of received) {
    const { id, status, startsAt, alert, slo } = data as Record<string, string>;
    const [service, environment] = subject.split('/') as [string, string];
    const labels = { service, environment, alertname: alert!, slo: slo! };
    await deliver({ status, alerts: [{ status, labels, startsAt, fingerprint: id }] });
  }
  return plain({ received: received.length, again: (await appended()).length });
}

/** What a server that starts would still tell people of: what it told before is not told again. */
async function untoldOf(parts: Parts): Promise<Json> {
  const untold: string[] = [];
  const receivers = parts.platform.notifications.map((declared) => ({
    declared,
    sender: {
      updates: 'in-place' as const,
      send: async ({ thread, rev }: { thread: string; rev: number }) => {
        untold.push(`${declared.name} ${thread} ${rev}`);
        return ok(null);
      },
    },
  }));
  const { scratch } = await scratchOf(parts);
  const notifier = createNotifier({ journal: scratch, receivers, linkOf: (path) => path, warn: quiet });
  await notifier.tick(parts.now);
  return plain(untold.sort());
}

/** A forge that takes comments, and refuses everything else one by one: as a whole it is there. */
function deafForge(comments: number[]): ForgePort {
  const refused = async () => fail({ code: 'FORBIDDEN' as const, message: 'comments alone are taken here' });
  return {
    kind: 'local',
    pull: refused,
    openPulls: refused,
    files: refused,
    text: refused,
    list: refused,
    links: refused,
    report: refused,
    open: refused,
    propose: refused,
    withdraw: refused,
    merge: refused,
    async comment({ number }) {
      comments.push(number);
      return ok(null);
    },
    hint: () => fail({ code: 'INVALID', message: 'no forge is there' }),
  };
}

const NO_GATE: Pick<Gate, 'allowed' | 'seen' | 'bringing'> = {
  allowed: () => null,
  seen: () => null,
  bringing: () => null,
};

/** Who asks for promotions, over a forge that takes nothing but comments. */
export const promoterOver = (
  { platform, lanes }: Parts,
  journal: Journal,
  comments: number[] = [],
): Promoter =>
  createPromoter({
    platform,
    forge: deafForge(comments),
    journal,
    lanes: { get: (name) => lanes().find((one) => one.lane === name) },
    desired: () => ({ commit: '?', lanes: new Map(), problems: [] }),
    gate: NO_GATE,
    warn: quiet,
  });

/** What a person turned down of a service: the fold holds it for all of them. */
const declinedIn = (journal: Journal, service: string): string[] =>
  [...journal.state(promotionsFold).declined.keys()]
    .filter((key) => key.startsWith(`${service} `))
    .map((key) => key.slice(service.length + 1));

/** Pull requests that were opened, what became of them, and authors who have not yet been told how it ended. */
async function proposalsOf(parts: Parts): Promise<Json> {
  const comments: number[] = [];
  const { scratch } = await scratchOf(parts);
  const promoter = promoterOver(parts, scratch, comments);
  const declined = parts.platform.services.map(({ name }) => [name, declinedIn(scratch, name)] as const);
  await promoter.tick(parts.now);
  const all = promoter.proposals().map((p) => [p.number, p] as const);
  return plain({
    all: new Map(all),
    declined: new Map(declined),
    toldNow: [...comments].sort((a, b) => a - b),
  });
}

/** The pull request that brought each artefact to its lane, as a server knows it, by `lane@digest`. */
export const broughtIn = async (ledger: LedgerPort): Promise<ReadonlyMap<string, number>> =>
  new Map((await journalOver(ledger)).state(promotionsFold).brought);

/** Pull requests whose authors a server over this ledger would tell that their release failed. */
export async function authorsToldBy(platform: Platform, ledger: LedgerPort, now: number): Promise<number[]> {
  const comments: number[] = [];
  const parts = await partsOver(platform, ledger, now);
  await promoterOver(parts, parts.journal, comments).tick(now);
  return comments;
}

/** What freezes hold back now, artefact by artefact: an allow on record lets some of them pass. */
async function holdsOf({ journal, governance, now }: Parts): Promise<Json> {
  const target = (digest: string): Revision => ({ revision: '?', version: '?', digest, config: {} });
  const held = artefactsIn(await journal.read()).map(
    ({ lane, digest }) =>
      [`${lane}@${digest}`, governance.hold(lane, target(digest), now)?.id ?? null] as const,
  );
  return plain(new Map(held));
}

const budgetsOf = async ({ platform, budgets }: Parts): Promise<Json> =>
  plain(
    platform.environments.flatMap(({ name }) =>
      platform.slos.map((slo) => ({
        id: `${slo.name}@${name}`,
        state: budgets.stateOf(slo.name, name),
        adjustments: budgets.adjustments(slo.name, name),
      })),
    ),
  );

const fourOf = async ({ platform, measures, now }: Parts): Promise<Json> => {
  const services = [null, ...platform.services.map((s) => s.name)];
  return plain(new Map(services.map((s) => [s ?? '*', measures(s, now, MEASURED_MS)] as const)));
};

/** What comes and goes had one thread for all times; the newest of them stands for it. */
const asOneThread = (threads: ReadonlyMap<string, Notice>): Map<string, object> =>
  new Map(
    [...threads].map(([thread, { news: _, earlier: __, ...notice }]) => {
      const name = thread.replace(/^((?:freeze|sync)\/.+)\/\d+$/, '$1');
      return [name, { ...notice, thread: name }];
    }),
  );

/** Every fold by its name. More of them is fine; one that was kept has to be here. */
const FOLDS: Readonly<Record<string, (parts: Parts) => Promise<Json>>> = {
  lanes: async ({ lanes }) => plain(new Map(lanes().map((lane) => [lane.lane, lane]))),
  governance: async ({ governance }) => plain(governance.state()),
  freezes: async ({ governance, now }) => plain(governance.freezes(now)),
  holds: holdsOf,
  budgets: budgetsOf,
  commits: commitsOf,
  drift: driftOf,
  proposals: proposalsOf,
  measures: fourOf,
  notices: async ({ journal }) => plain(asOneThread(journal.state(noticesFold).threads)),
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
  const parts = await partsOver(platform, ledger, now);
  const states: Record<string, Json> = {};
  for (const name of names) {
    const fold = FOLDS[name];
    if (fold) states[name] = await fold(parts);
  }
  return states;
}

/** Whose a token is, by a ledger that it was made in. */
export const whoseToken = async (ledger: LedgerPort, secret: string): Promise<Json> =>
  plain((await loadTokens(ledger)).whose(secret, 0) ?? null);

/** A decision, recomputed from its facts by a compiled policy that was kept beside it. */
export const recomputeBy = (record: LedgerRecord, wasm: Uint8Array) => {
  const data = governanceEvents['gate.decided'].parse(record.data);
  return replayDecision({ ...record, data }, keptPolicy(wasm, data.decision.policy));
};
