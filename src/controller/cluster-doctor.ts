import { servicesIn, slosIn } from '../declaration/layout.ts';
import {
  type Environment,
  namespaceOf,
  type Platform,
  requestsOf,
  type Service,
} from '../declaration/platform.ts';
import { rolloutStrategy, strategyWords } from '../declaration/rollout-strategy.ts';
import { type Kubernetes, KubernetesError } from '../io/kubernetes/client.ts';
import { counted } from '../kit/counted.ts';
import { messageOf } from '../kit/result.ts';
import { quote, selectorText, withMatcher } from '../promql/scope.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { OBJECTIVE } from '../runtime/series.ts';
import { bad, type ClusterCheck, type Found, good } from './cluster-check.ts';
import { fluxLinks } from './flux-doctor.ts';

/** How an environment is checked. Nothing is changed: the permission to patch is checked by a dry run. */
interface ClusterSources {
  readonly kubernetes: Pick<Kubernetes, 'get' | 'patch' | 'clock'>;
  readonly metrics: Pick<MetricsPort, 'instant'>;
}

interface Subject extends ClusterSources {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly now: number;
}

const MOST_SKEW_MS = 5_000;
const FOLLOWED = [
  'argoproj.io/v1alpha1 rollouts',
  'argoproj.io/v1alpha1 analysisruns',
  'apps/v1 replicasets',
  'v1 pods',
];

const baseOf = (kind: string, namespace: string): string => {
  const [version, plural] = kind.split(' ') as [string, string];
  return `/${version === 'v1' ? 'api' : 'apis'}/${version}/namespaces/${namespace}/${plural}`;
};
const rolloutsOf = ({ environment }: Subject): string => baseOf(FOLLOWED[0]!, environment.cluster.namespace);
const nameOf = (service: Service): string => service.rollout ?? service.name;

async function clock({ kubernetes, now }: Subject): Promise<Found> {
  const at = await kubernetes.clock();
  const skew = at === null ? 0 : Math.abs(at - now);
  return skew > MOST_SKEW_MS
    ? bad(
        `its clock and that of this machine differ by ${Math.round(skew / 1_000)} s`,
        'synchronize both with NTP: samples are distinguished by their time',
      )
    : good('its clock agrees with this machine');
}

async function rights(subject: Subject): Promise<Found> {
  const { kubernetes, environment } = subject;
  const refused: string[] = [];
  for (const kind of FOLLOWED)
    await kubernetes
      .get(`${baseOf(kind, environment.cluster.namespace)}?limit=1`)
      .catch((thrown: unknown) => {
        refused.push(
          `${kind.split(' ')[1]} (${thrown instanceof KubernetesError ? thrown.status : messageOf(thrown)})`,
        );
      });
  return refused.length === 0
    ? good('all that is followed may be read')
    : bad(
        `may not list ${refused.join(', ')}`,
        `rbac.namespaces of the chart must name ${environment.cluster.namespace}`,
      );
}

interface Rollout {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly strategy?: unknown };
  readonly status?: { readonly stableRS?: string };
}

async function matched(subject: Subject, rollouts: ReadonlyMap<string, Rollout>): Promise<Found> {
  const missing = subject.platform.services.filter((s) => !rollouts.has(nameOf(s))).map((s) => s.name);
  const there = [...rollouts.keys()].join(', ') || 'none';
  const strategyIn = (service: Service) =>
    `${service.name} ${strategyWords(rolloutStrategy(rollouts.get(nameOf(service))?.spec?.strategy))}`;
  return missing.length === 0
    ? good(
        `found the Rollouts of ${counted(subject.platform.services.length, 'service')}: ${subject.platform.services.map(strategyIn).join('; ')}`,
      )
    : bad(
        `no Rollout of ${missing.join(', ')}`,
        `name it under rollout: of the service; there are: ${there}`,
      );
}

async function mayPatch(subject: Subject, rollouts: ReadonlyMap<string, Rollout>): Promise<Found> {
  const [first] = rollouts.keys();
  if (subject.environment.mode !== 'enforce') return good('not needed: mode observe');
  if (first === undefined) return bad('not tried: there is no Rollout', 'apply one, and ask again');
  try {
    await subject.kubernetes.patch(`${rolloutsOf(subject)}/${first}/status?dryRun=All`, {});
    return good('the status of Rollouts may be patched');
  } catch (thrown) {
    return bad(messageOf(thrown), 'rbac.enforce: true of the chart lets it abort and retry');
  }
}

async function count({ metrics, now }: Subject, selector: string): Promise<number> {
  const answer = await metrics.instant(`count(${selector})`, now);
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value[0]?.samples[0]?.[1] ?? 0;
}

/** What carries the label: the targets of a service, or the series that its SLOs count. */
function labelledSeries({ platform }: Subject, service: Service, hash: string): string {
  const all = [{ metric: 'up', matchers: [] }, ...requestsOf(platform, service)];
  const texts = all.map((one) => selectorText(withMatcher(one, service.revisionLabel, '=', hash)));
  return [...new Set(texts)].join(' or ');
}

async function labelled(subject: Subject, rollouts: ReadonlyMap<string, Rollout>): Promise<Found> {
  const unseen: string[] = [];
  for (const service of subject.platform.services) {
    const hash = rollouts.get(nameOf(service))?.status?.stableRS;
    if (!hash) continue;
    if ((await count(subject, labelledSeries(subject, service, hash))) === 0)
      unseen.push(`${service.name} (${service.revisionLabel}="${hash}")`);
  }
  return unseen.length === 0
    ? good('scraped series carry the hash of the pod template')
    : bad(
        `nothing is scraped of ${unseen.join(', ')}`,
        'add rollouts-pod-template-hash to podTargetLabels of its monitor, or declare its revisionLabel',
      );
}

async function rules(subject: Subject): Promise<Found> {
  const { platform, environment } = subject;
  const loaded = await count(subject, `${OBJECTIVE}{environment=${quote(environment.name)}}`);
  const { length } = platform.slos;
  return loaded >= length
    ? good(`${length} SLOs are recorded`)
    : bad(
        `${loaded} of ${length} SLOs are recorded`,
        'sluice render DIR --out rendered, and load its rules into this Prometheus',
      );
}

interface Run {
  readonly metadata: { readonly creationTimestamp?: string };
  readonly status?: {
    readonly metricResults?: readonly {
      readonly name: string;
      readonly measurements?: readonly { readonly phase: string; readonly message?: string }[];
    }[];
  };
}

/** Uses the last answer to Argo Rollouts itself; if it never asked, whether our Service can be reached. */
async function verdict(subject: Subject): Promise<Found> {
  const { kubernetes, environment, platform } = subject;
  const next = `from a pod of ${environment.cluster.namespace} ${platform.kubernetes.server}/healthz must answer: check kubernetes.server, its Service and NetworkPolicies`;
  const { items } = await kubernetes.get<{ items: readonly Run[] }>(
    baseOf(FOLLOWED[1]!, environment.cluster.namespace),
  );
  const newest = [...items].sort((a, b) =>
    (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''),
  );
  const last = newest
    .flatMap(
      (run) => run.status?.metricResults?.find((m) => m.name === 'verdict')?.measurements?.at(-1) ?? [],
    )
    .at(0);
  if (last)
    return last.phase === 'Error'
      ? bad(`a Rollout had no answer: ${last.message ?? 'it says not why'}`, next)
      : good('Rollouts have answers');
  const at = /^https?:\/\/([a-z0-9-]+)\.([a-z0-9-]+)[^:/]*(?::(\d+))?/.exec(platform.kubernetes.server);
  if (!at) return bad('no Rollout has asked yet', next);
  const [, name, namespace, port = '80'] = at;
  try {
    await kubernetes.get(`/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy/healthz`);
    return good('no Rollout has asked yet; the Service of Sluice answers through the API server');
  } catch (thrown) {
    return bad(
      `no Rollout has asked yet, and the Service of Sluice does not answer: ${messageOf(thrown)}`,
      next,
    );
  }
}

/** Checks every link of one namespace. */
async function checksIn(subject: Subject): Promise<ClusterCheck[]> {
  const { kubernetes, environment } = subject;
  const listed = await kubernetes
    .get<{ items: readonly Rollout[] }>(rolloutsOf(subject))
    .catch(() => ({ items: [] as readonly Rollout[] }));
  const rollouts = new Map(listed.items.map((r) => [r.metadata.name, r]));
  const links: Links = [
    ['clock', () => clock(subject)],
    ['rights to read', () => rights(subject)],
    ['right to act', () => mayPatch(subject, rollouts)],
    ['Rollouts', () => matched(subject, rollouts)],
    ['revision label', () => labelled(subject, rollouts)],
    ['rules', () => rules(subject)],
    ['verdict', () => verdict(subject)],
  ];
  return checked(environment.name, links);
}

type Links = readonly (readonly [what: string, look: () => Promise<Found>])[];

/** A check that throws means a broken link; the others are still checked. */
async function checked(environment: string, links: Links): Promise<ClusterCheck[]> {
  const checks: ClusterCheck[] = [];
  for (const [what, look] of links) {
    const found = await look().catch((thrown: unknown) =>
      bad(messageOf(thrown), 'see whether it answers, and by what credentials it is asked'),
    );
    checks.push({ environment, what, ...found });
  }
  return checks;
}

/** Every link from the Rollouts of an environment to their verdicts, namespace by namespace, and from Git by Flux. */
export async function clusterChecks(subject: Subject): Promise<ClusterCheck[]> {
  const { platform, environment } = subject;
  const namespaces = Map.groupBy(servicesIn(platform, environment), (service) =>
    namespaceOf(service, environment),
  );
  const slos = slosIn(platform, environment);
  const checks: ClusterCheck[] = [];
  for (const [namespace, services] of namespaces) {
    const found = await checksIn({
      ...subject,
      platform: { ...platform, services, slos },
      environment: { ...environment, cluster: { ...environment.cluster, namespace } },
    });
    checks.push(...found.map((c) => (namespaces.size === 1 ? c : { ...c, what: `${c.what}, ${namespace}` })));
  }
  return [...checks, ...(await checked(environment.name, fluxLinks(subject)))];
}
