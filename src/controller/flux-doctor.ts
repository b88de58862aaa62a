import { servicesIn } from '../declaration/layout.ts';
import type { Environment, Platform } from '../declaration/platform.ts';
import { type FluxPlace, syncToolOf } from '../declaration/syncing.ts';
import {
  FLUX_KINDS,
  type FluxKind,
  fluxPath,
  fluxRefusal,
  fluxSourceOf,
  REQUESTED_AT,
} from '../gitops/flux-kinds.ts';
import { ENVIRONMENT_LABEL, SERVICE_LABEL } from '../gitops/labels.ts';
import { type Kubernetes, KubernetesError } from '../io/kubernetes/client.ts';
import { counted } from '../kit/counted.ts';
import { messageOf } from '../kit/result.ts';
import { bad, type Found, good } from './cluster-check.ts';

/** What the links from Git to a cluster by Flux are checked with. */
interface Subject {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly kubernetes: Pick<Kubernetes, 'get' | 'patch'>;
}

interface Page {
  readonly items: readonly {
    readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
    readonly status?: {
      readonly conditions?: readonly {
        readonly type?: string;
        readonly status?: string;
        readonly message?: string;
      }[];
    };
  }[];
  readonly metadata: { readonly continue?: string };
}

/** Every kind is served, and may be listed. */
async function served({ kubernetes }: Subject, { namespace }: FluxPlace): Promise<Found> {
  const refused: { found: string; next: string }[] = [];
  for (const kind of Object.keys(FLUX_KINDS) as FluxKind[])
    await kubernetes.get(`${fluxPath(kind, namespace)}?limit=1`).catch((thrown: unknown) => {
      const said = thrown instanceof KubernetesError ? fluxRefusal(kind, namespace, thrown.status) : null;
      refused.push(said ?? { found: messageOf(thrown), next: 'see whether the cluster answers' });
    });
  const nexts = [...new Set(refused.map(({ next }) => next))];
  return refused.length === 0
    ? good('its objects may be read')
    : bad(refused.map(({ found }) => found).join('; '), nexts.join('; '));
}

/** The annotation that asks for a fetch may be written: tried by a dry run. */
async function mayAsk({ platform, environment, kubernetes }: Subject, flux: FluxPlace): Promise<Found> {
  const name = fluxSourceOf(platform, environment, flux);
  const at = `${fluxPath('GitRepository', flux.namespace)}/${name}`;
  const annotations = { [REQUESTED_AT]: 'dry-run' };
  try {
    await kubernetes.patch(`${at}?dryRun=All`, { metadata: { annotations } });
    return good(`the GitRepository ${name} may be asked to fetch`);
  } catch (thrown) {
    if (thrown instanceof KubernetesError && thrown.status === 404)
      return bad(
        `there is no GitRepository ${name} in the namespace ${flux.namespace}`,
        flux.source.kind === 'existing'
          ? 'see kubernetes.flux.source'
          : 'kubectl apply -f rendered/flux/gitrepositories.yaml',
      );
    return bad(messageOf(thrown), `rbac.flux of the chart must name ${flux.namespace}`);
  }
}

/** Every service has a HelmRelease, and each says that it is ready. */
async function released(
  { platform, environment, kubernetes }: Subject,
  { namespace }: FluxPlace,
): Promise<Found> {
  const label = encodeURIComponent(`${ENVIRONMENT_LABEL}=${environment.name}`);
  const found = new Map<string, string>();
  let next = '';
  do {
    const page: Page = await kubernetes.get(
      `${fluxPath('HelmRelease', namespace)}?limit=500&labelSelector=${label}${next ? `&continue=${encodeURIComponent(next)}` : ''}`,
    );
    for (const { metadata, status } of page.items) {
      const ready = status?.conditions?.find((c) => c.type === 'Ready');
      const service = metadata?.labels?.[SERVICE_LABEL] ?? '';
      found.set(service, ready?.status === 'True' ? '' : (ready?.message ?? 'it has no condition Ready yet'));
    }
    next = page.metadata.continue ?? '';
  } while (next);
  const services = servicesIn(platform, environment).map((s) => s.name);
  const missing = services.filter((name) => !found.has(name));
  if (missing.length > 0)
    return bad(
      `no HelmRelease has the labels of ${missing.join(', ')}`,
      `kubectl apply -f rendered/${environment.name}/flux.yaml, and see kubectl get kustomizations -n ${namespace}`,
    );
  const unready = services.filter((name) => found.get(name) !== '');
  return unready.length === 0
    ? good(`the HelmReleases of ${counted(services.length, 'service')} are ready`)
    : bad(
        unready.map((name) => `${name}: ${found.get(name)}`).join('; '),
        `kubectl describe helmreleases -n ${namespace}`,
      );
}

/** The links of an environment that Flux syncs; none where it does not. */
export function fluxLinks(subject: Subject): readonly (readonly [string, () => Promise<Found>])[] {
  const { flux } = subject.platform.kubernetes;
  if (!flux || syncToolOf(subject.platform, subject.environment) !== 'flux') return [];
  return [
    ['Flux', () => served(subject, flux)],
    ['Flux, right to ask', () => mayAsk(subject, flux)],
    ['Flux, releases', () => released(subject, flux)],
  ];
}
