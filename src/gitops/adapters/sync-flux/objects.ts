import { z } from 'zod';
import { labelsIn, nameIn, whyUnreadable } from '../../../io/kubernetes/malformed.ts';
import type { FluxKind } from '../../flux-kinds.ts';
import { ENVIRONMENT_LABEL, SERVICE_LABEL } from '../../labels.ts';

const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
});
type Condition = z.infer<typeof condition>;

const metadata = z.looseObject({
  name: z.string(),
  generation: z.number().default(0),
  labels: z.record(z.string(), z.string()).default({}),
});
const spec = z.looseObject({ suspend: z.boolean().default(false) }).prefault({});
const status = {
  observedGeneration: z.number().default(0),
  conditions: z.array(condition).default([]),
};

const repositorySchema = z.looseObject({
  metadata,
  spec,
  status: z
    .looseObject({ ...status, artifact: z.looseObject({ revision: z.string() }).optional() })
    .prefault({}),
});
const kustomizationSchema = z.looseObject({
  metadata,
  spec,
  status: z
    .looseObject({
      ...status,
      lastAppliedRevision: z.string().optional(),
      lastAttemptedRevision: z.string().optional(),
    })
    .prefault({}),
});
const releaseSchema = z.looseObject({
  metadata,
  spec,
  status: z
    .looseObject({
      ...status,
      lastAttemptedRevision: z.string().optional(),
      history: z
        .array(z.looseObject({ chartVersion: z.string(), status: z.string(), version: z.number() }))
        .default([]),
    })
    .prefault({}),
});

/** An object of Flux, as far as it is read here. */
export interface FluxObject {
  readonly kind: FluxKind;
  readonly name: string;
  /** By its labels; empty where it has none. */
  readonly service: string;
  readonly environment: string;
  /** Why it cannot be read; null: it was. */
  readonly malformed: string | null;
  readonly suspended: boolean;
  /** The controller has seen the object as it is now. */
  readonly observed: boolean;
  readonly ready: Condition | null;
  readonly stalled: Condition | null;
  readonly reconciling: Condition | null;
  /** What is applied: the revision of an artefact, or the version of a chart. */
  readonly applied: string | null;
  readonly attempted: string | null;
  /** Of a HelmRelease: how its newest release in Helm ended. */
  readonly release: string | null;
}

type Applied = Pick<FluxObject, 'applied' | 'attempted' | 'release'>;
type Read = z.infer<typeof repositorySchema> & { readonly more: Applied };

const READ: Readonly<Record<FluxKind, (object: unknown) => Read>> = {
  GitRepository(object) {
    const read = repositorySchema.parse(object);
    return {
      ...read,
      more: { applied: read.status.artifact?.revision ?? null, attempted: null, release: null },
    };
  },
  Kustomization(object) {
    const read = kustomizationSchema.parse(object);
    const { lastAppliedRevision: applied = null, lastAttemptedRevision: attempted = null } = read.status;
    return {
      ...read,
      status: { ...read.status, artifact: undefined },
      more: { applied, attempted, release: null },
    };
  },
  HelmRelease(object) {
    const read = releaseSchema.parse(object);
    const newest = read.status.history.reduce<(typeof read.status.history)[number] | null>(
      (best, one) => (best && best.version > one.version ? best : one),
      null,
    );
    const more = {
      applied: newest?.chartVersion ?? null,
      attempted: read.status.lastAttemptedRevision ?? null,
      release: newest?.status ?? null,
    };
    return { ...read, status: { ...read.status, artifact: undefined }, more };
  },
};

const NOTHING = {
  suspended: false,
  observed: false,
  ready: null,
  stalled: null,
  reconciling: null,
  applied: null,
  attempted: null,
  release: null,
} as const;

/** Never throws: an object that cannot be read says why, and hides no other. */
export function fluxObject(kind: FluxKind, object: unknown): FluxObject {
  const labels = labelsIn(object);
  const known = {
    kind,
    name: nameIn(object),
    service: labels[SERVICE_LABEL] ?? '',
    environment: labels[ENVIRONMENT_LABEL] ?? '',
  };
  try {
    const { metadata: meta, spec: of, status: now, more } = READ[kind](object);
    const { conditions, observedGeneration } = now;
    const find = (type: string): Condition | null => conditions.find((c) => c.type === type) ?? null;
    return {
      ...known,
      malformed: null,
      suspended: of.suspend,
      observed: observedGeneration >= meta.generation,
      ready: find('Ready'),
      stalled: find('Stalled'),
      reconciling: find('Reconciling'),
      ...more,
    };
  } catch (thrown) {
    return { ...known, ...NOTHING, malformed: whyUnreadable(thrown) };
  }
}
