/** Desired-state files that were made to break their reader, by what is wrong with them. Each is a pull request away. */
const HEAD = `service: checkout\nversion: "1.1.0"\ndigest: sha256:${'b'.repeat(64)}\n`;
const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
  .concat([...'bcdefgh'].map((name, i) => `  ${name}: &${name} [${`*${'abcdefg'[i]},`.repeat(10)}]`))
  .join('\n');

export const BROKEN_FILES: Readonly<Record<string, string>> = {
  'an alias without its anchor': `${HEAD}values: { a: *nowhere }\n`,
  'a bomb of aliases': `${HEAD}values:\n  ${bomb}\n`,
  'values that contain themselves': `${HEAD}values: &x { a: *x }\n`,
  'half of a character': `${HEAD}values: { a: "\\uD800" }\n`,
  'half of a character in a key': `${HEAD}values: { "\\uD800": 1 }\n`,
  'very deep nesting': `${HEAD}values: { a: ${'['.repeat(50_000)}${']'.repeat(50_000)} }\n`,
  'a huge text': `${HEAD}values: { a: "${'x'.repeat(400_000)}" }\n`,
  'a number that is none': `${HEAD}values: { a: .nan }\n`,
  'a number without end': `${HEAD}values: { a: .inf }\n`,
  'a key twice': `${HEAD}values: { a: 1, a: 2 }\n`,
  'bytes by tag': `${HEAD}values: { a: !!binary aGk= }\n`,
  'code by tag': `${HEAD}values: { a: !!js/function "() => 1" }\n`,
  'a date by tag': `${HEAD}values: { a: !!timestamp 2026-01-01 }\n`,
  'a prototype': `${HEAD}values: { __proto__: { polluted: true } }\n`,
  'a list': '- 1\n- 2\n',
  'a word': 'hello\n',
  'nothing at all': '',
  'two documents': `${HEAD}---\n${HEAD}`,
  'binary garbage': '\u0001\u0002\u0003\ufffd\u0007',
  'a mark of byte order and nothing else': '\ufeff',
  'no YAML': `${HEAD}values: [1, 2\n}\n`,
  'a version that is the way to another program': `service: checkout\nversion: ../elsewhere\ndigest: sha256:${'b'.repeat(64)}\n`,
  'a version of two lines': `service: checkout\nversion: "1.1.0\\n::set-output name=allow::true"\ndigest: sha256:${'b'.repeat(64)}\n`,
  'a version that is an option': `service: checkout\nversion: --config=x\ndigest: sha256:${'b'.repeat(64)}\n`,
  'a version that is very long': `service: checkout\nversion: ${'1'.padEnd(129, 'x')}\ndigest: sha256:${'b'.repeat(64)}\n`,
  'a digest of two lines': `service: checkout\nversion: "1.1.0"\ndigest: "sha256:${'b'.repeat(64)}\\n"\n`,
  'a version that is an object': `service: checkout\nversion: { toString: 1 }\ndigest: sha256:${'b'.repeat(64)}\n`,
};
