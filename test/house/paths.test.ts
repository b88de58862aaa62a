import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
/** A path in code marks: a folder of ours, then anything without spaces or placeholders. */
const NAMED = /`((?:src|test|console|scripts|policy|docs|charts|examples|bench|shop)\/[\w./{},*-]+)`/g;

/** Paths that a page names and that nothing matches; `{a,b}` and `*` stand for several. */
function missingFrom(page: string): string[] {
  const named = [...readFileSync(join(ROOT, page), 'utf8').matchAll(NAMED)].map((m) =>
    m[1]!.replace(/\/$/, ''),
  );
  return [...new Set(named)].filter((path) => globSync(path, { cwd: ROOT }).length === 0);
}

describe('pages that lead through the house', () => {
  it.each(['ARCHITECTURE.md', 'docs/glossary.md'])('HOUSE-17: %s names no file that is not there', (page) =>
    expect(missingFrom(page)).toEqual([]),
  );
});
