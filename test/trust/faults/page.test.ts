import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { partsPage, shownElsewhere } from './table.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('the table of faults of dependencies', () => {
  it.each(shownElsewhere())('FAULT-5: %s shows: %s', (file, title) =>
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(title),
  );

  it('FAULT-5: the page in the docs is made of these rows', () =>
    expect(readFileSync(join(ROOT, 'docs/operations/faults-of-dependencies.md'), 'utf8')).toBe(partsPage()));
});
