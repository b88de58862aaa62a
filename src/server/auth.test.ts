import { timingSafeEqual } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { memoryLedger } from '../ledger/adapters/memory/ledger.ts';
import { loadTokens } from './auth.ts';

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) };
});

const LOCAL = { id: 'local', kind: 'person', scopes: ['admin'] } as const;
const MANY = 300;

describe('finding a token', () => {
  it('TOKEN-5: compares two digests, however many tokens there are, also after a restart', async () => {
    const ledger = memoryLedger();
    const tokens = await loadTokens(ledger);
    const made: string[] = [];
    for (let i = 0; i < MANY; i++) made.push((await tokens.create(`t${i}`, ['read'], LOCAL, 1_000)).token);
    for (const known of [tokens, await loadTokens(ledger)])
      for (const [i, secret] of [made[0]!, made[MANY - 1]!, 'sluice_of_nobody'].entries()) {
        vi.mocked(timingSafeEqual).mockClear();
        expect(known.whose(secret, 2_000)?.id).toBe(['token:t0', `token:t${MANY - 1}`, undefined][i]);
        // That of this process, and that of the one token with this digest.
        expect(vi.mocked(timingSafeEqual).mock.calls.length).toBe(i === 2 ? 1 : 2);
      }
  });
});
