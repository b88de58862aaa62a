import { describe, expect, it } from 'vitest';
import type { ForgeFailure, PullRequest } from '../gitops/forge.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { createRunner } from './flow/runner.ts';
import { Refused } from './flow/types.ts';
import { answered, FORGE_PATIENCE, forgeCall } from './forge-call.ts';

const CODES = {
  RATE_LIMITED: 'all',
  UNAUTHORISED: 'all',
  UNAVAILABLE: 'one',
  FORBIDDEN: 'one',
  NOT_FOUND: 'one',
  INVALID: 'one',
  REFUSED: 'one',
  CONFLICT: 'one',
  TOO_LARGE: 'one',
} as const satisfies Record<ForgeFailure['code'], 'all' | 'one'>;

/** A forge that fails for pull request 1, and what was asked of it. */
async function askedOf(code: ForgeFailure['code']): Promise<number[]> {
  let now = 0;
  const asked: number[] = [];
  const pull = async (number: number): Promise<Result<Pick<PullRequest, 'number'>, ForgeFailure>> => {
    asked.push(number);
    return number === 1 ? fail({ code, message: code }) : ok({ number });
  };
  const runner = createRunner({ now: () => now, warn: () => {} });
  runner.handle<number, unknown>('read', {
    ...forgeCall(FORGE_PATIENCE, () => ({ firstMs: 5_000, longestMs: 5_000 })),
    apply: async ({ target }) => ({ done: await answered(() => pull(target)) }),
    settled: () => {},
  });
  const want = (number: number) =>
    runner.want(`pull/${number}`, [
      {
        kind: 'read',
        subject: `pull/${number}`,
        generation: 0,
        key: `${number}`,
        resource: 'forge',
        urgent: false,
        target: number,
      },
    ]);
  want(1);
  await runner.settle(FORGE_PATIENCE.firstMs);
  want(2);
  now = 1_000;
  await runner.settle(FORGE_PATIENCE.firstMs);
  return asked;
}

describe('calls to the forge', () => {
  it.each(Object.entries(CODES))(
    'ERRAND-8: %s holds up %s, whether the gate or promotions ask',
    async (code, holds) => {
      expect(await askedOf(code as ForgeFailure['code'])).toEqual(holds === 'all' ? [1] : [1, 2]);
    },
  );

  it('ERRAND-8: what the forge answers is given as it is, and why it did not is kept word for word', async () => {
    expect(await answered(async () => ok(7))).toBe(7);
    const failure: ForgeFailure = { code: 'RATE_LIMITED', message: 'slow down', retryAfterMs: 9_000 };
    const thrown = await answered(async () => fail(failure)).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Refused);
    expect(thrown).toMatchObject({ refusal: failure, wide: true });
  });
});
