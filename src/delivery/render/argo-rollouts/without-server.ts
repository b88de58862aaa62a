/** A manifest as its owner wrote it. */
type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

/** What a Rollout is to do where nobody gives verdicts. */
export interface OwnPace {
  readonly service: string;
  /** Weights, in percent. */
  readonly weights: readonly number[];
  /** How long each weight is kept while the burn rates are watched. */
  readonly pauseSeconds: number;
}

const REVISION = { name: 'revision', valueFrom: { podTemplateHashValue: 'Latest' } } as const;

/** Templates that ask our server, by name: those of every cluster, and those of one service. */
const asksServer = ({ templateName }: Fields, { service }: OwnPace): boolean =>
  /^sluice-(start|verdict|watch)$/.test(String(templateName)) || templateName === `${service}-verdict`;

/** An analysis without the templates that ask our server; null: nothing of it is left. */
function withoutServer(analysis: Fields, pace: OwnPace): Fields | null {
  const templates = listOf(analysis['templates']);
  const own = templates.filter((one) => !asksServer(one, pace));
  return own.length === templates.length
    ? analysis
    : own.length === 0
      ? null
      : { ...analysis, templates: own };
}

/** A start gate goes; a verdict at a step becomes time, in which the burn rates are watched. */
function plainStep(step: Fields, pace: OwnPace): Fields[] {
  if (!isFields(step['analysis'])) return [step];
  const left = withoutServer(step['analysis'], pace);
  if (left !== null) return [{ ...step, analysis: left }];
  const gate =
    listOf(step['analysis']['templates']).some((one) => one['templateName'] === 'sluice-start') ||
    listOf(step['analysis']['args']).some((one) => one['name'] === 'phase' && one['value'] === 'start');
  return gate ? [] : [{ pause: { duration: `${pace.pauseSeconds}s` } }];
}

/** Steps for a Rollout that has none of its own: each weight is kept for a while. */
const stepsOf = ({ weights, pauseSeconds }: OwnPace): Fields[] =>
  weights.flatMap((weight) =>
    weight >= 100
      ? [{ setWeight: weight }]
      : [{ setWeight: weight }, { pause: { duration: `${pauseSeconds}s` } }],
  );

/** The burn rates beside all steps, and whatever else was watched there. */
function background(given: unknown, pace: OwnPace): Fields {
  const analysis = isFields(given) ? withoutServer(given, pace) : null;
  const burn = { templateName: `${pace.service}-burn` };
  const others = listOf(analysis?.['templates']).filter((one) => one['templateName'] !== burn.templateName);
  const args = listOf(analysis?.['args']).filter((one) => one['name'] !== REVISION.name);
  const kept = others.length > 0 ? args : [];
  return { startingStep: 1, ...analysis, templates: [...others, burn], args: [...kept, REVISION] };
}

/** The canary strategy of a Rollout, so that it needs Prometheus and nobody else. */
function plainCanary(canary: unknown, pace: OwnPace): Fields {
  const own = fieldsOf(canary);
  const steps = listOf(own['steps']).flatMap((step) => plainStep(step, pace));
  return {
    ...own,
    analysis: background(own['analysis'], pace),
    steps: steps.length > 0 ? steps : stepsOf(pace),
  };
}

/** A blue-green strategy without what asks our server: after the switch nothing else is asked. */
function plainBlueGreen(blueGreen: Fields, pace: OwnPace): Fields {
  const asked = ['prePromotionAnalysis', 'postPromotionAnalysis'].filter((key) => isFields(blueGreen[key]));
  const left = asked.map((key) => [key, withoutServer(fieldsOf(blueGreen[key]), pace)] as const);
  const others = Object.entries(blueGreen).filter(([key]) => !asked.includes(key));
  return Object.fromEntries([...others, ...left.filter(([, analysis]) => analysis !== null)]);
}

/** A Rollout of theirs, so that it needs Prometheus and nobody else; everything that is not about us stays as it is. */
export function plainRollout(rollout: Fields, pace: OwnPace): Fields {
  const spec = fieldsOf(rollout['spec']);
  const strategy = fieldsOf(spec['strategy']);
  const { blueGreen } = strategy;
  if (isFields(blueGreen))
    return { ...rollout, spec: { ...spec, strategy: { blueGreen: plainBlueGreen(blueGreen, pace) } } };
  return {
    ...rollout,
    spec: { ...spec, strategy: { ...strategy, canary: plainCanary(strategy['canary'], pace) } },
  };
}

/** The same as a merge patch, where the Rollout itself is not at hand. */
export const plainPatch = (name: string, namespace: string, pace: OwnPace): Fields => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name, namespace },
  spec: { strategy: { canary: plainCanary({}, pace) } },
});
