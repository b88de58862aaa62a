import type { Revision } from '../../events.ts';
import type { Container, PodTemplate } from './template.ts';

/** The artefact, exactly; a tag is at least a name for it. */
export const digestIn = (image: string): string =>
  /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? `tag:${image}`;

/** What the kubelet reports: `repository@sha256:…`; an image that was never pushed has an id alone. */
export const pulledDigest = (imageId: string): string | null =>
  /@(sha256:[0-9a-f]{64})$/.exec(imageId)?.[1] ?? null;

const tagIn = (image: string): string | null =>
  /:([\w][\w.-]*)$/.exec(image.replace(/@sha256:[0-9a-f]{64}$/, ''))?.[1] ?? null;

/** Which container of a pod is the service, or why that is unclear. */
export type Chosen = { readonly container: Container } | { readonly unclear: string };

interface ArtefactQuestion {
  readonly template: PodTemplate;
  /** The container that the declaration names. */
  readonly declared: string | null;
  /** What serves as stable; null: nothing, or this itself. */
  readonly beside: PodTemplate | null;
  /** Every other revision of the Rollout that is still there. */
  readonly others: readonly PodTemplate[];
}

const imageOf = (template: PodTemplate, name: string): string | undefined =>
  template.containers.find((c) => c.name === name)?.image;

const namesOf = (containers: readonly Container[]): string => containers.map((c) => c.name).join(', ');

/** Containers whose image differs in one of these. */
const changed = (template: PodTemplate, those: readonly PodTemplate[]): readonly Container[] =>
  template.containers.filter((c) => those.some((t) => (imageOf(t, c.name) ?? c.image) !== c.image));

const DECLARE = 'say which one is the service: container, under the service in the Platform';

/**
 * The container of a pod that is the service: the one that is declared, the only one, the one that kubectl's annotation
 * marks as the main one, or the only one whose image changed: against what serves, and where nothing changed against
 * that, against all revisions that are known. Pure.
 */
export function artefactOf({ template, declared, beside, others }: ArtefactQuestion): Chosen {
  const { containers } = template;
  const there = namesOf(containers) || 'none';
  if (declared !== null) {
    const container = containers.find((c) => c.name === declared);
    return container ? { container } : { unclear: `it has no container "${declared}"; there are: ${there}` };
  }
  if (containers.length === 1) return { container: containers[0]! };
  const main = containers.find((c) => c.name === template.main);
  if (main) return { container: main };
  const against = beside ? changed(template, [beside]) : [];
  const found = against.length > 0 ? against : changed(template, others);
  if (found.length === 1) return { container: found[0]! };
  const what =
    found.length === 0
      ? `none of the images of its containers (${there}) ever changed`
      : `the images of ${namesOf(found)} changed together`;
  return { unclear: `${what}: ${DECLARE}` };
}

/**
 * A pod template as the cluster shows it: of what Git asked for, it tells the artefact alone. `pulled`: what its
 * pods say that they run, where they do.
 */
export function revisionOf(
  hash: string,
  template: PodTemplate,
  chosen: Chosen,
  pulled: string | null = null,
): Revision {
  const common = { revision: hash, config: {}, template: 'unknown' as const };
  if ('unclear' in chosen)
    return {
      ...common,
      version: template.version ?? hash,
      digest: `unclear:${hash}`,
      unclear: chosen.unclear,
    };
  const { image } = chosen.container;
  const named = digestIn(image);
  return {
    ...common,
    version: template.version ?? tagIn(image) ?? hash,
    digest: named.startsWith('tag:') ? (pulled ?? named) : named,
  };
}
