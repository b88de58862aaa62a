import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../controller/compile.ts';
import { problemLine } from '../kit/problem.ts';

const SHOP = join(import.meta.dirname, '../../examples/shop');
const fileOf = (name: string) => ({ file: name, text: readFileSync(join(SHOP, name), 'utf8') });

function notesOf(maintenance: string): string[] {
  const platform = fileOf('platform.yaml');
  const text = `${platform.text}  maintenance:\n    - ${maintenance}\n`;
  const compiled = compile([{ ...platform, text }, fileOf('slos.yaml')]);
  if (!compiled.ok) throw new Error(compiled.error.map(problemLine).join('\n'));
  return compiled.value.origin.notes.filter(({ code }) => code === 'MAINTENANCE').map(problemLine);
}

describe('a maintenance that is declared', () => {
  it('BUDGET-11: may end in the future', () => {
    expect(notesOf('{ from: 2999-01-01T00:00:00Z, to: 2999-01-02T00:00:00Z, reason: move }')).toEqual([]);
  });

  it('BUDGET-11: one that empties a budget is noted at its end', () => {
    const long = '{ from: 2999-01-01T00:00:00Z, to: 2999-03-01T00:00:00Z, reason: move }';
    expect(notesOf(long)).toEqual([
      expect.stringMatching(
        /^platform.yaml:\d+: spec.maintenance\[0\].to: it lasts .*, and the window of "[-a-z]+" is .*: the budget will have no request left to count/,
      ),
    ]);
  });
});
