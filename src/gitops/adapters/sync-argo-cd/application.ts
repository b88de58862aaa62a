import { z } from 'zod';
import { labelsIn, nameIn, whyUnreadable } from '../../../io/kubernetes/malformed.ts';
import { ENVIRONMENT_LABEL, SERVICE_LABEL } from '../../labels.ts';
import { HEALTH_WORDS, type Live } from '../../sync.ts';

const applicationSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  status: z
    .looseObject({
      sync: z.looseObject({ status: z.string().default('Unknown') }).prefault({}),
      health: z.looseObject({ status: z.string().default('Unknown') }).prefault({}),
      conditions: z
        .array(z.looseObject({ type: z.string().default(''), message: z.string().default('') }))
        .default([]),
      operationState: z
        .looseObject({ phase: z.string().default(''), message: z.string().default('') })
        .optional(),
    })
    .prefault({}),
});

/** An Application of Argo CD, as far as it is read here. */
export interface Application {
  readonly name: string;
  readonly service: string;
  readonly environment: string;
  /** Why it cannot be read; null: it was. */
  readonly malformed: string | null;
  readonly sync: 'Synced' | 'OutOfSync' | 'Unknown';
  readonly health: Live['health'];
  /** What it says of itself where something is wrong. */
  readonly note: string;
}

/** `Suspended` is a canary that waits: on its way, and not ill. */
const HEALTH: ReadonlyMap<string, Live['health']> = new Map([
  ...HEALTH_WORDS.map((word) => [word, word] as const),
  ['Suspended', 'Progressing'],
]);

/** Never throws: an Application that cannot be read says why, and hides no other. */
export function applicationOf(object: unknown): Application {
  const labels = labelsIn(object);
  const known = {
    name: nameIn(object),
    service: labels[SERVICE_LABEL] ?? '',
    environment: labels[ENVIRONMENT_LABEL] ?? '',
  };
  try {
    const { status } = applicationSchema.parse(object);
    const sync = status.sync.status;
    const trouble = status.conditions.find((c) => c.type.endsWith('Error'))?.message;
    const failed = ['Failed', 'Error'].includes(status.operationState?.phase ?? '');
    return {
      ...known,
      malformed: null,
      sync: sync === 'Synced' || sync === 'OutOfSync' ? sync : 'Unknown',
      health: HEALTH.get(status.health.status) ?? 'Unknown',
      note: trouble ?? (failed ? (status.operationState?.message ?? '') : ''),
    };
  } catch (thrown) {
    const malformed = whyUnreadable(thrown);
    const note = `Application ${known.name} cannot be read: ${malformed}`;
    return { ...known, malformed, sync: 'Unknown', health: 'Unknown', note };
  }
}
