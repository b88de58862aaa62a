import type { ServiceValues } from '../helm/values.ts';
import { burnQuery } from './burn-query.ts';

/** An AnalysisTemplate as far as it is rendered here. */
export interface AnalysisTemplate {
  readonly apiVersion: 'argoproj.io/v1alpha1';
  readonly kind: 'AnalysisTemplate';
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

const template = (name: string, spec: object): AnalysisTemplate => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name },
  spec,
});

/** How many answers may be inconclusive, or missing, before a person is asked. */
const limitOf = ({ sluice }: ServiceValues): number =>
  Math.max(1, Math.floor(sluice.deadlineSeconds / Math.max(1, Number.parseInt(sluice.interval, 10))));

/** More answers than any step takes: without a number Argo Rollouts refuses an inline analysis. */
const NO_END = 100_000_000;

/** Sluice's verdict on one step: pass goes on, fail aborts; inconclusive and no answer wait. */
export function verdictTemplate(values: ServiceValues): AnalysisTemplate {
  const { service, environment, sluice } = values;
  const query = `service=${service}&environment=${environment}&revision={{args.revision}}&step={{args.step}}&phase={{args.phase}}`;
  return template(`${service}-verdict`, {
    args: [{ name: 'phase' }, { name: 'step' }, { name: 'revision' }],
    metrics: [
      {
        name: 'verdict',
        interval: sluice.interval,
        count: NO_END,
        consecutiveSuccessLimit: 1,
        failureLimit: 0,
        // Sluice itself says for how long a step, or a freeze, may take.
        inconclusiveLimit: NO_END,
        consecutiveErrorLimit: limitOf(values),
        successCondition: 'result.verdict == "pass"',
        failureCondition: 'result.verdict == "fail"',
        provider: {
          web: {
            method: 'GET',
            url: `${sluice.server}/api/v1/verdict?${query}`,
            timeoutSeconds: 10,
            jsonPath: '{$}',
          },
        },
      },
    ],
  });
}

/** The burn rates themselves, beside every step: the cluster is safe without our server. */
export const burnTemplate = (values: ServiceValues): AnalysisTemplate =>
  template(`${values.service}-burn`, {
    args: [{ name: 'revision' }],
    metrics: [
      {
        name: 'burn',
        interval: values.sluice.interval,
        failureLimit: 0,
        inconclusiveLimit: limitOf(values),
        consecutiveErrorLimit: limitOf(values),
        successCondition: 'len(result) > 0 && result[0] == 0',
        failureCondition: 'len(result) > 0 && result[0] == 1',
        provider: {
          prometheus: { address: values.sluice.prometheus, timeout: 10, query: burnQuery(values) },
        },
      },
    ],
  });

/** Everything by which Argo Rollouts asks whether a step may pass. */
export const analysisTemplates = (values: ServiceValues): AnalysisTemplate[] => [
  ...(values.sluice.server ? [verdictTemplate(values)] : []),
  ...(values.sluice.slos.length > 0 && values.sluice.prometheus ? [burnTemplate(values)] : []),
];
