import { describe, expect, it } from 'vitest';
import { seededJitter } from './jitter.ts';
import { createRunner } from './runner.ts';
import { type Errand, type Handler, Refused } from './types.ts';

const errand = (subject: string, key: string, more: Partial<Errand> = {}): Errand => ({
  kind: 'do',
  subject,
  generation: 1,
  key,
  resource: 'forge',
  urgent: false,
  target: key,
  ...more,
});

/** Something outside that answers when it is told to. */
function outside(
  more: Partial<Handler<unknown, unknown>> = {},
  jitter?: Parameters<typeof createRunner>[0]['jitter'],
) {
  let now = 0;
  const begun: string[] = [];
  const settled: string[] = [];
  const answers = new Map<string, { resolve(): void; reject(thrown: unknown): void }>();
  const signals = new Map<string, AbortSignal>();
  const runner = createRunner({ now: () => now, warn: () => {}, ...(jitter ? { jitter } : {}) });
  runner.handle<unknown, unknown>('do', {
    timeoutMs: 60_000,
    width: 2,
    patience: { firstMs: 60_000, againMs: 60_000 },
    yields: false,
    backoff: () => ({ firstMs: 1_000, longestMs: 8_000 }),
    apply: ({ key }, signal) => {
      begun.push(key);
      signals.set(key, signal);
      return new Promise((resolve, reject) =>
        answers.set(key, { resolve: () => resolve({ done: null }), reject }),
      );
    },
    settled: ({ key }) => void settled.push(key),
    ...more,
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    runner,
    begun,
    settled,
    signals,
    at: (ms: number) => {
      now = ms;
    },
    answer: async (key: string, thrown?: unknown) => {
      if (thrown === undefined) answers.get(key)!.resolve();
      else answers.get(key)!.reject(thrown);
      await turn();
      runner.start();
      await turn();
    },
    turn,
  };
}

describe('what is done outside', () => {
  it('ERRAND-1: is done one after another for a subject, in the order of its plan, and what is done is not done again', async () => {
    const o = outside();
    o.runner.want('a', [errand('a', 'a1'), errand('a', 'a2')]);
    o.runner.start();
    expect(o.begun).toEqual(['a1']);
    o.runner.want('a', [errand('a', 'a1'), errand('a', 'a2')]);
    await o.answer('a1');
    expect([o.begun, o.settled]).toEqual([['a1', 'a2'], ['a1']]);
    await o.answer('a2');
    expect(o.settled).toEqual(['a1', 'a2']);
    expect(o.runner.isBusy('a')).toBe(false);
  });

  it('ERRAND-1: what is carried out and cannot be recorded is recorded later, and not carried out again', async () => {
    let isFull = true;
    const recorded: string[] = [];
    const o = outside({
      settled: async ({ key }) => {
        if (isFull) throw new Error('the ledger is full');
        recorded.push(key);
      },
    });
    o.runner.want('a', [errand('a', 'a1')]);
    o.runner.start();
    await o.answer('a1');
    expect(o.runner.trouble('a')).toMatchObject({ message: 'the ledger is full' });
    isFull = false;
    o.at(10_000);
    o.runner.start();
    await o.turn();
    expect([o.begun, recorded, o.runner.trouble('a')]).toEqual([['a1'], ['a1'], null]);
  });

  it('ERRAND-1: what its probe finds done is settled without doing it', async () => {
    const o = outside({ probe: async () => ({ done: 'seen' }) });
    o.runner.want('a', [errand('a', 'a1')]);
    await o.runner.settle(1_000);
    expect([o.begun, o.settled]).toEqual([[], ['a1']]);
  });

  it('ERRAND-1: what is not planned any more is called off, and a newer generation takes its place; what comes late changes nothing', async () => {
    const o = outside();
    o.runner.want('a', [errand('a', 'a1'), errand('a', 'a2')]);
    o.runner.start();
    o.runner.want('a', [errand('a', 'a1', { generation: 2 })]);
    expect(o.signals.get('a1')!.aborted).toBe(true);
    await o.turn();
    o.runner.start();
    expect(o.begun).toEqual(['a1', 'a1']);
    await o.answer('a1');
    expect(o.settled).toEqual(['a1']);
  });

  it('ERRAND-2: what fails is tried later and later by the clock that it is given, and shown until then', async () => {
    const o = outside();
    o.runner.want('a', [errand('a', 'a1')]);
    o.runner.start();
    const tries: number[] = [];
    for (let now = 0; now <= 40_000; now += 500) {
      o.at(now);
      o.runner.start();
      if (o.begun.length === tries.length) continue;
      tries.push(now);
      await o.answer('a1', new Refused({ code: 'FORBIDDEN', message: 'no' }));
    }
    expect(tries).toEqual([0, 1_000, 3_000, 7_000, 15_000, 23_000, 31_000, 39_000]);
    expect(o.runner.trouble('a')).toMatchObject({ code: 'FORBIDDEN', message: 'no', failures: 8 });
    expect(o.runner.troubles()).toHaveLength(1);
  });

  it('ERRAND-2: called off and planned again it goes on waiting where it was', async () => {
    const o = outside();
    o.runner.want('a', [errand('a', 'a1')]);
    o.runner.start();
    await o.answer('a1', new Error('no'));
    o.runner.want('a', []);
    o.runner.want('a', [errand('a', 'a1')]);
    o.runner.start();
    expect(o.begun).toHaveLength(1);
    o.at(1_000);
    o.runner.start();
    expect(o.begun).toHaveLength(2);
  });

  it('ERRAND-2: the same seed gives the same jitter, another one another, and none makes a wait longer', () => {
    const shares = (seed: string) =>
      Array.from({ length: 50 }, (_, i) => seededJitter(seed)(`key ${i}`, 1 + (i % 5)));
    expect(shares('one')).toEqual(shares('one'));
    expect(shares('one')).not.toEqual(shares('two'));
    for (const share of shares('one')) expect(share > 0.8 && share <= 1).toBe(true);
  });

  it('ERRAND-3: what is urgent waits for nothing: not for its subject, nor for a place, nor for a limit', async () => {
    const o = outside();
    for (const subject of ['a', 'b', 'c']) o.runner.want(subject, [errand(subject, `${subject}1`)]);
    o.runner.start();
    expect(o.begun).toEqual(['a1', 'b1']);
    o.runner.want('a', [errand('a', 'a1'), errand('a', 'abort', { urgent: true })]);
    o.runner.start();
    expect(o.begun).toEqual(['a1', 'b1', 'abort']);
    await o.answer('b1', new Refused({ code: 'RATE_LIMITED', message: '429', retryAfterMs: 60_000 }, true));
    o.runner.want('c', [errand('c', 'abort c', { urgent: true })]);
    o.runner.start();
    expect(o.begun.at(-1)).toBe('abort c');
  });

  it('ERRAND-3: what hangs is given up after its time, and meanwhile holds up nothing but its own subject', async () => {
    // The limit is the point: what hangs never answers.
    const o = outside({ timeoutMs: 40, patience: { firstMs: 20, againMs: 20 }, width: 1, yields: true });
    o.runner.want('a', [errand('a', 'a1')]);
    o.runner.want('b', [errand('b', 'b1')]);
    await o.runner.settle(1_000);
    expect(o.begun).toEqual(['a1', 'b1']);
    await o.runner.settle(1_000);
    await o.turn();
    while (!o.runner.trouble('a') || !o.runner.trouble('b')) await o.turn();
    expect(o.runner.trouble('a')!.message).toBe('do of a took longer than 40 ms');
    expect(o.signals.get('a1')!.aborted).toBe(true);
  });

  it('ERRAND-4: so many at once for a resource, another one its own; one that asks to be left alone is, as a whole', async () => {
    const o = outside();
    for (const subject of ['a', 'b', 'c']) o.runner.want(subject, [errand(subject, `${subject}1`)]);
    o.runner.want('d', [errand('d', 'd1', { resource: 'nginx' })]);
    o.runner.start();
    expect(o.begun).toEqual(['a1', 'b1', 'd1']);
    await o.answer('a1', new Refused({ code: 'RATE_LIMITED', message: '429', retryAfterMs: 30_000 }, true));
    await o.answer('b1', new Refused({ code: 'REFUSED', message: 'no' }));
    o.at(29_000);
    o.runner.start();
    expect(o.begun).toEqual(['a1', 'b1', 'd1']);
    o.at(30_000);
    o.runner.start();
    expect(o.begun).toHaveLength(5);
  });

  it('ERRAND-5: what stops everything is thrown where it is waited for, and nothing more begins', async () => {
    const o = outside();
    o.runner.want('a', [errand('a', 'a1')]);
    o.runner.want('b', [errand('b', 'b1'), errand('b', 'b2')]);
    const thrown = expect(o.runner.settle(60_000)).rejects.toThrow('killed');
    await o.answer('a1', Object.assign(new Error('killed'), { name: 'Killed' }));
    await thrown;
  });

  it('ERRAND-9: what was carried out and is planned again waits ever longer, but for a person and for another operation', async () => {
    const o = outside({ again: { firstMs: 5_000, longestMs: 8_000 } });
    const again = async (key: string) => {
      o.runner.want('a', [errand('a', key)]);
      o.runner.start();
      await o.turn();
    };
    await again('a1');
    await o.answer('a1');
    await again('a1');
    expect(o.begun).toEqual(['a1']);
    // Another plan in between is no way around it, and does not wait itself.
    await again('a2');
    await o.answer('a2');
    await again('a1');
    expect(o.begun).toEqual(['a1', 'a2']);
    o.at(5_000);
    o.runner.start();
    expect(o.begun).toEqual(['a1', 'a2', 'a1']);
    await o.answer('a1');
    o.at(12_999);
    await again('a1');
    expect(o.begun).toHaveLength(3);
    o.at(13_000);
    await again('a1');
    expect(o.begun).toHaveLength(4);
    await o.answer('a1');
    o.runner.want('a', [errand('a', 'a1', { urgent: true })]);
    o.runner.start();
    expect(o.begun).toHaveLength(5);
    await o.answer('a1');
    // Ten minutes later it is a new one.
    o.at(613_001);
    await again('a1');
    expect(o.begun).toHaveLength(6);
  });

  it('ERRAND-6: a person who waits is answered once, whatever comes of it, and nothing is tried again for them', async () => {
    const o = outside();
    const asked = o.runner.ask(errand('p', 'p1', { urgent: true }));
    await o.answer('p1', new Refused({ code: 'FORBIDDEN', message: 'no' }));
    expect(await asked).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
    o.at(60_000);
    o.runner.start();
    expect(o.begun).toEqual(['p1']);
    const again = o.runner.ask(errand('p', 'p2', { urgent: true }));
    await o.answer('p2');
    expect(await again).toEqual({ ok: true, value: null });
  });
});
