import { describe, expect, it } from 'vitest';
import { fail, ok } from '../../kit/result.ts';
import { counted, type PortCall } from './counting.ts';

describe('calls to the outside', () => {
  it('ERRAND-7: each is counted by port, verb and how it ended; what gives no promise is no call', async () => {
    const seen: PortCall[] = [];
    const calls = { call: (one: PortCall) => void seen.push(one) };
    const port = counted(
      'forge',
      {
        kind: 'local',
        pull: async (number: number) => (number > 0 ? ok(number) : fail({ code: 'NOT_FOUND' })),
        merge: async (): Promise<never> => {
          throw new Error('reset');
        },
        hint: () => 'at once',
      },
      calls,
    );
    expect([port.kind, port.hint()]).toEqual(['local', 'at once']);
    expect(await port.pull(1)).toEqual(ok(1));
    await port.pull(0);
    await expect(port.merge()).rejects.toThrow('reset');
    expect(seen.map(({ port: of, verb, outcome }) => `${of} ${verb} ${outcome}`)).toEqual([
      'forge pull answered',
      'forge pull refused',
      'forge merge failed',
    ]);
    for (const { tookMs } of seen) expect(tookMs).toBeGreaterThanOrEqual(0);
  });
});
