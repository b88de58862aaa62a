import {
  branchOf,
  type Environment,
  environmentsBefore,
  lanesOf,
  type Platform,
} from '../../declaration/platform.ts';
import { type Lane, laneName, type Revision } from '../../delivery/events.ts';
import { condemnedIn, goodDigestsOf } from '../../delivery/moves.ts';
import { desiredPath, parseDesired } from '../../gitops/desired.ts';
import type { ChangedFiles, ForgeFailure, ForgePort, PullRequest } from '../../gitops/forge.ts';
import { calendarFreezes } from '../../governance/calendar.ts';
import { changeOf, rulesTouched } from '../../governance/changes.ts';
import { type Governance, recordedFreezes, waiverFacts } from '../../governance/events.ts';
import {
  type Change,
  FACTS_SCHEMA,
  type Facts,
  type GateSettings,
  type LaneFacts,
  type SloFacts,
} from '../../governance/facts.ts';
import { wellFormed } from '../../kit/json.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import { type Adjustment, ENOUGH } from '../../runtime/budget.ts';
import type { MetricsPort } from '../../runtime/port.ts';
import { toldProblems } from './declaration-changes.ts';
import { declarationFacts, laterOr } from './declaration-facts.ts';
import type { PullReader } from './reading.ts';
import { sloFacts } from './slo-facts.ts';

/** Where facts come from. */
export interface FactSources {
  readonly platform: Platform;
  readonly forge: ForgePort;
  readonly reader: PullReader;
  metrics(environment: string): MetricsPort | undefined;
  /** Every lane as its ledger has it; null: no ledger is at hand, and nothing is known of past releases. */
  lanes(): ReadonlyMap<string, Lane> | null;
  governance(): Governance;
  adjustments(slo: string, environment: string): readonly Adjustment[];
}

export const settingsOf = ({ policy, environments }: Platform): GateSettings => ({
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
  readonly problems: string[];
}

/** What a file of the pull request asks for: anybody's bytes, read where they can hold up nothing. */
async function readHead(
  reader: PullReader,
  path: string,
  text: string,
  service: string,
): Promise<Result<Result<Revision, readonly string[]>, ForgeFailure>> {
  const read = await reader.desired(path, text, service);
  return read.ok ? read : laterOr(read.error, (message) => fail([`${path}:1: ${message}`]));
}

/** What the changed files of the desired state do to each lane. */
async function touchedLanes(
  sources: FactSources,
  pull: PullRequest,
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
  const touched: Touched = {
    changes: [],
    problems: [...paths]
      .filter((path) => /^environments\/.+\.ya?ml$/.test(path) && !known.has(path))
      .map((path) => `${path}: no such service or environment is declared`),
  };
  for (const { service, environment, path } of lanes.filter((l) => paths.has(l.path))) {
    const [base, head] = [await forge.text(pull.base.sha, path), await forge.text(pull.head.sha, path)];
    if (!base.ok) return base;
    if (!head.ok) return head;
    const before = base.value === null ? null : parseDesired(path, base.value, service);
    const read = head.value === null ? ok(null) : await readHead(sources.reader, path, head.value, service);
    if (!read.ok) return read;
    const after = read.value;
    if (after && !after.ok) {
      touched.problems.push(...after.error);
      continue;
    }
    const lane = sources.lanes()?.get(laneName(service, environment));
    const change = changeOf({
      service,
      environment,
      base: before?.ok ? before.value : null,
      head: after?.ok ? after.value : null,
      good: goodDigestsOf(lane),
    });
    if (change) touched.changes.push(change);
  }
  return ok(touched);
}

/** Environments right before one in which the service runs at all, with the digest that Git asks for there. */
async function environmentsThatRun(
  sources: FactSources,
  pull: PullRequest,
  service: string,
  environment: Environment,
): Promise<{ readonly name: string; readonly desired: string }[]> {
  const found = await Promise.all(
    environment.after.map(async (name) => {
      const path = desiredPath(name, service);
      const before = sources.platform.environments.find((e) => e.name === name)!;
      const branch = branchOf(sources.platform, before);
      // Of the branch that it merges into, the commit that was looked at; of another, its head.
      const at = branch === pull.base.branch ? pull.base.sha : branch;
      const text = await sources.forge.text(at, path);
      const parsed = text.ok && text.value !== null ? parseDesired(path, text.value, service) : null;
      // A file that cannot be read still says that the service runs there: nothing is stable in it.
      if (!text.ok || (parsed && !parsed.ok)) return [{ name, desired: '' }];
      return parsed ? [{ name, desired: parsed.value.digest }] : [];
    }),
  );
  return found.flat();
}

/** What stands in every list. */
const common = (lists: readonly (readonly string[])[]): string[] =>
  (lists[0] ?? []).filter((item) => lists.every((list) => list.includes(item)));

/** What the ledger knows of a lane; without one, what Git says runs before it. */
async function laneFacts(
  sources: FactSources,
  pull: PullRequest,
  change: Change,
  now: number,
): Promise<LaneFacts> {
  const { platform } = sources;
  const { service, environment } = change;
  const at = platform.environments.find((e) => e.name === environment)!;
  const lanes = sources.lanes();
  const lane = lanes?.get(laneName(service, environment));
  const since = now - platform.policy.history.windowMs;
  const rejectedIn = (name: string, l: Lane | undefined) =>
    condemnedIn(l).map(({ digest, release, reason }) => ({ digest, environment: name, release, reason }));
  const upstream = environmentsBefore(platform, at);
  const before = await environmentsThatRun(sources, pull, service, at);
  return {
    service,
    environment,
    state: lanes ? (lane?.state ?? 'Idle') : 'unknown',
    rejected: [
      ...rejectedIn(environment, lane),
      ...upstream.flatMap((e) => rejectedIn(e.name, lanes?.get(laneName(service, e.name)))),
    ],
    previous: before.length > 0 ? before.map((b) => b.name).join(' and ') : null,
    stableBefore: common(
      before.map(({ name, desired }) =>
        lanes ? (lanes.get(laneName(service, name))?.served ?? []) : [desired],
      ),
    ),
    failed: (lane?.failures ?? []).filter((moment) => moment > since).length,
  };
}

const distinct = (changes: readonly Change[]): Change[] => [
  ...new Map(changes.map((c) => [`${c.service}/${c.environment}`, c])).values(),
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
  const touched = await touchedLanes(sources, pull, paths);
  if (!touched.ok) return touched;
  const declared = await declarationFacts(forge, sources.reader, folder, pull.head.sha, [...paths]);
  if (!declared.ok) return declared;
  const changes = [...touched.value.changes, ...declared.value.changes];
  const known = changes.filter((c) => platform.environments.some((e) => e.name === c.environment));
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
      rulesTouched: rulesTouched(listed.files, folder),
    },
    changes,
    declaration: {
      problems: toldProblems([...touched.value.problems, ...declared.value.declaration.problems]),
      relaxed: declared.value.declaration.relaxed,
    },
    slos: await slosOfChanges(sources, known, now),
    lanes: await Promise.all(
      distinct(known.filter((c) => c.kind !== 'declaration')).map((c) => laneFacts(sources, pull, c, now)),
    ),
    freezes: [...calendarFreezes(platform.freezes, now), ...recordedFreezes(state, now)],
    waivers: waiverFacts(state, pull.number),
    team: [],
  };
  // Titles, paths and messages are others' words: none of them may keep the facts from being digested.
  return ok(wellFormed(facts));
}
