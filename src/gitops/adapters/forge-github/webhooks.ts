import type { z } from 'zod';
import { fail, ok, type Result } from '../../../kit/result.ts';
import type { ForgeFailure, ForgeHint } from '../../forge.ts';
import { badSignature, deliveryOf, signed } from '../forge-http/calls.ts';
import { deliverySchema } from './schemas.ts';
import type { GithubState } from './state.ts';

/** `gh-readonly-queue/main/pr-12-<sha>`: the pull request that a merge group is of. */
const pullOfGroup = (ref: string): number | null => {
  const match = /\/pr-(\d+)-[0-9a-f]+$/.exec(ref);
  return match ? Number(match[1]) : null;
};

function hintOf(payload: z.infer<typeof deliverySchema>, delivery: string): ForgeHint {
  const { pull_request: pull, merge_group: group, ref, action, sha, context } = payload;
  if (group)
    return {
      kind: action === 'checks_requested' ? 'merge-group' : 'other',
      pull: pullOfGroup(group.head_ref),
      headSha: group.head_sha,
      baseSha: group.base_sha,
      delivery,
    };
  if (!pull && sha !== undefined && context !== undefined)
    return { kind: 'status', pull: null, headSha: sha, baseSha: null, delivery };
  const number = pull?.number ?? null;
  const kind = number !== null ? 'pull' : ref ? 'push' : 'other';
  return { kind, pull: number, headSha: null, baseSha: null, delivery };
}

export function hint(
  { webhookSecret }: GithubState,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): Result<ForgeHint, ForgeFailure> {
  const signature = headers['x-hub-signature-256']?.replace(/^sha256=/, '');
  if (!signed(webhookSecret, body, signature)) return badSignature;
  const delivery = deliveryOf(body);
  if (!delivery.ok) return delivery;
  const parsed = deliverySchema.safeParse(delivery.value);
  if (!parsed.success) return fail({ code: 'INVALID', message: 'the delivery is not as documented' });
  return ok(hintOf(parsed.data, headers['x-github-delivery'] ?? ''));
}
