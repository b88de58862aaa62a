import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import config from '../../vitest.config.ts';
import { ENDINGS } from './files.ts';
import { hurried } from './timing.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The one place where tests wait. */
const WAITS = 'test/wait.ts';
const LEAST_TIMEOUT_MS = 600_000;
const PLACES = [`{src,shop,scripts,console/src}/**/*.test.${ENDINGS}`, `test/**/*.${ENDINGS}`];
/** In two parts: this file is asked as well. */
const OPTION = `--${'timeout'}`;

describe('time in tests', () => {
  it('SUITE-3: no test sleeps, measures time against a bound, or has a limit of its own', () => {
    const files = globSync(PLACES, { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'));
    expect(files.length).toBeGreaterThan(80);
    const found = files
      .filter((file) => file !== WAITS)
      .flatMap((file) => hurried({ file, text: readFileSync(join(ROOT, file), 'utf8') }));
    expect(found).toEqual([]);
  });

  it('SUITE-3: what a test may take at most is far more than any needs', () => {
    const { testTimeout, hookTimeout } = config.test!;
    for (const limit of [testTimeout, hookTimeout]) expect(limit).toBeGreaterThanOrEqual(LEAST_TIMEOUT_MS);
  });

  it.each([
    ['a sleep', 'await new Promise((r) => setTimeout(r, 5));'],
    ['a sleep by the clock', 'await systemClock.sleep(5);'],
    ['a sleep by the page', 'await page.waitForTimeout(5);'],
    ['a sleep by the library', "import { setTimeout as s } from 'node:timers/promises';"],
    ['a time in an expectation', 'expect(performance.now() - begun).toBeLessThan(5);'],
    ['a span in an expectation', 'const took = Date.now() - begun; expect(took).toBeLessThan(5);'],
    ['a limit of a test', "it('SUITE-3: x', async () => {}, 5_000);"],
    ['a limit of a table', "it.each([1])('SUITE-3: x', async () => {}, LIMIT);"],
    ['a limit of a hook', 'beforeAll(async () => {}, 5_000);'],
    ['a limit as an option', "it('SUITE-3: x', { timeout: 5_000 }, async () => {});"],
    ['a limit of a property', 'fc.assert(p, { interruptAfterTimeLimit: 5 });'],
    ['a limit of a call', 'fetch(url, { signal: AbortSignal.timeout(500) });'],
    ['a sleep by what is made of a timer', 'const s = promisify(setTimeout);'],
    ['the same by its module', 'const s = util.promisify(timers.setTimeout);'],
    ['a sleep by its name', 'await sleep(5);'],
    ['a sleep that is taken out', 'const { sleep: s } = systemClock;'],
    ['a sleep in brackets', "await clock['sleep'](5);"],
    ['a sleep by the library when it is needed', "const t = await import('node:timers/promises');"],
    ['a sleep by the library, passed on', "export { setTimeout } from 'timers/promises';"],
    ['a sleep by the library by require', "const t = require('node:timers/promises');"],
    ['a sleep that holds everything up', 'Atomics.wait(place, 0, 0, 5);'],
    ['a sleep of a program', "execFileSync('sleep', ['5']);"],
    ['a sleep of resolvers', 'const { promise, resolve: r } = Promise.withResolvers(); setTimeout(r, 5);'],
    [
      'a sleep of resolvers as a whole',
      'const p = Promise.withResolvers(); setTimeout(() => p.resolve(), 5);',
    ],
    ['a loop until a time', 'while (performance.now() < end) look();'],
    ['a condition with the patience of a library', 'await vi.waitFor(() => found);'],
    ['a condition with little patience', 'await vi.waitUntil(() => found, 500);'],
    ['a condition in an expectation', 'await expect.poll(() => found).toBe(1);'],
    ['a span of the process', 'expect(process.hrtime.bigint() - begun).toBeLessThan(5n);'],
    ['a span of the process, of old', 'const took = process.hrtime(begun); expect(took[0]).toBe(0);'],
    ['a limit of a test that is named', "it('SUITE-3: x', proves, 5_000);"],
    ['a limit of a hook that is named', 'beforeAll(begin, 5 * SECOND);'],
    ['a limit as a product', "it('SUITE-3: x', { timeout: 5 * 1_000 }, async () => {});"],
    ['a limit as a constant', 'const LIMIT = 5 * 1_000; client({ timeout: LIMIT });'],
    ['a limit that is set', 'options.timeout = 5_000;'],
    ['a limit of a call in milliseconds', 'client({ timeoutMs: 50 });'],
    ['a limit of the processor', 'reader({ limits: { cpuMs: 2 * 50 } });'],
    ['a limit of an answer', 'new Agent({ headersTimeout: 500 });'],
    ['a limit of a program', `kubectl('wait', '${OPTION}=90s');`],
    ['a limit of a program in two parts', `kubectl(['wait', '${OPTION}', '90s']);`],
    ['a limit of a program in a template', `run(\`wait ${OPTION}=90s \${name}\`);`],
    ['an end by a timer', 'setTimeout(() => child.kill(), 5_000);'],
    ['a failure by a timer', 'setTimeout(reject, 5_000);'],
  ])('SUITE-3: %s would be found', (_, text) => expect(hurried({ file: 'x.ts', text })).toHaveLength(1));

  it.each([
    ['a condition', "await until('it is there', 5_000, () => found);"],
    ['what ends a child only where it hangs', 'setTimeout(() => child.kill(), patiently(5_000));'],
    ['an answer that comes late', 'setTimeout(() => answer.end(), 50);'],
    ['a clock that is told', 'expect(clock.now() - begun).toBeLessThan(5);'],
    ['an instant', 'const at = Date.now(); expect(anchors.some((a) => a.at > at)).toBe(true);'],
    ['a condition with patience', 'await vi.waitFor(() => found, { timeout: patiently(5_000) });'],
    ['a limit with patience', 'const c = client({ timeoutMs: patiently(5_000) });'],
    ['a limit of a minute for what is tested', 'const c = client({ timeoutMs: 60_000 });'],
    ['a limit of a program with patience', `run(\`${OPTION}=\${patiently(5_000) / 1_000}s\`);`],
    ['a limit of another name', 'expect(platform).toEqual({ timeoutSeconds: 5 });'],
    ['a table', 'it.each([1], 5);'],
    ['a limit that is the point', '// The limit is the point: nobody answers.\nclient({ timeoutMs: 50 });'],
    [
      'a value that is no limit',
      "client({ timeoutMs: 50 }); // no limit of the test: the shop's configuration",
    ],
  ])('SUITE-3: %s is none of these', (_, text) => expect(hurried({ file: 'x.ts', text })).toEqual([]));

  it.each([
    ['no sleep', '// the limit is the point\nawait clock.sleep(5);', 2],
    ['no expectation', '// the limit is the point\nexpect(Date.now() - begun).toBeLessThan(5);', 2],
    ['nothing that is not there', '// the limit is the point', 1],
    ['nothing far from it', '// the limit is the point\n\nclient({ timeoutMs: 50 });', 2],
  ])('SUITE-3: a comment exempts %s', (_, text, wrong) =>
    expect(hurried({ file: 'x.ts', text })).toHaveLength(wrong),
  );
});
