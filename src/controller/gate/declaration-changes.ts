import type { SourceFile } from '../../declaration/documents.ts';
import { lanesOf } from '../../declaration/layout.ts';
import type { Environment, Platform, Service, Slo } from '../../declaration/platform.ts';
import { type Change, covers, type Facts, type Relaxed } from '../../governance/facts.ts';
import { relaxedIn } from '../../governance/relaxations.ts';
import { canonicalText } from '../../kit/canonical.ts';
import { laneName, partsOfLane } from '../../kit/lane.ts';
import { problemLine } from '../../kit/problem.ts';
import { renderRules } from '../../runtime/render/prometheus/rules.ts';
import { compile } from '../compile.ts';
import { laneSettings } from '../settings.ts';

/** The effect of a changed declaration: whether it is valid, what it relaxes, which lanes it affects. */
export interface DeclarationFacts {
  readonly declaration: Facts['declaration'];
  readonly changes: readonly Change[];
}

/** A platform with everything that its lanes are made from, as texts: what is made from the same is the same. */
interface Prepared {
  readonly platform: Platform;
  readonly shared: string;
  /** What holds changes: a part of every lane's rendered form. */
  readonly held: string;
  readonly environments: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<string, string>;
  readonly slos: ReadonlyMap<string, readonly Slo[]>;
  readonly lanes: ReadonlyMap<string, LaneAt>;
}

interface LaneAt {
  readonly service: Service;
  readonly environment: Environment;
}

/** Line numbers are left out: they change without any effect. */
const NO_ORIGIN: Platform['origin'] = { places: {}, notes: [] };

function prepare(platform: Platform): Prepared {
  const { environments, services, policy, freezes, ...rest } = platform;
  // No lane's rules or settings are made from these.
  const {
    digest: _d,
    origin: _o,
    slos: _s,
    forge: _f,
    signIn: _i,
    notifications: _n,
    ledger: _l,
    repository: _r,
    ...shared
  } = rest;
  const slos = Map.groupBy(platform.slos, (slo) => slo.service);
  return {
    platform,
    shared: canonicalText({ ...shared, policy, freezes }),
    held: canonicalText({ policy, freezes }),
    environments: new Map(environments.map((e) => [e.name, canonicalText(e)])),
    services: new Map(services.map((s) => [s.name, canonicalText([s, slos.get(s.name) ?? []])])),
    slos,
    lanes: new Map(
      lanesOf(platform).map((lane) => [laneName(lane.service.name, lane.environment.name), lane]),
    ),
  };
}

const madeFromSame = (was: Prepared, will: Prepared, { service, environment }: LaneAt): boolean =>
  was.shared === will.shared &&
  was.environments.get(environment.name) === will.environments.get(environment.name) &&
  was.services.get(service.name) === will.services.get(service.name);

/** What the releases of one lane go by, as one text. */
function releaseText({ platform }: Prepared, { service, environment }: LaneAt): string {
  const { declaration: _, ...settings } = laneSettings(platform, service, environment);
  return canonicalText({ settings, guards: service.guards });
}

const rulesText = ({ platform, slos }: Prepared, { service, environment }: LaneAt): string =>
  renderRules({ ...platform, slos: slos.get(service.name) ?? [], origin: NO_ORIGIN }, environment);

/** Whether anything that is rendered of one lane differs; its rules, which take longest, are looked at last. */
const rendersOther = (was: Prepared, will: Prepared, old: LaneAt, next: LaneAt): boolean =>
  was.held !== will.held ||
  releaseText(was, old) !== releaseText(will, next) ||
  rulesText(was, old) !== rulesText(will, next);

const concerns = (relaxed: Relaxed, { service, environment }: LaneAt, slos: readonly Slo[]): boolean =>
  covers(relaxed, environment.name, service.name) &&
  (relaxed.slo === '*' || slos.some((slo) => slo.name === relaxed.slo));

/**
 * Lanes that a declaration touches: their rendered form differs, or a setting that concerns them is relaxed, so that
 * their budgets are looked up. Lanes that are made from the same are not rendered at all.
 */
function touchedLanes(before: Platform, after: Platform, relaxed: readonly Relaxed[] = []): Change[] {
  const [was, will] = [prepare(before), prepare(after)];
  const isTouched = (name: string): boolean => {
    const [old, next] = [was.lanes.get(name), will.lanes.get(name)];
    if (!old || !next) return true;
    if (relaxed.some((r) => concerns(r, old, was.slos.get(old.service.name) ?? []))) return true;
    return !madeFromSame(was, will, old) && rendersOther(was, will, old, next);
  };
  return [...new Set([...was.lanes.keys(), ...will.lanes.keys()])]
    .filter(isTouched)
    .sort()
    .map((lane) => {
      const [service, environment] = partsOfLane(lane);
      return { service, environment, kind: 'declaration', from: null };
    });
}

/** How many problems are listed; further ones are only counted. */
const MAX_PROBLEMS = 100;
const PROBLEM_LENGTH = 600;

/** Problems as they are told: so many, and each in bounded length. */
export function toldProblems(problems: readonly string[]): string[] {
  const told = problems
    .slice(0, MAX_PROBLEMS)
    .map((text) =>
      text.length > PROBLEM_LENGTH ? `${text.slice(0, PROBLEM_LENGTH).toWellFormed()}…` : text,
    );
  const more = problems.length - told.length;
  return more > 0 ? [...told, `and ${more} more problems`] : told;
}

/** Compares the current declaration with the one in a pull request. Pure: it may run on any thread. */
export function declarationFactsOf(platform: Platform, files: readonly SourceFile[]): DeclarationFacts {
  const compiled = compile(files);
  if (!compiled.ok)
    return {
      declaration: { problems: toldProblems(compiled.error.map(problemLine)), relaxed: [] },
      changes: [],
    };
  const relaxed = relaxedIn(platform, compiled.value);
  return {
    declaration: { problems: [], relaxed },
    changes: touchedLanes(platform, compiled.value, relaxed),
  };
}
