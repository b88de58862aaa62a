import { beforeIn, isIn, lanesOf } from '../../declaration/layout.ts';
import { branchOf, type Environment, type Platform } from '../../declaration/platform.ts';
import { asDelivered, condemnedIn, refusalsOf } from '../../delivery/admission.ts';
import type { Revision } from '../../delivery/events.ts';
import type { Lane } from '../../delivery/lane.ts';
import { desiredPath, misplacedText } from '../../gitops/desired.ts';
import type { ChangedFiles, ForgeFailure, ForgePort, PullRequest } from '../../gitops/forge.ts';
import { condemnedBefore, stableBefore, upstream } from '../../gitops/promotion.ts';
import { calendarFreezes } from '../../governance/calendar.ts';
import { changeOf, rulesTouched } from '../../governance/changes.ts';
import { type Governance, recordedFreezes, waiverFacts } from '../../governance/events.ts';
import {
  type Change,
  FACTS_SCHEMA,
  type Facts,
  type GateSettings,
  type LaneFacts,
  MOST_FILES,
  MOST_LANES,
  type SloFacts,
} from '../../governance/facts.ts';
import { wellFormed } from '../../kit/json.ts';
import { laneName } from '../../kit/lane.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import { type Adjustment, ENOUGH } from '../../runtime/budget.ts';
import type { MetricsPort } from '../../runtime/port.ts';
import type { LaneStates } from '../lanes/lane-states.ts';
import { standsOf } from '../promotion/order.ts';
import { toldProblems } from './declaration-changes.ts';
import { declarationFacts, laterOr } from './declaration-facts.ts';
import { linkProblems } from './links.ts';
import type { PullReader } from './reading.ts';
import { sloFacts } from './slo-facts.ts';
import { type FoundText, textAt } from './texts.ts';

/** Where facts come from. */
export interface FactSources {
  readonly platform: Platform;
  readonly forge: ForgePort;
  readonly reader: PullReader;
  metrics(environment: string): MetricsPort | undefined;
  /** Every lane as its ledger has it; null: no ledger is at hand, and nothing is known of past releases. */
  lanes(): LaneStates | null;
  governance(): Governance;
  adjustments(slo: string, environment: string): readonly Adjustment[];
}

const settingsOf = ({ policy, environments }: Platform): GateSettings => ({
  budget: {
    block: policy.block,
    warn: policy.warn,
    coverage: ENOUGH.coverage,
    requests: ENOUGH.requests,
    notIn: environments.filter((e) => !e.budgetHolds).map((e) => e.name),
  },
  history: policy.history,
  risk: policy.risk,
  exempt: policy.exempt,
  waiver: { maxMs: policy.waiver.maxMs },
});

interface Touched {
  readonly changes: Change[];
  /** What each lane would be asked for. */
  readonly wanted: Map<string, Revision>;
  readonly problems: string[];
  /** The number of lanes, if it is more than are judged: none of them was read. */
  readonly tooMany?: number;
}

/** What a file asks for, in the pull request or its base: untrusted bytes, read on a thread of their own. */
async function readDesired(
  reader: PullReader,
  path: string,
  text: FoundText,
  service: string,
): Promise<Result<Result<Revision, readonly string[]> | null, ForgeFailure>> {
  if (!text.ok) return ok(fail([text.error]));
  if (text.value === null) return ok(null);
  const read = await reader.desired(path, text.value, service);
  return read.ok ? read : laterOr(read.error, (message) => fail([`${path}:1: ${message}`]));
}

/** Files of no lane. Removing one from where its service does not run is no problem: it ends one. */
function strayFiles(
  platform: Platform,
  { files }: ChangedFiles,
  paths: readonly string[],
  known: ReadonlySet<string>,
): string[] {
  const elsewhere = new Map(
    platform.environments.flatMap((environment) =>
      platform.services
        .filter((service) => !isIn(service, environment.name))
        .map((service) => [
          desiredPath(environment.name, service.name),
          misplacedText(service.name, environment.name),
        ]),
    ),
  );
  const gone = new Set(
    files.flatMap(({ path, previous, status }) => (status === 'removed' ? path : (previous ?? []))),
  );
  return paths
    .filter((path) => /^environments\/.+\.ya?ml$/.test(path) && !known.has(path))
    .filter((path) => !(elsewhere.has(path) && gone.has(path)))
    .map((path) => {
      const why = elsewhere.get(path);
      return why ? `${path}:1: ${why}` : `${path}: no such service or environment is declared`;
    });
}

/** What the changed files of the desired state do to each lane. */
async function touchedLanes(
  sources: FactSources,
  pull: PullRequest,
  listed: ChangedFiles,
  paths: ReadonlySet<string>,
): Promise<Result<Touched, ForgeFailure>> {
  const { platform, forge } = sources;
  const here = lanesOf(platform).filter(
    ({ environment }) => branchOf(platform, environment) === pull.base.branch,
  );
  const lanes = here.map(({ service, environment }) => ({
    service: service.name,
    environment: environment.name,
    path: desiredPath(environment.name, service.name),
  }));
  const known = new Set(lanes.map((l) => l.path));
  const followed = new Set(
    platform.environments.filter((e) => e.delivery === 'argo-rollouts').map((e) => e.name),
  );
  const linked = await linkProblems(forge, pull.head.sha, platform.forge?.declaration ?? null, listed);
  if (!linked.ok) return linked;
  const touched: Touched = {
    changes: [],
    wanted: new Map(),
    problems: [...linked.value, ...strayFiles(platform, listed, [...paths], known)],
  };
  const asked = lanes.filter((l) => paths.has(l.path));
  if (asked.length > MOST_FILES) return ok({ ...touched, tooMany: asked.length });
  for (const { service, environment, path } of asked) {
    const [base, head] = [await textAt(forge, pull.base.sha, path), await textAt(forge, pull.head.sha, path)];
    if (!base.ok) return base;
    if (!head.ok) return head;
    const was = await readDesired(sources.reader, path, base.value, service);
    if (!was.ok) return was;
    const will = await readDesired(sources.reader, path, head.value, service);
    if (!will.ok) return will;
    const [before, after] = [was.value, will.value];
    if (after && !after.ok) {
      touched.problems.push(...after.error);
      continue;
    }
    const name = laneName(service, environment);
    const lane = sources.lanes()?.get(name);
    const sides = { base: before?.ok ? before.value : null, head: after?.ok ? after.value : null };
    const change = changeOf(
      { service, environment, ...sides },
      { lane, followed: followed.has(environment) },
    );
    if (!change) continue;
    touched.changes.push(change);
    if (sides.head) touched.wanted.set(name, asDelivered(lane, sides.head, followed.has(environment)));
  }
  return ok(touched);
}

/** For what cannot be read, or was never here: nothing is stable. */
const UNTOLD: Revision = { revision: '', version: '', digest: '', config: {} };

/** What Git would ask for right before an environment, by lane, if the pull request was merged. */
async function desiredBefore(
  { platform, forge, lanes, reader }: FactSources,
  pull: PullRequest,
  paths: ReadonlySet<string>,
  service: string,
  environment: Environment,
): Promise<ReadonlyMap<string, Revision>> {
  const owner = platform.services.find((s) => s.name === service) ?? {};
  const before = isIn(owner, environment.name) ? beforeIn(platform.environments, owner, environment) : [];
  const found = await Promise.all(
    before.map(async (name): Promise<[string, Revision][]> => {
      const path = desiredPath(name, service);
      const lane = laneName(service, name);
      const branch = branchOf(platform, platform.environments.find((e) => e.name === name)!);
      const here = branch === pull.base.branch;
      // Of the branch that it merges into, the commit that was looked at; of another, its head.
      const was = await forge.text(here ? pull.base.sha : branch, path);
      const will = here && paths.has(path) ? await forge.text(pull.head.sha, path) : was;
      // A file that cannot be read still says that the service runs there.
      if (!was.ok || !will.ok) return [[lane, UNTOLD]];
      // A service that is removed and that the ledger does not know either is not waited for; without a ledger it is.
      if (will.value === null && (was.value === null || lanes() !== null)) return [];
      const read = await readDesired(reader, path, was, service);
      return [[lane, read.ok && read.value?.ok ? read.value.value : UNTOLD]];
    }),
  );
  return new Map(found.flat());
}

interface LaneAsked {
  readonly service: string;
  readonly environment: string;
  /** What the pull request asks for here; undefined: nothing. */
  readonly wanted: Revision | undefined;
  /** What Git asks for right before, by lane. */
  readonly before: ReadonlyMap<string, Revision>;
}

/** What the ledger knows of a lane, asked as the start gate asks; without a ledger, what Git says runs before it. */
function laneFacts(sources: FactSources, asked: LaneAsked, now: number): LaneFacts {
  const { platform } = sources;
  const { service, environment, wanted } = asked;
  const lanes = sources.lanes();
  const laneIn = (name: string): Lane | undefined => lanes?.get(laneName(service, name));
  const lane = laneIn(environment);
  const told = standsOf(platform, service, lanes ?? new Map(), { lanes: asked.before });
  const stands = lanes ? told : told.map((s) => ({ ...s, served: s.desired ? [s.desired.digest] : [] }));
  const stand = stands.find((s) => s.environment === environment)!;
  const before = upstream({ stands }, stand).map((s) => s.environment);
  const since = now - platform.policy.history.windowMs;
  const refused = wanted
    ? [
        ...refusalsOf(lane, wanted).map((r) => ({ ...r, environment })),
        ...condemnedBefore({ stands }, stand, wanted.digest).flatMap((name) =>
          condemnedIn(laneIn(name))
            .filter((r) => r.digest === wanted.digest)
            .map((r) => ({ ...r, environment: name })),
        ),
      ]
    : [];
  return {
    service,
    environment,
    state: lanes ? (lane?.state ?? 'Idle') : 'unknown',
    rejected: refused.map(({ digest, environment, release, reason }) => ({
      digest,
      environment,
      release,
      reason,
    })),
    previous: before.length > 0 ? before.join(' and ') : null,
    stableBefore: [
      ...new Set([
        ...(stableBefore({ stands }, stand) ?? []),
        ...stand.served.filter((digest) => digest === wanted?.digest),
      ]),
    ],
    failed: (lane?.failures ?? []).filter((moment) => moment > since).length,
  };
}

/** What is known of every lane that is changed. */
const lanesFacts = (
  sources: FactSources,
  pull: PullRequest,
  paths: ReadonlySet<string>,
  touched: Touched,
  changes: readonly Change[],
  now: number,
): Promise<LaneFacts[]> =>
  Promise.all(
    distinct(changes).map(async ({ service, environment }) => {
      const at = sources.platform.environments.find((e) => e.name === environment)!;
      const before = await desiredBefore(sources, pull, paths, service, at);
      const wanted = touched.wanted.get(laneName(service, environment));
      return laneFacts(sources, { service, environment, wanted, before }, now);
    }),
  );

const distinct = (changes: readonly Change[]): Change[] => [
  ...new Map(changes.map((c) => [laneName(c.service, c.environment), c])).values(),
];

function unreachableSource(sources: FactSources, change: Change, now: number): SloFacts {
  const { service, environment } = change;
  const error = { code: 'SOURCE_UNAVAILABLE', message: 'no Prometheus is configured for it' };
  const none = { left: null, requests: null, bad: null, coverage: null, fast: null, slow: null };
  const at = sources.platform.environments.find((e) => e.name === environment)!;
  const thresholds = { fast: at.burn.fast.threshold, slow: at.burn.slow?.threshold ?? null };
  return { service, environment, slo: '', objective: 0, ...none, thresholds, query: '', at: now, error };
}

async function slosOfChanges(
  sources: FactSources,
  changes: readonly Change[],
  now: number,
): Promise<SloFacts[]> {
  const { platform } = sources;
  const perEnvironment = await Promise.all(
    platform.environments.map(async (environment) => {
      const mine = distinct(changes).filter(
        (c) => c.environment === environment.name && environment.budgetHolds,
      );
      if (mine.length === 0) return [];
      const port = sources.metrics(environment.name);
      if (!port) return mine.map((change) => unreachableSource(sources, change, now));
      const services = mine.map((c) => c.service);
      return sloFacts(platform, environment, services, port, sources.adjustments, now);
    }),
  );
  return perEnvironment.flat();
}

/** Everything that the policy will be asked about one pull request, as it is at one instant. */
export async function gatherFacts(
  sources: FactSources,
  pull: PullRequest,
  listed: ChangedFiles,
  now: number,
): Promise<Result<Facts, ForgeFailure>> {
  const { platform, forge } = sources;
  const folder = platform.forge?.declaration ?? null;
  const paths = new Set(listed.files.flatMap((f) => [f.path, ...(f.previous ? [f.previous] : [])]));
  const touched = await touchedLanes(sources, pull, listed, paths);
  if (!touched.ok) return touched;
  const declared = await declarationFacts(forge, sources.reader, folder, pull.head.sha, [...paths]);
  if (!declared.ok) return declared;
  const all = [...touched.value.changes, ...declared.value.changes];
  const count = Math.max(touched.value.tooMany ?? 0, distinct(all).length);
  const tooMany = touched.value.tooMany !== undefined || count > MOST_LANES;
  const changes = tooMany ? [] : all;
  // A lane that is only being added has no budget yet.
  const known = changes.filter(
    (c) =>
      platform.environments.some((e) => e.name === c.environment) &&
      isIn(platform.services.find((s) => s.name === c.service) ?? {}, c.environment),
  );
  const state = sources.governance();
  const facts: Facts = {
    schema: FACTS_SCHEMA,
    now,
    platform: { name: platform.name, digest: platform.digest },
    settings: settingsOf(platform),
    pullRequest: {
      number: pull.number,
      title: pull.title,
      author: pull.author,
      base: pull.base.branch,
      baseSha: pull.base.sha,
      headSha: pull.head.sha,
      labels: [...pull.labels],
      fork: pull.fork,
      url: pull.url,
      files: listed.files.length,
      complete: listed.complete,
      ...(tooMany ? { lanes: count } : {}),
      rulesTouched: rulesTouched(listed.files, folder),
    },
    changes,
    declaration: {
      problems: toldProblems([...touched.value.problems, ...declared.value.declaration.problems]),
      relaxed: tooMany ? [] : declared.value.declaration.relaxed,
    },
    slos: await slosOfChanges(sources, known, now),
    lanes: await lanesFacts(
      sources,
      pull,
      paths,
      touched.value,
      known.filter((c) => c.kind !== 'declaration'),
      now,
    ),
    freezes: [...calendarFreezes(platform.freezes, now), ...recordedFreezes(state, now)],
    waivers: waiverFacts(state, pull.number),
    team: [],
  };
  // Titles, paths and messages are untrusted text: none of them may prevent the digest of the facts.
  return ok(wellFormed(facts));
}
