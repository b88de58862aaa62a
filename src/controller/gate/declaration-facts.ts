import type { SourceFile } from '../../declaration/documents.ts';
import { type Environment, lanesOf, type Platform, type Service } from '../../declaration/platform.ts';
import type { ForgeFailure, ForgePort } from '../../gitops/forge.ts';
import { relaxedIn } from '../../governance/changes.ts';
import type { Change, Facts } from '../../governance/facts.ts';
import { digestOf } from '../../kit/digest.ts';
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

/** Everything that is rendered of one lane, as one text: its rules, and what its releases go by. */
function renderedLane(platform: Platform, service: Service, environment: Environment): string {
  const slos = platform.slos.filter((slo) => slo.service === service.name);
  const { declaration: _, ...settings } = laneSettings(platform, service, environment);
  return digestOf({
    rules: renderRules({ ...platform, slos }, environment),
    settings,
    guards: service.guards,
    policy: platform.policy,
    freezes: platform.freezes,
  });
}

/** Lanes whose rendered form differs between two declarations. */
export function touchedLanes(before: Platform, after: Platform): Change[] {
  const renderedOf = (platform: Platform) =>
    new Map(
      lanesOf(platform).map(({ service, environment }) => [
        `${service.name}/${environment.name}`,
        renderedLane(platform, service, environment),
      ]),
    );
  const [was, will] = [renderedOf(before), renderedOf(after)];
  return [...new Set([...was.keys(), ...will.keys()])]
    .filter((lane) => was.get(lane) !== will.get(lane))
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
  return ok({
    declaration: { problems: [], relaxed: relaxedIn(platform, compiled.value) },
    changes: touchedLanes(platform, compiled.value),
  });
}
