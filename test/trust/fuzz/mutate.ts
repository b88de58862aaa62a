/** Whole numbers below a bound, the same for the same seed (mulberry32). */
function numbersOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** What parsers have stumbled over, here and elsewhere. */
const PIECES: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '"__proto__":{"polluted":1},',
  '__proto__: { polluted: 1 }\n',
  '? __proto__\n: { polluted: 1 }\n',
  '*x',
  '&x ',
  '&x [*x]',
  '<<: *x',
  '!!binary ',
  '!!js/function ',
  '!<tag:yaml.org,2002:set> ',
  '"\\uD800"',
  '\\ud800',
  '\ufeff',
  '\u2028',
  '\0',
  '\u001b[31m',
  '\r\n',
  '\t',
  '.nan',
  '.inf',
  'NaN',
  '-0',
  '-1',
  '1e400',
  '9007199254740993',
  '99999999999999999999d',
  '0x7fffffff',
  'null',
  '~',
  'true',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '---\n',
  '...\n',
  '\n',
  ': ',
  '- ',
  '? ',
  '|',
  '>',
  '#',
  "'",
  '"',
  '`',
  '%',
  '\\',
  ',',
  ';',
  '=',
  'FREQ=SECONDLY;',
  'INTERVAL=0;',
  'BYMONTHDAY=-31;',
  'UNTIL=00000101T000000Z',
  'COUNT=999999999',
  '{__name__=~".*"}',
  'offset -5m',
  '@ end()',
  '[1y:1s]',
  '::set-output name=allow::true',
  '../',
  'http://169.254.169.254/',
  '{{ .Values.x }}',
  '$'.concat('{jndi:x}'),
];

/** An input is no longer than a pull request could reasonably bring, so that the count of inputs bounds the time. */
const LONGEST = 20_000;
const MOST_CHANGES = 6;

type Change = (text: string, below: (n: number) => number, other: string) => string;

const placeIn = (text: string, below: (n: number) => number): [number, number] => {
  const a = below(text.length + 1);
  return [a, Math.min(text.length, a + below(40))];
};

/** Lines are the unit of most documents: whole ones are moved, doubled, dropped and indented. */
const lineWise =
  (change: (lines: string[], at: number, below: (n: number) => number) => void): Change =>
  (text, below) => {
    const lines = text.split('\n');
    change(lines, below(lines.length), below);
    return lines.join('\n');
  };

const CHANGES: readonly Change[] = [
  // A piece goes in, or in place of something.
  (text, below) => {
    const [from, to] = placeIn(text, below);
    return text.slice(0, from) + PIECES[below(PIECES.length)] + text.slice(below(2) === 0 ? from : to);
  },
  // Something is dropped.
  (text, below) => {
    const [from, to] = placeIn(text, below);
    return text.slice(0, from) + text.slice(to);
  },
  // Something stands many times.
  (text, below) => {
    const [from, to] = placeIn(text, below);
    return text.slice(0, from) + text.slice(from, to).repeat(1 + below(60)) + text.slice(to);
  },
  // A part of another document.
  (text, below, other) => {
    const [from, to] = placeIn(text, below);
    const [start] = placeIn(other, below);
    return text.slice(0, from) + other.slice(start, start + below(400)) + text.slice(to);
  },
  // One character is another.
  (text, below) => {
    const at = below(text.length + 1);
    return text.slice(0, at) + String.fromCharCode(below(0x100)) + text.slice(at + 1);
  },
  // It ends early.
  (text, below) => text.slice(0, below(text.length + 1)),
  // A number is another.
  (text, below) => {
    const numbers = [...text.matchAll(/\d+(\.\d+)?/g)];
    const found = numbers[below(Math.max(1, numbers.length))];
    if (!found) return text;
    const next = ['0', '-1', '1e309', '0.1', String(below(2 ** 31)), '1'.repeat(40)][below(6)];
    return text.slice(0, found.index) + next + text.slice(found.index + found[0].length);
  },
  lineWise((lines, at) => void lines.splice(at, 1)),
  lineWise((lines, at, below) => void lines.splice(below(lines.length), 0, lines[at] ?? '')),
  lineWise((lines, at, below) => {
    lines[at] = `${' '.repeat(below(8))}${(lines[at] ?? '').trimStart()}`;
  }),
  // Very deep, or very many.
  (text, below) => {
    const [from] = placeIn(text, below);
    const piece = ['[', '{', '(', '- ', '{a: ', '-', '!'][below(7)]!;
    return text.slice(0, from) + piece.repeat(1 + below(3_000)) + text.slice(from);
  },
];

/** The input of a number: a document of the corpus, changed a few times; the same for the same number and corpus. */
export function inputOf(corpus: readonly string[], number: number): string {
  const below = numbersOf(number);
  let text = corpus[below(corpus.length)] ?? '';
  // Every document is asked as it is, too.
  if (number < corpus.length) return corpus[number]!;
  for (let n = 1 + below(MOST_CHANGES); n > 0; n--) {
    const other = corpus[below(corpus.length)] ?? '';
    text = CHANGES[below(CHANGES.length)]!(text, below, other).slice(0, LONGEST);
  }
  return text;
}
