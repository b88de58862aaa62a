import { fail, ok, type Result } from '../../../kit/result.ts';
import type { ForgeFailure, ForgeHint } from '../../forge.ts';
import { badSignature, deliveryOf, signed } from '../forge-http/calls.ts';
import { deliverySchema } from './schemas.ts';
import type { GiteaState } from './state.ts';

export function hint(
  { webhookSecret }: GiteaState,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): Result<ForgeHint, ForgeFailure> {
  if (!signed(webhookSecret, body, headers['x-gitea-signature'])) return badSignature;
  const delivery = deliveryOf(body);
  if (!delivery.ok) return delivery;
  const parsed = deliverySchema.safeParse(delivery.value);
  if (!parsed.success) return fail({ code: 'INVALID', message: 'the delivery is not as documented' });
  // A comment is no ground of a decision, and the one that is kept up to date is our own.
  const pull = parsed.data.comment ? null : (parsed.data.pull_request?.number ?? null);
  const { ref, sha, context } = parsed.data;
  const status = pull === null && sha !== undefined && context !== undefined;
  return ok({
    kind: pull !== null ? 'pull' : status ? 'status' : ref ? 'push' : 'other',
    pull,
    headSha: status ? sha : null,
    baseSha: null,
    delivery: headers['x-gitea-delivery'] ?? '',
  });
}
