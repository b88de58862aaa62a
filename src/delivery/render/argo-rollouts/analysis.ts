import type { HeaderValues, ServiceValues } from '../helm/values.ts';
import { burnQuery } from './burn-query.ts';

/** An AnalysisTemplate as far as it is rendered here. */
interface AnalysisTemplate {
  readonly apiVersion: 'argoproj.io/v1alpha1';
  readonly kind: 'AnalysisTemplate' | 'ClusterAnalysisTemplate';
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

const template = (name: string, spec: object): AnalysisTemplate => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name },
  spec,
});

/** The delay after which Argo Rollouts repeats an unanswered query, whatever the interval. */
const ERROR_PACE_S = 10;

/**
 * How many questions in a row nobody need answer: for as long as a release may be held for a person. The n-th error
 * is no sooner than n - 1 times that pace after the first.
 */
const errorLimit = ({ sluice }: ServiceValues): number =>
  Math.max(1, Math.ceil(sluice.holdSeconds / ERROR_PACE_S));

/** More answers than any step takes: without a number Argo Rollouts refuses an inline analysis. */
const NO_END = 100_000_000;

/**
 * How many burn rates may tell nothing. Of a service that is seldom asked there are none for hours: where Sluice is
 * asked as well, it says how long that may last; else it is at the pace of the interval, for as long as errors.
 */
const inconclusiveLimit = ({ sluice }: ServiceValues): number =>
  sluice.server
    ? NO_END
    : Math.max(1, Math.ceil(sluice.holdSeconds / Math.max(1, Number.parseInt(sluice.interval, 10))));

/** Where a header is kept in a Secret it comes as an argument of the template, and is in no object of its own. */
const argumentOf = ({ name }: HeaderValues): string => `header-${name.toLowerCase()}`;

interface Headers {
  readonly args: readonly object[];
  readonly headers: readonly { readonly key: string; readonly value: string }[];
}

/** Headers of a question, with the arguments that they take. */
function headersOf(values: readonly HeaderValues[]): Headers {
  return {
    args: values.flatMap((header) =>
      header.secret ? [{ name: argumentOf(header), valueFrom: { secretKeyRef: { ...header.secret } } }] : [],
    ),
    headers: values.map((header) => ({
      key: header.name,
      value: header.secret ? `{{args.${argumentOf(header)}}}` : (header.value ?? ''),
    })),
  };
}

const withHeaders = ({ headers }: Headers): object => (headers.length > 0 ? { headers } : {});

/** Sluice's verdict on one step: pass continues, fail aborts; inconclusive and no answer wait. */
function verdictTemplate(values: ServiceValues): AnalysisTemplate {
  const { service, environment, sluice } = values;
  const query = `service=${service}&environment=${environment}&revision={{args.revision}}&step={{args.step}}&phase={{args.phase}}`;
  const headers = headersOf(sluice.serverHeaders);
  return template(`${service}-verdict`, {
    args: [{ name: 'phase' }, { name: 'step' }, { name: 'revision' }, ...headers.args],
    metrics: [
      {
        name: 'verdict',
        interval: sluice.interval,
        count: NO_END,
        consecutiveSuccessLimit: 1,
        failureLimit: 0,
        // Sluice itself says for how long a step, or a freeze, may take.
        inconclusiveLimit: NO_END,
        consecutiveErrorLimit: errorLimit(values),
        successCondition: 'result.verdict == "pass"',
        failureCondition: 'result.verdict == "fail"',
        provider: {
          web: {
            method: 'GET',
            url: `${sluice.server}/api/v1/verdict?${query}`,
            ...withHeaders(headers),
            timeoutSeconds: 10,
            jsonPath: '{$}',
          },
        },
      },
    ],
  });
}

/** The burn rates themselves, during every step: the cluster is safe without the Sluice server. */
function burnTemplate(values: ServiceValues): AnalysisTemplate {
  const { interval, prometheus, prometheusHeaders } = values.sluice;
  const headers = headersOf(prometheusHeaders);
  return template(`${values.service}-burn`, {
    args: [{ name: 'revision' }, ...headers.args],
    metrics: [
      {
        name: 'burn',
        interval,
        failureLimit: 0,
        inconclusiveLimit: inconclusiveLimit(values),
        consecutiveErrorLimit: errorLimit(values),
        successCondition: 'len(result) > 0 && result[0] == 0',
        failureCondition: 'len(result) > 0 && result[0] == 1',
        provider: {
          prometheus: {
            address: prometheus,
            ...withHeaders(headers),
            timeout: 10,
            query: burnQuery(values),
          },
        },
      },
    ],
  });
}

/** What the templates for a whole cluster are made from. */
interface ClusterValues {
  readonly server: string;
  readonly serverHeaders: readonly HeaderValues[];
  readonly interval: string;
  readonly holdSeconds: number;
}

const ASKED_FOR = 'service={{args.service}}&environment={{args.environment}}&revision={{args.revision}}';

/** Waiting for an answer, at a step or at the start; or beside all steps, stopped by a *fail* alone. */
function clusterTemplate(
  name: string,
  query: string,
  watches: boolean,
  values: ClusterValues,
): AnalysisTemplate {
  const headers = headersOf(values.serverHeaders);
  const args = ['service', 'environment', 'revision'].map((arg) => ({ name: arg }));
  const waits = { count: NO_END, consecutiveSuccessLimit: 1 };
  return {
    ...template(name, {
      args: [...args, ...headers.args],
      metrics: [
        {
          name: 'verdict',
          interval: values.interval,
          ...(watches ? {} : waits),
          failureLimit: 0,
          inconclusiveLimit: NO_END,
          consecutiveErrorLimit: Math.max(1, Math.ceil(values.holdSeconds / ERROR_PACE_S)),
          successCondition: watches ? 'result.verdict != "fail"' : 'result.verdict == "pass"',
          failureCondition: 'result.verdict == "fail"',
          provider: {
            web: {
              method: 'GET',
              url: `${values.server}/api/v1/verdict?${ASKED_FOR}${query}`,
              ...withHeaders(headers),
              timeoutSeconds: 10,
              jsonPath: '{$}',
            },
          },
        },
      ],
    }),
    kind: 'ClusterAnalysisTemplate',
  };
}

/**
 * One template a purpose for every Rollout of a cluster, whatever its steps: `sluice-start` before any traffic,
 * `sluice-verdict` at a step, `sluice-watch` beside all of them. Arguments: service, environment, and the revision by
 * `podTemplateHashValue: Latest`.
 */
export const clusterTemplates = (values: ClusterValues): AnalysisTemplate[] => [
  clusterTemplate('sluice-start', '&phase=start', false, values),
  clusterTemplate('sluice-verdict', '&phase=now', false, values),
  clusterTemplate('sluice-watch', '&phase=now', true, values),
];

/** Everything by which Argo Rollouts asks whether a step may pass. */
export const analysisTemplates = (values: ServiceValues): AnalysisTemplate[] => [
  ...(values.sluice.server ? [verdictTemplate(values)] : []),
  ...(values.sluice.slos.length > 0 && values.sluice.prometheus ? [burnTemplate(values)] : []),
];
