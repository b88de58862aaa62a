import { describe, expect, it } from 'vitest';
import { wholeCommandLine } from '../../scripts/site/commands.ts';
import { fencesOf, pageFiles } from './pages.ts';
import {
  type Check,
  commandLines,
  free,
  javascript,
  json,
  rego,
  shell,
  wordsOf,
  wrongUse,
  yaml,
} from './snippets.ts';

const sluice = await wholeCommandLine();

/** How the blocks of each language are checked. A language that is not here is refused. */
const CHECKS: Readonly<Record<string, Check>> = {
  sh: shell(sluice),
  yaml,
  json,
  js: javascript,
  rego,
  mermaid: free,
  text: free,
};

const fences = pageFiles().flatMap((file) => fencesOf(file));

describe('snippets of the documentation', () => {
  it('SITE-7: every block has a language that is checked', () =>
    expect(
      fences
        .filter(({ language }) => !(language in CHECKS))
        .map(({ file, line, language }) => `${file}:${line}: ${language || 'no language'}`),
    ).toEqual([]));

  it.each(pageFiles().filter((file) => fencesOf(file).length > 0))(
    'SITE-8: %s: every snippet is valid',
    async (file) => {
      const wrong = await Promise.all(
        fencesOf(file)
          .filter(({ language }) => language in CHECKS)
          .map(async (fence) =>
            (await CHECKS[fence.language]!(fence)).map((words) => `${file}:${fence.line}: ${words}`),
          ),
      );
      expect(wrong.flat()).toEqual([]);
    },
  );
});

describe('how snippets are checked', () => {
  it.each<[string, string, readonly string[]]>([
    ['a command that is not there', 'stattus', ['no command stattus']],
    ['an option that is not there', 'status --pipelin', ['status has no option --pipelin']],
    ['an argument too few', 'promote checkout', ['promote takes 2 to 2 arguments, not 1']],
    ['an option that is required', 'render slos', ['render needs --out']],
    ['a right one', 'render slos --out rendered --format=kubernetes', []],
    ['a quoted value', 'release abort checkout prod --reason "orders fail"', []],
  ])('SITE-8: planted: %s', (_, line, wrong) => expect(wrongUse(sluice, wordsOf(line))).toEqual(wrong));

  it('SITE-8: comments, continued lines and here-documents are no commands', () =>
    expect(commandLines('a b  # c\nd \\\n  e\ncat > f <<END\nrm x\nEND\ng')).toEqual([
      'a b',
      'd e',
      'cat > f <<END',
      'g',
    ]));

  it('SITE-8: a command whose output is read as a file is a command', () =>
    expect(commandLines('source <(sluice completion bash)  # in ~/.bashrc')).toEqual([
      'source',
      'sluice completion bash',
    ]));

  it.each([
    ['a wrong key', 'spec: { strategy: { stpes: [100] } }', 'stpes'],
    ['what nothing reads', 'colour: red', 'nothing reads this YAML'],
    ['a wrong document', 'apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: a }\nspec: {}', 'spec'],
  ])('SITE-8: planted YAML: %s', async (_, text, words) =>
    expect((await yaml({ file: 'a.md', line: 1, language: 'yaml', info: '', text })).join()).toContain(words),
  );
});
