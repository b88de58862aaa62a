import type { SourceFile } from '../../declaration/documents.ts';
import {
  type Environment,
  lanesOf,
  type Platform,
  type Service,
  type Slo,
} from '../../declaration/platform.ts';
import { laneName } from '../../delivery/events.ts';
import type { ForgeFailure, ForgePort } from '../../gitops/forge.ts';
import { type Change, covers, type Facts, type Relaxed } from '../../governance/facts.ts';
import { relaxedIn } from '../../governance/relaxations.ts';
import { canonicalText } from '../../kit/canonical.ts';
import { problemLine } from '../../kit/problem.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import { renderRules } from '../../runtime/render/prometheus/rules.ts';
import { compile } from '../compile.ts';
import { laneSettings } from '../settings.ts';

/** What a change of the declaration does: whether anything valid is left, what it relaxes, whom it touches. */
export interface DeclarationFacts {
  readonly declaration: Facts['declaration'];
  readonly changes: readonly Change[];
}

const MAX_FILES = 500;

async function filesAt(
  forge: ForgePort,
  sha: string,
  folder: string,
): Promise<Result<SourceFile[], ForgeFailure>> {
  const listed = await forge.list(sha, folder);
  if (!listed.ok) return listed;
  const paths = listed.value.filter((path) => /\.ya?ml$/.test(path)).slice(0, MAX_FILES);
  const files: SourceFile[] = [];
  for (const file of paths) {
    const text = await forge.text(sha, file);
    if (!text.ok) return text;
    if (text.value !== null && /^\s*(- )?apiVersion\s*:/m.test(text.value))
      files.push({ file, text: text.value });
  }
  return ok(files);
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

function prepare(platform: Platform): Prepared {
  const { environments, services, policy, freezes, ...rest } = platform;
  // No lane's rules or settings are made from these.
  const {
    digest: _d,
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

/** Everything that is rendered of one lane, as one text: its rules, and what its releases go by. */
function renderedLane({ platform, slos, held }: Prepared, { service, environment }: LaneAt): string {
  const own = { ...platform, slos: slos.get(service.name) ?? [] };
  const { declaration: _, ...settings } = laneSettings(platform, service, environment);
  return `${held} ${canonicalText({ rules: renderRules(own, environment), settings, guards: service.guards })}`;
}

const concerns = (relaxed: Relaxed, { service, environment }: LaneAt, slos: readonly Slo[]): boolean =>
  covers(relaxed, environment.name, service.name) &&
  (relaxed.slo === '*' || slos.some((slo) => slo.name === relaxed.slo));

/**
 * Lanes that a declaration touches: their rendered form differs, or a setting that concerns them is relaxed, so that
 * their budgets are looked up. Lanes that are made from the same are not rendered at all.
 */
export function touchedLanes(before: Platform, after: Platform, relaxed: readonly Relaxed[] = []): Change[] {
  const [was, will] = [prepare(before), prepare(after)];
  const isTouched = (name: string): boolean => {
    const [old, next] = [was.lanes.get(name), will.lanes.get(name)];
    if (!old || !next) return true;
    if (relaxed.some((r) => concerns(r, old, was.slos.get(old.service.name) ?? []))) return true;
    return !madeFromSame(was, will, old) && renderedLane(was, old) !== renderedLane(will, next);
  };
  return [...new Set([...was.lanes.keys(), ...will.lanes.keys()])]
    .filter(isTouched)
    .sort()
    .map((lane) => {
      const [service, environment] = lane.split('/') as [string, string];
      return { service, environment, kind: 'declaration', from: null };
    });
}

const NOTHING: DeclarationFacts = { declaration: { problems: [], relaxed: [] }, changes: [] };

/** Compares the declaration that stands with the one that a pull request would leave. */
export async function declarationFacts(
  forge: ForgePort,
  platform: Platform,
  folder: string | null,
  headSha: string,
  paths: readonly string[],
): Promise<Result<DeclarationFacts, ForgeFailure>> {
  if (folder === null || !paths.some((path) => path.startsWith(`${folder}/`))) return ok(NOTHING);
  const files = await filesAt(forge, headSha, folder);
  if (!files.ok) return fail(files.error);
  const compiled = compile(files.value);
  if (!compiled.ok)
    return ok({ declaration: { problems: compiled.error.map(problemLine), relaxed: [] }, changes: [] });
  const relaxed = relaxedIn(platform, compiled.value);
  return ok({
    declaration: { problems: [], relaxed },
    changes: touchedLanes(platform, compiled.value, relaxed),
  });
}
