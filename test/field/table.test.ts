import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { matchGolden } from '../golden/golden.ts';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');

interface Case {
  readonly id: string;
  readonly folder: string;
  /** What real teams feed such a system. */
  readonly situation: string;
  readonly source: string;
  readonly right: string;
  readonly rules: readonly string[];
}

/** Rules of the specification by case: `**FIELD-1** (d15) What …`. */
const RULES = new Map<string, { rule: string; text: string }[]>();
for (const [, rule, ids, text] of readFileSync(join(ROOT, 'SPEC.md'), 'utf8').matchAll(
  /^- \*\*(FIELD-\d+)\*\* \(([^)]+)\) (.+)$/gm,
))
  for (const id of ids!.split(/,\s*/))
    RULES.set(id, [...(RULES.get(id) ?? []), { rule: rule!, text: text! }]);

function caseOf(folder: string): Case {
  const id = /^([a-z]\d+)-/.exec(folder)?.[1] ?? folder;
  const file = join(HERE, folder, 'case.yaml');
  const told = existsSync(file) ? (parse(readFileSync(file, 'utf8')) as Partial<Case>) : {};
  const rules = RULES.get(id) ?? [];
  return {
    id,
    folder,
    situation: told.situation ?? folder.slice(id.length + 1).replaceAll('-', ' '),
    source: told.source ?? '',
    right: told.right ?? rules.map((r) => r.text).join(' '),
    rules: rules.map((r) => r.rule),
  };
}

const CASES = globSync('*/', { cwd: HERE })
  .map((folder) => folder.replace(/\/$/, ''))
  // Other folders hold what several cases share.
  .filter((folder) => /^[a-z]\d+-/.test(folder))
  .sort()
  .map(caseOf);

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ').trim();

interface Tried {
  readonly when: string;
  readonly method: string;
  readonly kinds: readonly Readonly<
    Record<'what' | 'tried' | 'right' | 'refused' | 'wronglyRefused' | 'wrong', string>
  >[];
  readonly found: readonly string[];
}

/** What public files became, by each sample of them. */
const { samples } = parse(readFileSync(join(HERE, 'public-files/tried.yaml'), 'utf8')) as {
  samples: readonly Tried[];
};

const tried = ({ when, method, kinds, found }: Tried): string => `### ${when}
${method}

| kind | tried | right | refused, for a good reason | refused wrongly | wrong |
|---|---|---|---|---|---|
${kinds.map((k) => `| ${[k.what, k.tried, k.right, k.refused, k.wronglyRefused, k.wrong].map((c) => cell(String(c))).join(' | ')} |`).join('\n')}

Found in them, or in variants written beside them, and fixed as whole kinds (tests: [public-files](../test/field/public-files)):
${found.map((one) => `- ${cell(one)}`).join('\n')}
`;

const table = (): string => `# Cases from the field
Inputs that real teams give to such a system, taken from public bug reports and public files of other tools and rewritten for Sluice. Each is a test in the folder of the same name under \`test/field\`. How Sluice's numbers compare with those of other tools: [beside-sloth.md](beside-sloth.md). Written by \`npm run generate\`, compared by a test.

| case | situation | public report | right | rule |
|---|---|---|---|---|
${CASES.map((c) => `| [${c.id}](../test/field/${c.folder}) | ${cell(c.situation)} | ${cell(c.source)} | ${cell(c.right)} | ${c.rules.join(', ')} |`).join('\n')}

## Public files
${samples.map(tried).join('\n')}`;

describe('cases from the field', () => {
  it.each(CASES.map((c) => [c.folder, c] as const))(
    'FIELD-24: %s has a test that names it, and a rule',
    (folder, { id, rules }) => {
      const tests = globSync('*.test.ts', { cwd: join(HERE, folder) }).map((f) =>
        readFileSync(join(HERE, folder, f), 'utf8'),
      );
      expect(rules).not.toEqual([]);
      for (const rule of rules)
        expect(tests.some((text) => text.includes(`${rule}`) && text.includes(id))).toBe(true);
    },
  );

  it('FIELD-24: the table of cases is the one generated', () =>
    matchGolden(join(ROOT, 'docs/field.md'), table()));
});
