import { describe, expect, it } from 'vitest';
import type { DesiredState } from '../gitops/port.ts';
import { createDesiredReading } from './desired-reading.ts';

const asked = (commit: string): DesiredState => ({ commit, lanes: new Map(), problems: [] });

/** A repository that answers when it is told to. */
function rig() {
  const waiting: { resolve(state: DesiredState | null): void; reject(error: Error): void }[] = [];
  const warned: string[] = [];
  const reading = createDesiredReading(
    { read: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })) },
    (_, message) => warned.push(message),
  );
  return { reading, waiting, warned };
}

describe('reading the desired state beside the tick', () => {
  it('LOOP-15: a repository that is slow holds up no tick: what it said last is gone by, until it answers', async () => {
    const { reading, waiting } = rig();
    const first = reading.refresh();
    waiting[0]!.resolve(asked('one'));
    await first;
    await reading.refresh();
    await reading.refresh();
    expect(reading.last()?.commit).toBe('one');
    expect(waiting, 'one read at a time').toHaveLength(2);
    const third = reading.refresh();
    waiting[1]!.resolve(asked('two'));
    await third;
    expect(reading.last()?.commit).toBe('two');
  });

  it('LOOP-15: a read that brings nothing, or fails, leaves what was read before', async () => {
    const { reading, waiting, warned } = rig();
    const first = reading.refresh();
    waiting[0]!.resolve(asked('one'));
    await first;
    const second = reading.refresh();
    waiting[1]!.resolve(null);
    await second;
    const third = reading.refresh();
    waiting[2]!.reject(new Error('gone'));
    await third;
    expect(reading.last()?.commit).toBe('one');
    expect(warned).toEqual(['the desired state could not be read']);
  });

  it('LOOP-15: what stops everything is thrown, even where it came late', async () => {
    const { reading, waiting } = rig();
    await reading.refresh();
    waiting[0]!.reject(Object.assign(new Error('killed'), { name: 'Killed' }));
    await expect(reading.refresh()).rejects.toThrow('killed');
  });
});
