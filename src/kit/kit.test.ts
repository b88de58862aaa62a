import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';
import { canonicalText, fromCanonical } from './canonical.ts';
import { digestOf } from './digest.ts';
import { nearest } from './nearest.ts';
import { seededRandom } from './random.ts';
import { formatDuration, humanSpan, parseDuration } from './time.ts';

describe('durations', () => {
  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['30d', 2_592_000_000],
  ])('KIT-1: %s is %i milliseconds', (text, ms) => expect(parseDuration(text)).toBe(ms));
  it.each(['', '5', 'm', '5 m', '-5m', '5m!', '101000000h', `${'9'.repeat(400)}d`])(
    'KIT-1: "%s" is no duration',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );
  it('KIT-1: formatting and parsing agree', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e10 }), (ms) => parseDuration(formatDuration(ms)) === ms),
    ));
  it.each([
    [4_200, '4.2 s'],
    [41_000, '41 s'],
    [600_000, '10 min'],
    [9_000_000, '2.5 h'],
  ])('KIT-1: %i ms is said as %s', (ms, words) => expect(humanSpan(ms)).toBe(words));
});

describe('canonical text', () => {
  it('KIT-2: the order of keys does not matter to a digest', () =>
    expect(digestOf({ a: 1, b: [1, 2] })).toBe(digestOf({ b: [1, 2], a: 1 })));
  it('KIT-2: NaN and infinities survive as tagged strings', () => {
    const value = { x: Number.NaN, y: Number.POSITIVE_INFINITY, z: [Number.NEGATIVE_INFINITY, 0.1] };
    expect(fromCanonical(canonicalText(value))).toEqual(value);
  });
  it('KIT-2: a tagged number comes back wherever it is, and what only looks like one stays as it is', () =>
    fc.assert(
      fc.property(
        fc.object({
          values: [fc.double(), fc.string(), fc.constant('$number')],
          key: fc.constantFrom('a', '$number', 'b'),
        }),
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1),
        (value, number) => {
          const text = canonicalText({ value, deep: [{ number }] });
          const back = fromCanonical(text) as { deep: [{ number: number }] };
          expect(back.deep[0].number).toBe(number);
          expect(canonicalText(back)).toBe(text);
        },
      ),
    ));
  it('KIT-2: any JSON value comes back as it was', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalText(value);
        expect(canonicalText(fromCanonical(text))).toBe(text);
      }),
    ));
});

describe('what has no canonical text', () => {
  it.each([
    ['a date', new Date(0)],
    ['a map', new Map([[1, 2]])],
    ['bytes', new Uint8Array([1])],
    ['half of a character', '\ud800'],
    ['a bigint', 1n],
  ])('KIT-2: %s has none: it is refused, not said in part', (_, value) =>
    expect(() => canonicalText({ a: value })).toThrow(),
  );
});

describe('names', () => {
  it('KIT-3: the nearest known name is suggested, and none where nothing is near', () => {
    expect(nearest('chekout', ['checkout', 'cart'])).toBe('checkout');
    expect(nearest('zzzzzz', ['checkout', 'cart'])).toBeUndefined();
    expect(nearest('checkout'.repeat(100_000), ['checkout'])).toBeUndefined();
  });
  it.each([
    ['dve', 'dev'],
    ['apo', 'api'],
    ['slso', 'slos'],
    ['Checkout', 'checkout'],
    ['sloth-common/coredns/availabilty', 'sloth-common/coredns/availability'],
    ['sloth-common/traefik/v3/latency', 'sloth-common/traefik/v2/latency'],
  ])('KIT-15: %s is near to %s', (word, meant) => expect(nearest(word, ['unrelated', meant])).toBe(meant));
  it.each([
    ['', 'a'],
    ['x', 'ab'],
    ['abc', 'xbz'],
    ['cart', 'card-payments'],
    ['sloth-common/foo/availability', 'sloth-common/istio/v1/availability'],
    ['ticket-availability', 'checkout-availability'],
    ['500', '200'],
    ['500', '503'],
  ])('KIT-15: "%s" is not near to %s', (word, other) => expect(nearest(word, [other])).toBeUndefined());
});

describe('randomness', () => {
  it('KIT-4: one seed gives one stream', () => {
    const draw = () => {
      const random = seededRandom(7);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(draw()).toEqual(draw());
  });
  it('KIT-4: binomial draws have their mean', () => {
    const random = seededRandom(3);
    let sum = 0;
    for (let i = 0; i < 2_000; i++) sum += random.binomial(100, 0.05);
    expect(sum / 2_000).toBeGreaterThan(4.8);
    expect(sum / 2_000).toBeLessThan(5.2);
  });
});

describe('trying again', () => {
  it('KIT-6: each failure in a row doubles the wait, up to the longest', () => {
    const waits = [1, 2, 3, 4, 9, 5_000].map((n) => backoffMs({ firstMs: 5_000, longestMs: 300_000 }, n));
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 300_000, 300_000]);
  });
});
