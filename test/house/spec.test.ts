import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type GivenNumbers, givenViolations, specViolations, titlesIn } from './spec.ts';

const ROOT = join(import.meta.dirname, '../..');

const spec = (...lines: string[]) => ['# Specification', '', ...lines, ''].join('\n');
const tests = (...titles: string[]) => titles.map((title) => ({ file: 'a.test.ts', title }));
const A1 = '- **A-1** Something is so.';
const A2 = '- **A-2** Something else is so.';

describe('the specification', () => {
  it('HOUSE-7: every rule has a number of its own and a test, and every test names a rule that holds', () => {
    const files = globSync(
      [
        'src/**/*.test.ts',
        'shop/**/*.test.ts',
        'test/**/*.test.ts',
        'test/contract/**/*contract.ts',
        'test/cluster/story/*.ts',
      ],
      { cwd: ROOT },
    );
    const titles = files.flatMap((file) => titlesIn(file, readFileSync(join(ROOT, file), 'utf8')));
    expect(specViolations(readFileSync(join(ROOT, 'SPEC.md'), 'utf8'), titles)).toEqual([]);
  });

  it('HOUSE-8: no rule is gone, and no number is used again', () => {
    const given = JSON.parse(
      readFileSync(join(import.meta.dirname, 'rule-numbers.json'), 'utf8'),
    ) as GivenNumbers;
    expect(givenViolations(readFileSync(join(ROOT, 'SPEC.md'), 'utf8'), given)).toEqual([]);
  });

  const numbers: [string, string, GivenNumbers, string[]][] = [
    ['all are there', spec(A1, A2), { highest: { A: 2 }, missing: [] }, []],
    [
      'one was deleted',
      spec(A2),
      { highest: { A: 2 }, missing: [] },
      ['A-1 is gone: a rule that holds no more stays, marked as withdrawn'],
    ],
    [
      'the highest was deleted',
      spec(A1),
      { highest: { A: 2 }, missing: [] },
      ['A-2 is gone: a rule that holds no more stays, marked as withdrawn'],
    ],
    ['one was left out', spec(A2), { highest: { A: 2 }, missing: ['A-1'] }, []],
    [
      'one that was left out is used',
      spec(A1, A2),
      { highest: { A: 2 }, missing: ['A-1'] },
      ['A-1 was given before: take a new number'],
    ],
    [
      'a new one',
      spec(A1, A2),
      { highest: { A: 1 }, missing: [] },
      ['A-2 is new: write it into test/house/rule-numbers.json'],
    ],
    [
      'a new family',
      spec(A1),
      { highest: {}, missing: [] },
      ['A-1 is new: write it into test/house/rule-numbers.json'],
    ],
  ];
  it.each(numbers)('HOUSE-8: numbers once given: %s', (_, text, given, found) => {
    expect(givenViolations(text, given)).toEqual(found);
  });

  const planted: [string, string, { file: string; title: string }[], string[]][] = [
    ['two rules, each with a test', spec(A1, A2), tests('A-1: so', 'A-2: so'), []],
    ['a rule without a test', spec(A1, A2), tests('A-1: so'), ['A-2 has no test']],
    [
      'a test of no rule',
      spec(A1),
      tests('A-1: so', 'it works'),
      ['a.test.ts: "it works" does not begin with a rule'],
    ],
    [
      'a test of a rule that is not there',
      spec(A1),
      tests('A-1: so', 'A-2: so'),
      ['a.test.ts: "A-2: so" does not begin with a rule'],
    ],
    [
      'a test that names a rule and says nothing',
      spec(A1),
      tests('A-1: so', 'A-1: '),
      ['a.test.ts: "A-1: " does not begin with a rule'],
    ],
    ['a number that stands twice', spec(A1, A1), tests('A-1: so'), ['A-1 stands twice, in lines 3 and 4']],
    ['numbers that were left out', spec(A1, '- **A-3** More.'), tests('A-1: so', 'A-3: so'), []],
    ['a rule that says nothing', spec('- **A-1**'), tests('A-1: so'), ['A-1 says nothing']],
    [
      'a line that is almost a rule',
      spec(A1, '- *A-2* More.'),
      tests('A-1: so'),
      ['line 4 is not written as a rule'],
    ],
    ['families count on their own', spec(A1, '- **B-1** More.'), tests('A-1: so', 'B-1: so'), []],
  ];
  it.each(planted)('HOUSE-7: planted: %s', (_, text, titles, wrong) =>
    expect(specViolations(text, titles)).toEqual(wrong),
  );

  const gone = (by: string, id = 'A-1') => `- **${id}** *withdrawn by ${by}* Something was so.`;
  const withdrawn: [string, string, { file: string; title: string }[], string[]][] = [
    ['it needs no test', spec(gone('A-2'), A2), tests('A-2: so'), []],
    ['a successor of another family', spec(gone('B-1'), '- **B-1** More.'), tests('B-1: so'), []],
    ['the successor needs a test', spec(gone('A-2'), A2), [], ['A-2 has no test']],
    [
      'a test that still names it',
      spec(gone('A-2'), A2),
      tests('A-1: so', 'A-2: so'),
      ['a.test.ts: "A-1: so" tests a rule that was withdrawn by A-2'],
    ],
    [
      'its successor was replaced as well',
      spec(gone('A-2'), gone('A-3', 'A-2'), '- **A-3** More.'),
      tests('A-3: so'),
      [],
    ],
    [
      'its successor was replaced as well, and a test still names the first',
      spec(gone('A-2'), gone('A-3', 'A-2'), '- **A-3** More.'),
      tests('A-1: so', 'A-3: so'),
      ['a.test.ts: "A-1: so" tests a rule that was withdrawn by A-3'],
    ],
    ['by a rule that is not there', spec(gone('A-2')), [], ['A-1 is withdrawn by A-2, which is no rule']],
    ['by itself', spec(gone('A-1')), [], ['no rule holds in the end: A-1 → A-1']],
    [
      'by one that is withdrawn by it',
      spec(gone('B-1'), gone('A-1', 'B-1')),
      [],
      ['no rule holds in the end: A-1 → B-1 → A-1', 'no rule holds in the end: B-1 → A-1 → B-1'],
    ],
    [
      'by an older number',
      spec(A1, gone('A-1', 'A-2')),
      tests('A-1: so'),
      ['A-2 is withdrawn by A-1: a successor has a new number'],
    ],
    [
      'without a successor',
      spec('- **A-1** *withdrawn* Something was so.', A2),
      tests('A-2: so'),
      ['A-1 is to be marked *withdrawn by X-n*, followed by what it said', 'A-1 has no test'],
    ],
    [
      'without what it said',
      spec('- **A-1** *withdrawn by A-2*', A2),
      tests('A-2: so'),
      ['A-1 is to be marked *withdrawn by X-n*, followed by what it said', 'A-1 has no test'],
    ],
    [
      'its number was used again',
      spec(gone('A-2'), A2, A1),
      tests('A-1: so', 'A-2: so'),
      ['A-1 stands twice, in lines 3 and 5', 'a.test.ts: "A-1: so" tests a rule that was withdrawn by A-2'],
    ],
    [
      'a rule that speaks of withdrawing',
      spec('- **A-1** A withdrawn token is refused.'),
      tests('A-1: so'),
      [],
    ],
  ];
  it.each(withdrawn)('HOUSE-8: a withdrawn rule: %s', (_, text, titles, wrong) =>
    expect(specViolations(text, titles)).toEqual(wrong),
  );

  it('HOUSE-7: titles are found however a test is written', () => {
    const text = `
      it('A-1: plain', () => {});
      it(\`A-2: \${name} in a template\`, () => {});
      it.each([['A-9: not a title', 1]])('A-3: of a table', () => {});
      it.skipIf(condition)('A-4: skipped', () => {});
      test.only('A-5: by its other name', async () => {});
      it.each\`a \${1}\`('A-6: of a tagged table', () => {});
      stage.step('A-7: of a story', 1_000, async () => {});
      describe('A-9: no test', () => {});
      if (house.step() && step.uses.startsWith('no title')) it(name, () => {});
    `;
    expect(titlesIn('a.test.ts', text).map((t) => t.title)).toEqual([
      'A-1: plain',
      'A-2: … in a template',
      'A-3: of a table',
      'A-4: skipped',
      'A-5: by its other name',
      'A-6: of a tagged table',
      'A-7: of a story',
      'a title that is not written out',
    ]);
  });
});
