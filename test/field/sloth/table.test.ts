import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matchGolden } from '../../golden/golden.ts';
import { DIFFERENCES } from './differences.ts';
import { SPECS } from './specs.ts';
import { MOMENTS } from './world.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const table = (): string => `# Error ratios beside Sloth's
${SPECS.length} specifications of every shape that public files have (\`test/field/sloth/specs.ts\`), by Sloth v0.16.0 and by Sluice, over the same series, at ${Object.keys(MOMENTS).length} moments: ${Object.keys(MOMENTS).join(', ')}. The error ratios of five minutes and of an hour are within 1% of each other, except for the rows below. The same is done with the expressions that Pyrra documents (\`test/field/pyrra\`). Written by \`npm run generate\`, compared by a test.

| specification | moment, window, group: Sluice and Sloth (theirs) | why Sluice is right |
|---|---|---|
${DIFFERENCES.map((d) => `| ${d.specs.map(cell).join('; ')} | ${d.values.map(cell).join('<br>')} | ${cell(d.why)} |`).join('\n')}
`;

describe('the table of differences', () => {
  it('FIELD-40: every difference is of a specification, and the table of them is the one generated', () => {
    const names = SPECS.map((spec) => spec.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { specs } of DIFFERENCES) expect(names).toEqual(expect.arrayContaining([...specs]));
    matchGolden(join(import.meta.dirname, '../../../docs/beside-sloth.md'), table());
  });
});
