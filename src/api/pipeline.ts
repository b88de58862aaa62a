import { z } from '@hono/zod-openapi';
import type { Measures } from '../controller/measures.ts';
import { condemnedIn } from '../delivery/admission.ts';
import type { Lane } from '../delivery/lane.ts';
import { MOVE_REASONS } from '../delivery/reasons.ts';
import type { KeptProposal } from '../gitops/events.ts';
import { objection, orderObjection, type Pipeline, type PipelineStage } from '../gitops/promotion.ts';
import { SYNC_WORDS, type Sync } from '../gitops/sync.ts';
import { counted } from '../kit/counted.ts';
import { laneName } from '../kit/lane.ts';
import { humanSpan } from '../kit/time.ts';

const artefact = z.object({ version: z.string(), digest: z.string() });
const stand = z.object({
  environment: z.string(),
  after: z.array(z.string()),
  state: z.string(),
  stable: artefact.nullable(),
  desired: artefact.nullable(),
  sentence: z.string(),
  pull: z.number().nullable(),
  waits: z.boolean(),
  /** Whether what serves is what Git asks for. */
  sync: z.object({ word: z.enum(SYNC_WORDS), why: z.string() }).nullable(),
  /** Digests that are rejected here and in later environments, until somebody lifts that. */
  condemned: z.array(
    z.object({ version: z.string(), digest: z.string(), reason: z.string(), release: z.string() }),
  ),
});
const measures = z.object({
  deployments: z.number(),
  perDay: z.number(),
  leadTimeMs: z.number().nullable(),
  failures: z.number(),
  changeFailureRate: z.number().nullable(),
  timeToRestoreMs: z.number().nullable(),
  /** What happened at or before this time is not all counted: there was no room for it. */
  leftOutAt: z.number().nullable(),
});
export const measuresSchema = z
  .object({
    schema: z.literal('sluice.dev/measures/v1'),
    sentence: z.string(),
    at: z.number(),
    days: z.number(),
    environments: z.array(z.string()),
    all: measures,
    services: z.array(z.object({ service: z.string(), measures })),
  })
  .openapi('Measures');
export type MeasuresAnswer = z.infer<typeof measuresSchema>;
export const rollbackRequestSchema = z.object({
  /** A version that was stable there; the one before where left out. */
  to: z.string().min(1).max(200).optional(),
  reason: z.string().trim().min(1, 'a reason is required; it is recorded in the ledger').max(1_000),
});

export const rollbackAnswerSchema = z
  .object({
    schema: z.literal('sluice.dev/rollback/v1'),
    seq: z.number(),
    from: z.string(),
    to: z.string(),
    /** Whether traffic returns at once; else once the revert is merged, which nothing holds. */
    atOnce: z.boolean(),
  })
  .openapi('Rollback');

export const liftRequestSchema = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hex digits'),
  reason: z.string().trim().min(1, 'a reason is required; it is recorded in the ledger').max(1_000),
});
export const pipelineSchema = z
  .object({
    schema: z.literal('sluice.dev/pipeline/v1'),
    sentence: z.string(),
    at: z.number(),
    services: z.array(z.object({ service: z.string(), stands: z.array(stand) })),
  })
  .openapi('Pipeline');
export type PipelineAnswer = z.infer<typeof pipelineSchema>;
export const promotionRequestSchema = z.object({ service: z.string(), environment: z.string() });
export const promotionAnswerSchema = z
  .object({ schema: z.literal('sluice.dev/promotion/v1'), number: z.number() })
  .openapi('Promotion');

const bare = ({ version, digest }: { version: string; digest: string }) => ({ version, digest });

const AT_REST: readonly string[] = ['Idle', 'Stable'];

interface Told {
  readonly sentence: string;
  /** Something is to come here that is not here yet. */
  readonly waits: boolean;
}

/** What waits for what in one environment, and why. */
function told(p: Pipeline, s: PipelineStage, open: KeptProposal | undefined, gate: string | null): Told {
  const name = `${p.service} in ${s.environment}`;
  const waits = (text: string): Told => ({ sentence: `${name}${text}.`, waits: true });
  const rests = (text: string): Told => ({ sentence: `${name}${text}.`, waits: false });
  if (open)
    return open.kind === 'revert'
      ? waits(`: #${open.number} reverts Git to ${open.version}`)
      : waits(
          gate
            ? `: #${open.number} asks for ${open.version}. ${gate.replace(/\.$/, '')}`
            : `: #${open.number} asks for ${open.version}; it can merge once the gate allows it`,
        );
  if (s.desired && s.desired.digest !== s.stable?.digest) {
    const order = orderObjection(p, s.environment, s.desired.digest);
    if (order) return waits(`: ${s.desired.version} is held at 0% traffic: ${order}`);
    return s.rejected.includes(s.desired.digest)
      ? waits(`: ${s.desired.version} was rejected; ${s.stable?.version ?? 'nothing'} serves`)
      : rests(`: ${s.desired.version} is in progress (${s.state})`);
  }
  const before = s.after.flatMap((e) => p.stands.find((x) => x.environment === e) ?? []);
  const next = before.find((b) => b.stable && b.stable.digest !== s.stable?.digest);
  if (next?.stable) {
    const why = objection(p, s, next.stable);
    if (why) return rests(`: ${next.stable.version} is not promoted from ${next.environment}: ${why}`);
    const left = next.restSince === null ? next.soakMs : Math.max(0, next.soakMs - (p.now - next.restSince));
    return next.state === 'Stable' && left > 0
      ? waits(`: ${next.stable.version} soaks in ${next.environment} for another ${humanSpan(left)}`)
      : waits(` waits for ${next.environment}, which is ${next.state}`);
  }
  const where = AT_REST.includes(s.state) ? '' : ` (${s.state})`;
  return rests(` is at ${s.stable?.version ?? 'nothing'}${where}`);
}

/** What others know of a lane or a pull request. */
interface Surroundings {
  sync(lane: string): Sync | null;
  lane(lane: string): Lane | undefined;
  /** What the gate says of a pull request, in a sentence; null: nothing yet. */
  gate(number: number): string | null;
}
const ALONE: Surroundings = { sync: () => null, lane: () => undefined, gate: () => null };

function aboutLane(name: string, more: Surroundings) {
  const lane = more.lane(name);
  const sync = more.sync(name);
  return {
    sync: sync ? { word: sync.word, why: sync.why } : null,
    condemned: condemnedIn(lane).map(({ digest, reason, release, version }) => ({
      version: version ?? '',
      digest,
      reason: MOVE_REASONS[reason],
      release,
    })),
  };
}

const days = (ms: number): number => Math.round(ms / 86_400_000);
const rate = (share: number | null): string => (share === null ? '–' : `${Math.round(100 * share)}%`);

/** DORA's four, with a sentence first. */
export function measuresAnswer(
  all: Measures,
  services: readonly { readonly service: string; readonly measures: Measures }[],
  environments: readonly string[],
  spanMs: number,
  now: number,
): MeasuresAnswer {
  const where = environments.join(' and ');
  const lead =
    all.leadTimeMs === null ? '' : `, ${humanSpan(all.leadTimeMs)} (median) after the first commit`;
  const well =
    all.timeToRestoreMs === null
      ? ''
      : `, and the median time to restore was ${humanSpan(all.timeToRestoreMs)}`;
  const sentence =
    all.deployments + all.failures === 0
      ? `No version reached ${where} in ${days(spanMs)} days.`
      : `${counted(all.deployments, 'version')} reached ${where} in ${days(spanMs)} days${lead}; ${rate(all.changeFailureRate)} of changes failed${well}.`;
  const leftOut =
    all.leftOutAt === null
      ? ''
      : ` A lane with very many releases keeps only the newest: not all before ${new Date(all.leftOutAt).toISOString()} are counted.`;
  return {
    schema: 'sluice.dev/measures/v1',
    sentence: `${sentence}${leftOut}`,
    at: now,
    days: days(spanMs),
    environments: [...environments],
    all,
    services: services.map((s) => ({ ...s })),
  };
}

export function pipelineAnswer(
  pipelines: readonly Pipeline[],
  proposals: readonly KeptProposal[],
  now: number,
  more: Surroundings = ALONE,
): PipelineAnswer {
  const open = proposals.filter((p) => p.ended === null);
  const services = pipelines.map((p) => ({
    service: p.service,
    stands: p.stands.map((s) => {
      const mine = open.find((o) => o.lane === laneName(p.service, s.environment));
      return {
        environment: s.environment,
        after: [...s.after],
        state: s.state,
        stable: s.stable ? bare(s.stable) : null,
        desired: s.desired ? bare(s.desired) : null,
        ...told(p, s, mine, mine ? more.gate(mine.number) : null),
        pull: mine?.number ?? null,
        ...aboutLane(laneName(p.service, s.environment), more),
      };
    }),
  }));
  const all = services.flatMap((s) => s.stands);
  const waiting = all.filter((s) => s.waits);
  const moving = all.filter((s) => !s.waits && !AT_REST.includes(s.state));
  const others = (list: readonly unknown[], word: string) =>
    list.length > 1 ? ` ${list.length - 1} more ${word}.` : '';
  const sentence = waiting[0]
    ? `${waiting[0].sentence}${others(waiting, 'wait')}`
    : moving[0]
      ? `${moving[0].sentence}${others(moving, 'are in progress')}`
      : 'No release is in progress, and nothing is waiting.';
  // What needs a look stands on top; within that, as declared.
  const rank = (s: (typeof services)[number]) =>
    s.stands.some((x) => x.waits) ? 0 : s.stands.some((x) => !AT_REST.includes(x.state)) ? 1 : 2;
  const sorted = services.toSorted((x, y) => rank(x) - rank(y));
  return { schema: 'sluice.dev/pipeline/v1', sentence, at: now, services: sorted };
}
