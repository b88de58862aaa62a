import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entry } from '../../test/contract/ledger/contract.ts';
import { type Range, rangesOf, verifyRanges } from './ranges.ts';
import { createVerifier, EMPTY_HEAD, type Head, seal, verifyChain } from './record.ts';

const LENGTH = 24;

function chainOf(ledger: string, length: number): string[] {
  let head: Head = EMPTY_HEAD;
  return Array.from({ length }, (_, i) => {
    const { record, text } = seal(ledger, head, entry(i));
    head = record;
    return text;
  });
}
const CHAIN = chainOf('t', LENGTH);
const OTHER = chainOf('other', LENGTH);

/** Stored rows: a place each, which no text has to agree with. */
interface Row {
  readonly seq: number;
  readonly text: string;
}

/** What somebody did to a row; null: it is gone. */
type Harm = (row: Row, all: readonly Row[]) => Row | null;
const HARMS: Readonly<Record<string, Harm>> = {
  'is gone': () => null,
  'is nonsense': ({ seq }) => ({ seq, text: 'nonsense' }),
  'is of another ledger': ({ seq }) => ({ seq, text: OTHER[seq - 1]! }),
  'is a copy of the one before': ({ seq }) => ({ seq, text: CHAIN[Math.max(0, seq - 2)]! }),
  'was changed': ({ seq, text }) => ({ seq, text: text.replace('"v":1', '"v":2') }),
  'was sealed anew': ({ seq }) => ({
    seq,
    text: seal('t', seq === 1 ? EMPTY_HEAD : (JSON.parse(CHAIN[seq - 2]!) as Head), entry(99)).text,
  }),
  'says that it is the first': ({ seq, text }) => ({ seq, text: text.replace(/"seq":\d+/, '"seq":1') }),
};

const harmed = (harms: readonly (readonly [number, string])[]): Row[] => {
  let rows: Row[] = CHAIN.map((text, i) => ({ seq: i + 1, text }));
  for (const [seq, name] of harms)
    rows = rows.flatMap((row) => (row.seq === seq ? (HARMS[name]!(row, rows) ?? []) : row));
  return rows;
};

/** Walks stored rows as a store does; counts what was walked. */
function walking(rows: readonly Row[]) {
  const walked: Range[] = [];
  const result = (ranges: readonly Range[]) =>
    verifyRanges(ranges, async (range, start) => {
      walked.push(range);
      const verifier = createVerifier(start);
      for (const { seq, text } of rows)
        if (seq > range.after && seq <= (range.until ?? Number.POSITIVE_INFINITY)) verifier.take(text);
      return verifier.walked();
    });
  return { walked, result };
}

describe('a part of a chain', () => {
  it('LEDGER-21: a break is named by its line in the whole', () => {
    const verifier = createVerifier({ head: null, ledger: 't', lines: 10 });
    for (const text of [...CHAIN.slice(10, 12), 'nonsense']) verifier.take(text);
    expect(verifier.result()).toMatchObject({ ok: false, records: 3, breaks: [{ line: 13 }] });
  });

  it('LEDGER-21: a thousand breaks are named, and one more is no less of a break', () => {
    const verifier = createVerifier();
    for (let i = 0; i < 1_500; i++) verifier.take('nonsense');
    const { ok, records, breaks } = verifier.result();
    expect([ok, records, breaks.length]).toEqual([false, 1_500, 1_000]);
  });
});

describe('a chain that is verified in parts', () => {
  it('LEDGER-21: says what one walk says, whatever was done to it and wherever it is divided', async () => {
    const harms = fc.array(
      fc.tuple(fc.integer({ min: 1, max: LENGTH }), fc.constantFrom(...Object.keys(HARMS))),
      { maxLength: 5 },
    );
    const told = new Set<string>();
    await fc.assert(
      fc.asyncProperty(harms, fc.integer({ min: 1, max: 6 }), async (some, parts) => {
        const rows = harmed(some);
        const whole = verifyChain(rows.map(({ text }) => text));
        expect(await walking(rows).result(rangesOf(LENGTH, parts, 1))).toEqual(whole);
        for (const { code } of whole.breaks) told.add(code);
      }),
      { numRuns: 2_000 },
    );
    expect([...told].sort()).toEqual(['CHANGED', 'GAP', 'NOT_A_RECORD', 'OTHER_LEDGER', 'WRONG_PREVIOUS']);
  });

  it('LEDGER-21: a sound chain is walked once, and one with a broken joint no more than twice', async () => {
    const ranges = rangesOf(LENGTH, 3, 1);
    const sound = walking(harmed([]));
    await sound.result(ranges);
    expect(sound.walked).toEqual(ranges);
    const broken = walking(harmed([[ranges[1]!.after + 1, 'is gone']]));
    await broken.result(ranges);
    expect(broken.walked).toEqual([...ranges, ranges[1], ranges[2]]);
  });

  it.each([
    [0, 2, [[0, null]]],
    [99_999, 2, [[0, null]]],
    [
      100_000,
      2,
      [
        [0, 50_000],
        [50_000, null],
      ],
    ],
    [
      1_000_001,
      2,
      [
        [0, 500_001],
        [500_001, null],
      ],
    ],
  ])('LEDGER-21: %i records in at most %i parts', (records, parts, expected) =>
    expect(rangesOf(records, parts).map((r) => [r.after, r.until])).toEqual(expected),
  );
});
