import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { until } from '../../wait.ts';
import type { Finding, FuzzJob } from './fuzz-worker.ts';
import { corpusOf } from './fuzz-worker.ts';
import { inputOf } from './mutate.ts';
import { PARSERS } from './parsers.ts';

/** Inputs of each parser; `SLUICE_FUZZ=100000` tries more, `SLUICE_FUZZ_FROM` others. */
const COUNT = Number(process.env['SLUICE_FUZZ'] ?? 2_000);
const FROM = Number(process.env['SLUICE_FUZZ_FROM'] ?? 0);
const MEMORY_MB = 512;
/** A quiet machine needs less for all inputs of the slowest parser. */
const EXPECTED_MS = 60_000 * Math.max(1, COUNT / 2_000);

/** Reads on a thread of its own: one input that takes all memory or all time ends it, and is named. */
async function fuzzed(parser: string): Promise<readonly Finding[]> {
  const at = new SharedArrayBuffer(4);
  const job: FuzzJob = { parser, from: FROM, count: COUNT, at };
  const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    execArgv: [],
  });
  let answer: readonly Finding[] | null = null;
  const failed = (why: string) => {
    answer ??= [{ number: new Int32Array(at)[0]!, why }];
  };
  worker.once('message', (findings: readonly Finding[]) => {
    answer = findings;
  });
  worker.once('error', (thrown) => failed(String(thrown)));
  worker.once('exit', () => failed('its thread ended'));
  try {
    return await until(`every input of ${parser}`, EXPECTED_MS, () => answer ?? false).catch(() => {
      failed('it hangs, or takes too long');
      return answer!;
    });
  } finally {
    await worker.terminate();
  }
}

describe('every parser, on inputs that nobody wrote', () => {
  it.each(PARSERS.map(({ name }) => name))(
    'TRUST-7: %s answers, or says what is wrong and in which line',
    async (name) => {
      const findings = await fuzzed(name);
      const told = findings.map(({ number, why }) => ({
        input: `${name} ${number}`,
        why,
        text: inputOf(corpusOf(name), number).slice(0, 2_000),
      }));
      expect(told).toEqual([]);
      process.stdout.write(`${name.padEnd(20)} ${COUNT} inputs tried\n`);
    },
  );

  it('TRUST-7: an input is known by its number', () => {
    const corpus = ['a: 1\nb: 2\n', '- x\n- y\n'];
    expect(inputOf(corpus, 1)).toBe(corpus[1]);
    expect(inputOf(corpus, 77)).toBe(inputOf(corpus, 77));
    const tried = new Set(Array.from({ length: 500 }, (_, n) => inputOf(corpus, n)));
    expect(tried.size).toBeGreaterThan(400);
    // What parsers have stumbled over is among them, and so is what is very deep and what ends early.
    for (const piece of ['__proto__', '&x [*x]', '\\ud800', '!!binary', '((((((((', '[[[[[[[['])
      expect(
        [...tried].some((text) => text.includes(piece)),
        piece,
      ).toBe(true);
    expect([...tried].some((text) => text.length < 3)).toBe(true);
  });
});
