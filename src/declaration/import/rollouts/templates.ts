import type { Argument, RolloutResource, RolloutResources, TemplateResource } from './resources.ts';

/** Which AnalysisTemplates a Rollout asks, and where that is a guess. Pure. */

export interface Asked {
  readonly template: TemplateResource;
  readonly args: readonly Argument[];
}

interface AskedTemplates {
  readonly found: readonly Asked[];
  readonly questions: readonly string[];
}

interface Reference {
  readonly templateName: string;
  readonly clusterScope: boolean;
}

type Found = { readonly template: TemplateResource; readonly question: string | null };

/**
 * The template of this name. One that is in the namespace of the Rollout comes first; one that names no namespace, or
 * that a Rollout without any asks, is where it is applied, which no file says.
 */
function templateFor(
  r: RolloutResource,
  { templateName, clusterScope }: Reference,
  all: RolloutResources,
): Found | null {
  const kind = clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
  const named = all.templates.filter((t) => t.kind === kind && t.metadata.name === templateName);
  const { name, namespace } = r.metadata;
  const same = named.find((t) => clusterScope || t.metadata.namespace === namespace);
  if (same) return { template: same, question: null };
  const candidates =
    namespace === undefined ? named : named.filter((t) => t.metadata.namespace === undefined);
  const [taken] = candidates;
  // Several of one namespace are asked about as namesakes.
  if (!taken || candidates.some((t) => t.metadata.namespace !== taken.metadata.namespace)) return null;
  const who = namespace === undefined ? name : templateName;
  const where = namespace ?? taken.metadata.namespace!;
  // Without -n, kubectl applies into default: there it is the same namespace, written out once.
  const question = `Is ${who} applied in namespace ${where}? It names none, so ${templateName} was taken for the AnalysisTemplate that ${name} asks.`;
  return { template: taken, question: where === 'default' ? null : question };
}

/** Analyses of experiments judge pods of their own, which are no release. */
const experimentsOf = (r: RolloutResource): readonly string[] =>
  (r.spec.strategy.canary?.steps ?? [])
    .flatMap((s) => s.experiment?.analyses ?? [])
    .map((a) => a.templateName);

/** The templates that a Rollout asks, with its arguments; those that were not found are asked about. */
export function templatesOf(r: RolloutResource, all: RolloutResources): AskedTemplates {
  const { canary, blueGreen } = r.spec.strategy;
  const analyses = [
    ...(blueGreen?.prePromotionAnalysis ? [blueGreen.prePromotionAnalysis] : []),
    ...(blueGreen?.postPromotionAnalysis ? [blueGreen.postPromotionAnalysis] : []),
    ...(canary?.analysis ? [canary.analysis] : []),
    ...(canary?.steps ?? []).flatMap((s) => s.analysis ?? []),
  ];
  const found = new Map<string, Asked>();
  const questions = new Set<string>();
  for (const { templates, args } of analyses)
    for (const reference of templates) {
      const { templateName, clusterScope } = reference;
      const one = templateFor(r, reference, all);
      if (one) found.set(`${clusterScope}/${templateName}`, { template: one.template, args });
      const question = one
        ? one.question
        : `Where is the AnalysisTemplate ${templateName}, which ${r.metadata.name} asks? It was not found.`;
      if (question !== null) questions.add(question);
    }
  for (const name of experimentsOf(r))
    questions.add(
      `Does the analysis ${name} of an experiment say what a good request of ${r.metadata.name} is? It judges the experiment's own pods and is not imported: keep it, and declare an SLO for what users get.`,
    );
  return { found: [...found.values()], questions: [...questions] };
}
