import { type Kubernetes, KubernetesError } from './client.ts';

/** Kinds of objects, by the group that they are served under. */
export interface KindOf {
  /** Such as `/apis/argoproj.io/v1alpha1`. */
  readonly base: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly clusterScope?: boolean;
}

interface Page {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly object[] | null;
}

const PAGE = 500;
const MISSING: readonly number[] = [404, 403];

/** Objects of one kind, page by page; none where the cluster does not serve that kind, or may not tell. */
async function all(kubernetes: Kubernetes, path: string): Promise<object[]> {
  const found: object[] = [];
  let next = '';
  do {
    const page: Page = await kubernetes.get(
      `${path}?limit=${PAGE}${next ? `&continue=${encodeURIComponent(next)}` : ''}`,
    );
    found.push(...(page.items ?? []));
    next = page.metadata.continue ?? '';
  } while (next);
  return found;
}

/**
 * Every object of these kinds, as a manifest each: lists leave out what kind their items are. The first kind must be
 * readable, or it throws; what else the cluster does not serve or tell is left out.
 */
export async function readKinds(
  kubernetes: Kubernetes,
  kinds: readonly KindOf[],
  namespaces: readonly string[],
): Promise<object[]> {
  const found: object[] = [];
  for (const [i, { base, apiVersion, kind, plural, clusterScope }] of kinds.entries()) {
    const paths =
      clusterScope || namespaces.length === 0
        ? [`${base}/${plural}`]
        : namespaces.map((namespace) => `${base}/namespaces/${namespace}/${plural}`);
    for (const path of paths)
      try {
        const objects = await all(kubernetes, path);
        for (const object of objects) found.push({ apiVersion, kind, ...object });
      } catch (thrown) {
        if (i === 0 || !(thrown instanceof KubernetesError) || !MISSING.includes(thrown.status)) throw thrown;
      }
  }
  return found;
}
