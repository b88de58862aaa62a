import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { workerReader } from '../../src/controller/adapters/worker/reader.ts';
import { compile } from '../../src/controller/compile.ts';
import { type PullReader, readerHere } from '../../src/controller/gate/reading.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import { BROKEN_FILES } from '../attacks.ts';
import { temporaryFolder } from '../folder.ts';
import {
  codes,
  desired,
  type GateHouse,
  gateHouse,
  type HouseOptions,
  platformText,
  SLOS,
} from './harness.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const FILES = [
  { file: 'platform/platform.yaml', text: platformText() },
  { file: 'platform/slos.yaml', text: SLOS },
];
const platform = ((): Platform => {
  const compiled = compile(FILES);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
})();
type Options = NonNullable<Parameters<typeof workerReader>[1]>;
const readerWith = (options?: Options): PullReader => {
  const reader = workerReader(platform, options);
  closing.push(() => reader.close());
  return reader;
};
/** A declaration that takes a while, of any length. */
const large = (slos: number) => [
  FILES[0]!,
  {
    file: 'platform/slos.yaml',
    text: [SLOS, ...Array.from({ length: slos }, (_, i) => SLOS.replaceAll('-availability', `-a${i}`))].join(
      '---\n',
    ),
  },
];

describe('what pull requests bring is read on threads of its own', () => {
  it('GATE-27: what comes of it is the same as on this thread, and the same content is read once', async () => {
    const [there, here] = [readerWith(), readerHere(platform)];
    const edits = [
      SLOS,
      SLOS.replace('0.999', '0.99'),
      SLOS.replace('0.999', '7'),
      SLOS.replace('30d', '1h'),
      '{',
      'kind: [',
      ...Object.values(BROKEN_FILES),
    ];
    for (const text of edits) {
      const files = [FILES[0]!, { file: 'platform/slos.yaml', text }];
      const answer = await there.declaration(files);
      expect(answer).toEqual(JSON.parse(JSON.stringify(await here.declaration(files))));
    }
    for (const [name, text] of [...Object.entries(BROKEN_FILES), ['right', desired('1.1.0', 'b')] as const])
      expect([name, await there.desired('f.yaml', text, 'checkout')]).toEqual([
        name,
        await here.desired('f.yaml', text, 'checkout'),
      ]);
  });

  it('GATE-27: this thread goes on meanwhile', async () => {
    // However slow the machine: what counts here is that this thread goes on.
    const reader = readerWith({ limits: { cpuMs: 600_000 } });
    await reader.declaration(FILES);
    let done = false;
    let turns = 0;
    const read = reader.declaration(large(3_000)).finally(() => {
      done = true;
    });
    while (!done) {
      await new Promise((next) => setImmediate(next));
      turns++;
    }
    expect(await read).toMatchObject({ ok: true });
    expect(turns).toBeGreaterThan(100);
  });

  it('GATE-27: over the limit of the processor it is given up with the limit named, and not read over and over', async () => {
    // The limit is the point: what is too much takes several times of it, the next one fits on a slow machine.
    const reader = readerWith({ limits: { cpuMs: 500, timeMs: 1_200_000 } });
    const refused = {
      ok: false,
      error: { kind: 'limit', message: 'reading it takes more than 0.5 s of the processor' },
    };
    expect(await reader.declaration(large(6_000))).toEqual(refused);
    // Another one in its place would come from another thread.
    const again = Promise.race([
      reader.declaration(large(6_000)),
      new Promise((late) => setImmediate(late, 'late')),
    ]);
    expect(await again).toEqual(refused);
    expect(await reader.desired('f.yaml', desired('1.1.0', 'b'), 'checkout')).toMatchObject({ ok: true });
  });

  it('GATE-27: over the limit of memory too, and the server lives', async () => {
    const reader = readerWith({ limits: { memoryMb: 40 } });
    const answer = await reader.declaration(large(6_000));
    expect(answer).toEqual({
      ok: false,
      error: { kind: 'limit', message: 'reading it takes more than 40 MB of memory' },
    });
    expect(await reader.desired('f.yaml', desired('1.1.0', 'b'), 'checkout')).toMatchObject({ ok: true });
  });

  it('GATE-27: so many wait and no more; a declaration that takes long holds up no desired-state file', async () => {
    const reader = readerWith({ limits: { waiting: 1 } });
    const three = [1, 2, 3].map((n) => reader.declaration(large(1_000 + n)));
    expect(await reader.desired('f.yaml', desired('1.1.0', 'b'), 'checkout')).toMatchObject({ ok: true });
    const answers = await Promise.all(three);
    expect(answers.map((a) => a.ok)).toEqual([true, true, false]);
    expect(answers[2]).toMatchObject({
      error: { kind: 'busy', message: expect.stringContaining('1 others wait') },
    });
    // What was only busy is read the next time.
    expect(await reader.declaration(large(1_003))).toMatchObject({ ok: true });
  });

  it.each([
    ['throws as it starts', 'throw new Error("broken");', /reading it failed: broken/],
    ['ends at once', 'process.exit(0);', /the thread for reading it ended/],
    [
      'never ends',
      'const { parentPort } = require("node:worker_threads"); parentPort.on("message", () => { for (;;); }); parentPort.postMessage({ ready: true });',
      /reading it takes more than 0\.2 s of the processor/,
    ],
    [
      'takes all memory',
      'const { parentPort } = require("node:worker_threads"); parentPort.on("message", () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); }); parentPort.postMessage({ ready: true });',
      /reading it takes more than 40 MB of memory/,
    ],
    [
      'never answers',
      'const { parentPort } = require("node:worker_threads"); parentPort.on("message", () => {}); parentPort.postMessage({ ready: true });',
      /reading it takes longer than 0\.3 s/,
    ],
  ])('GATE-27: a thread that %s ends its own job only', async (_, code, why) => {
    const entry = join(temporaryFolder('thread'), 'entry.cjs');
    writeFileSync(entry, code);
    const cpuMs = code.includes('for (;;);') ? 200 : 60_000;
    const timeMs = code.includes('() => {})') ? 300 : 600_000;
    const reader = readerWith({ entry, limits: { cpuMs, timeMs, memoryMb: 40 } });
    for (const text of ['a', 'b']) {
      const answer = await reader.declaration([{ file: 'f.yaml', text }]);
      if (answer.ok) throw new Error('nothing can come of it');
      expect(answer.error.message).toMatch(why);
    }
  });

  it('GATE-27: closed, it answers what still waits', async () => {
    const reader = workerReader(platform);
    const waiting = [large(1_000), large(1_001)].map((files) => reader.declaration(files));
    await reader.close();
    for (const answer of await Promise.all(waiting))
      expect(answer).toMatchObject({ ok: false, error: { kind: 'busy', message: 'the server ends' } });
    expect(await reader.declaration(FILES)).toMatchObject({ ok: false, error: { kind: 'busy' } });
  });
});

const house = async (options: HouseOptions): Promise<GateHouse> => {
  const made = await gateHouse(options);
  closing.push(() => made.close());
  return made;
};
const freeze = (name: string, rrule: string) =>
  `    - { name: ${name}, reason: r, timeZone: UTC, start: '2026-01-01T00:00', duration: 1h, rrule: '${rrule}' }\n`;
const names = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i}`);
const fleet = (environments: number, services: number, more = '') => ({
  'platform/platform.yaml': `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: gate }
spec:
  environments:
${names('e', environments)
  .map((e) => `    - { name: ${e}, prometheus: { address: 'http://p' } }`)
  .join('\n')}
  services:
${names('s', services)
  .map((s) => `    - { name: ${s}, slos: [${s}-availability] }`)
  .join('\n')}
  forge: { local: true, declaration: platform }
${more}`,
  'platform/slos.yaml': names('s', services)
    .map((s) => SLOS.replaceAll('checkout', s))
    .join('---\n'),
});
/** Each environment comes after all before it: as many ways to the first as there are subsets. */
const lattice = names('e', 60)
  .map(
    (e, i, all) => `    - { name: ${e}, prometheus: { address: 'http://p' }, after: [${all.slice(0, i)}] }`,
  )
  .join('\n');

describe('a declaration that was made to hold up the gate', () => {
  const ATTACKS: readonly [string, Record<string, string>, RegExp | null][] = [
    [
      'two weekly freezes that never occur',
      {
        'platform/platform.yaml': platformText(
          `  freezes:\n${freeze('a', 'FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;UNTIL=20260115')}${freeze('b', 'FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;BYSETPOS=7')}`,
        ),
      },
      /spec\.freezes\[0\]\.rrule: it never occurs/,
    ],
    ['80 × 80 lanes', fleet(80, 80), null],
    ['more lanes than anybody has', fleet(101, 100), /expected at most 10000 lanes .*, got 10100/],
    [
      'more freezes than anybody has',
      {
        'platform/platform.yaml': platformText(
          `  freezes:\n${names('f', 201)
            .map((f) => freeze(f, 'FREQ=DAILY'))
            .join('')}`,
        ),
      },
      /expected at most 200 freezes, got 201/,
    ],
    [
      'an order with a million million ways through it',
      {
        'platform/platform.yaml': platformText().replace(
          /( {4}- \{ name: stage[\s\S]*?)(?= {2}services)/,
          `${lattice}\n`,
        ),
      },
      null,
    ],
    [
      'aliases that exhaust a reader',
      {
        'platform/more.yaml': `${['a: &a [x,x,x,x,x,x,x,x,x,x]']
          .concat([...'bcdefghi'].map((n, i) => `${n}: &${n} [${`*${'abcdefgh'[i]},`.repeat(10)}]`))
          .join('\n')}\napiVersion: sluice.dev/v1\nkind: Platform\n`,
      },
      /larger than \d+ values and characters, aliases included/,
    ],
    [
      'half of a character',
      { 'platform/slos.yaml': SLOS.replace('30d', '"\\uD800"') },
      /half of a character/,
    ],
    [
      'an object for a word',
      { 'platform/more.yaml': 'apiVersion: { toString: x, valueOf: y }\nkind: [SLO]\n' },
      /unknown document/,
    ],
    [
      'a hundred thousand unknown fields',
      {
        'platform/more.yaml': `apiVersion: sluice.dev/v1\nkind: Platform\nmetadata: { name: x }\nspec:\n${names(
          'k',
          100_000,
        )
          .map((k) => `  ${k}: 1`)
          .join('\n')}\n`,
      },
      /unknown field/,
    ],
    [
      'a text of five million characters',
      { 'platform/more.yaml': `apiVersion: sluice.dev/v1\nkind: ${'x'.repeat(5_000_000)}\n` },
      /more\.yaml:1: the declaration is longer than 4194304 characters/,
    ],
    [
      'more files than are read',
      Object.fromEntries(names('f', 600).map((f) => [`platform/${f}.yaml`, 'x: 1\n'])),
      /platform:1: it holds more than 500 files \(602\)/,
    ],
    [
      'lines that a pattern would go over again and again',
      { 'platform/more.yaml': `${'\n'.repeat(400_000)}x` },
      /unknown document/,
    ],
  ];

  it('GATE-27: each is decided by itself, denied with its limit where it is over one, and one beside them is let through', async () => {
    const h = await house({
      reader: (p) => workerReader(p),
      patience: { firstMs: 60_000, againMs: 60_000, timeoutMs: 120_000 },
    });
    const numbers = new Map<number, (typeof ATTACKS)[number]>();
    for (const attack of ATTACKS) numbers.set(await h.open(attack[1]), attack);
    const good = await h.open({ 'environments/stage/checkout.yaml': desired('1.2.0', 'd') });
    await h.tick();
    for (const [number, [name, , why]] of numbers) {
      const decision = h.decision(number);
      const said = decision.deny.map((d) => d.msg).join('\n');
      if (why) expect([name, codes(decision)]).toEqual([name, ['DECLARATION_INVALID']]);
      if (why) expect([name, said]).toEqual([name, expect.stringMatching(why)]);
      else if (name === '80 × 80 lanes')
        // 6400 that are new, and checkout in stage and in prod, which it removes.
        expect(decision.deny).toMatchObject([
          { code: 'TOO_MANY_LANES', msg: 'it changes 6402 lanes; at most 4000 are judged at once' },
        ]);
      else expect([name, decision.deny.filter((d) => d.code === 'DECLARATION_INVALID')]).toEqual([name, []]);
      expect(decision.deny.length).toBeLessThan(102);
    }
    expect(await h.status(good)).toBe('success');
  });
});
