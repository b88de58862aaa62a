import { ok, type Result } from '../../../kit/result.ts';
import type { ForgeFailure, ForgeHint } from '../../forge.ts';
import { badSignature, deliveryOf, signed } from '../forge-http/calls.ts';
import type { LocalState } from './state.ts';

export function hint(
  { webhookSecret }: LocalState,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): Result<ForgeHint, ForgeFailure> {
  if (!signed(webhookSecret, body, headers['x-sluice-signature'])) return badSignature;
  const delivery = deliveryOf(body);
  if (!delivery.ok) return delivery;
  const pull = delivery.value['pull'];
  return ok({
    kind: typeof pull === 'number' ? 'pull' : 'other',
    pull: typeof pull === 'number' ? pull : null,
    headSha: null,
    baseSha: null,
    delivery: headers['x-sluice-delivery'] ?? '',
  });
}
