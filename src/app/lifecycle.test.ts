import { describe, expect, it } from 'vitest';
import { createLifecycle } from './lifecycle.ts';

const rig = (sleep?: Parameters<typeof createLifecycle>[2]) => {
  const warned: string[] = [];
  const worked: string[] = [];
  const lifecycle = createLifecycle(
    (_, message) => warned.push(message),
    (name, ms, outcome) => void worked.push(`${name} ${outcome}${ms < 0 ? ' before it began' : ''}`),
    sleep,
  );
  return { lifecycle, warned, worked };
};

describe('what is started and stopped', () => {
  it('APP-1: stops in the opposite order of starting, each part once', async () => {
    const { lifecycle } = rig();
    const stopped: number[] = [];
    for (const part of [1, 2, 3]) lifecycle.onStop(async () => void stopped.push(part));
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    await lifecycle.stop();
    expect(stopped).toEqual([3, 2, 1]);
  });

  it('APP-1: a part that does not stop is told, and keeps no other from stopping', async () => {
    const { lifecycle, warned } = rig();
    const stopped: string[] = [];
    lifecycle.onStop(() => void stopped.push('first'));
    lifecycle.onStop(() => Promise.reject(new Error('stuck')));
    lifecycle.onStop(() => {
      throw new Error('stuck at once');
    });
    await lifecycle.stop();
    expect(stopped).toEqual(['first']);
    expect(warned).toEqual(['a part did not stop', 'a part did not stop']);
  });

  it('APP-1: a part that never ends is told once its time is over, and the ledger below it is still closed', async () => {
    const { lifecycle, warned } = rig(() => Promise.resolve());
    const stopped: string[] = [];
    lifecycle.onStop(() => void stopped.push('ledger'));
    lifecycle.onStop(() => new Promise(() => {}));
    await lifecycle.stop();
    expect(stopped).toEqual(['ledger']);
    expect(warned).toContain('a part did not stop');
  });

  it('APP-1: stopping waits for the run of a repetition that is under way, and begins no other', async () => {
    const { lifecycle } = rig();
    let finish = () => {};
    let runs = 0;
    const begun = new Promise<void>((started) => {
      lifecycle.every('work', 0, 'fails', () => {
        runs++;
        started();
        return new Promise<void>((done) => {
          finish = done;
        });
      });
    });
    await begun;
    let stopped = false;
    const stopping = lifecycle.stop().then(() => {
      stopped = true;
    });
    await Promise.resolve();
    expect(stopped).toBe(false);
    finish();
    await stopping;
    expect(runs).toBe(1);
  });

  it('METRIC-3: each run of a repetition is counted; one that fails, at once or later, is told, and the next one begins', async () => {
    const { lifecycle, warned, worked } = rig();
    let runs = 0;
    await new Promise<void>((done) => {
      lifecycle.every('work', 0, 'fails', () => {
        runs++;
        if (runs === 1) throw new Error('at once');
        if (runs === 2) return Promise.reject(new Error('later'));
        done();
        return Promise.resolve();
      });
    });
    await lifecycle.stop();
    expect(runs).toBeGreaterThanOrEqual(3);
    expect(warned).toEqual(['fails', 'fails']);
    expect(worked.slice(0, 3)).toEqual(['work failed', 'work failed', 'work done']);
  });
});
