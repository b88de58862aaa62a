import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EXIT, type Io } from './io.ts';
import { tellOfWaiting } from './waiting.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const CLEAR = '\r\u001b[K';

/** Streams that keep what is written to them, in order. */
function streams(errTty: boolean) {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const io: Io = {
    out: write,
    err: write,
    env: {},
    cwd: '/',
    outTty: false,
    errTty,
    signal: new AbortController().signal,
  };
  return { written, io };
}

it('CLI-53: after a second of silence a terminal is told, until the command speaks', async () => {
  const { written, io } = streams(true);
  const waiting = tellOfWaiting(io);
  const done = waiting.during(async () => {
    await vi.advanceTimersByTimeAsync(900);
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_200);
    waiting.io.out('found\n');
    await vi.advanceTimersByTimeAsync(5_000);
    return EXIT.yes;
  });
  expect(await done).toBe(EXIT.yes);
  expect(written).toEqual([`${CLEAR}working, 1 s …`, `${CLEAR}working, 2 s …`, CLEAR, 'found\n']);
});

it('CLI-53: a command that fails leaves no line behind, and where nobody watches nothing is added', async () => {
  const watched = streams(true);
  const failing = tellOfWaiting(watched.io).during(async () => {
    await vi.advanceTimersByTimeAsync(1_500);
    throw new Error('x');
  });
  await expect(failing).rejects.toThrow('x');
  expect(watched.written).toEqual([`${CLEAR}working, 1 s …`, CLEAR]);
  const piped = streams(false);
  await tellOfWaiting(piped.io).during(async () => {
    await vi.advanceTimersByTimeAsync(5_000);
    return EXIT.yes;
  });
  expect(piped.written).toEqual([]);
});
