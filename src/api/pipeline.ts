import { z } from '@hono/zod-openapi';
import type { KeptProposal } from '../gitops/events.ts';
import { objection, orderObjection, type Pipeline, type Stand } from '../gitops/promotion.ts';
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

interface Told {
  readonly sentence: string;
  /** Something is to come here that is not here yet. */
  readonly waits: boolean;
}

/** What waits for what in one environment, and why. */
function told(p: Pipeline, s: Stand, open: KeptProposal | undefined): Told {
  const name = `${p.service} in ${s.environment}`;
  const waits = (text: string): Told => ({ sentence: `${name}${text}.`, waits: true });
  const rests = (text: string): Told => ({ sentence: `${name}${text}.`, waits: false });
  if (open)
    return open.kind === 'revert'
      ? waits(`: #${open.number} puts Git back to ${open.version}`)
      : waits(`: #${open.number} asks for ${open.version}; it can merge once the gate allows`);
  if (s.desired && s.desired.digest !== s.stable?.digest) {
    const order = orderObjection(p, s.environment, s.desired.digest);
    if (order) return waits(`: ${s.desired.version} is held before any traffic: ${order}`);
    return s.rejected.includes(s.desired.digest)
      ? waits(`: ${s.desired.version} was condemned; ${s.stable?.version ?? 'nothing'} serves`)
      : rests(`: ${s.desired.version} is on its way (${s.state})`);
  }
  const before = s.after.flatMap((e) => p.stands.find((x) => x.environment === e) ?? []);
  const next = before.find((b) => b.stable && b.stable.digest !== s.stable?.digest);
  if (next?.stable) {
    const why = objection(p, s, next.stable);
    if (why) return rests(`: ${next.stable.version} of ${next.environment} stays there: ${why}`);
    const left = next.restSince === null ? next.soakMs : Math.max(0, next.soakMs - (p.now - next.restSince));
    return next.state === 'Stable' && left > 0
      ? waits(`: ${next.stable.version} rests in ${next.environment} for another ${humanSpan(left)}`)
      : waits(` waits for ${next.environment}, which is ${next.state}`);
  }
  return rests(` is at ${s.stable?.version ?? 'nothing'}`);
}

export function pipelineAnswer(
  pipelines: readonly Pipeline[],
  proposals: readonly KeptProposal[],
  now: number,
): PipelineAnswer {
  const open = proposals.filter((p) => p.ended === null);
  const services = pipelines.map((p) => ({
    service: p.service,
    stands: p.stands.map((s) => {
      const mine = open.find((o) => o.lane === `${p.service}/${s.environment}`);
      return {
        environment: s.environment,
        after: [...s.after],
        state: s.state,
        stable: s.stable ? bare(s.stable) : null,
        desired: s.desired ? bare(s.desired) : null,
        ...told(p, s, mine),
        pull: mine?.number ?? null,
      };
    }),
  }));
  const waiting = services.flatMap((s) => s.stands).filter((s) => s.waits);
  const sentence =
    waiting.length === 0
      ? 'Every service is at rest in every environment.'
      : `${waiting[0]!.sentence}${waiting.length > 1 ? ` ${waiting.length - 1} more wait.` : ''}`;
  return { schema: 'sluice.dev/pipeline/v1', sentence, at: now, services };
}
