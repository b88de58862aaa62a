import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PARTS } from '../../docs/.vitepress/pages.ts';
import { anchorOf, headingsOf, linksOf, pageFiles, ROOT, read } from './pages.ts';

const EXTERNAL = /^[a-z]+:/;
/** Pages that generate their content from elsewhere have headings that link to nothing: still pages. */
const pages = pageFiles();

/** What is wrong with one link of a page; null: it leads somewhere. */
function wrongLink(page: string, target: string): string | null {
  if (EXTERNAL.test(target)) return null;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), decodeURIComponent(path));
  if (!existsSync(join(ROOT, file))) return `${page}: ${target}: no such file`;
  if (anchor === undefined || !file.endsWith('.md')) return null;
  const anchors = headingsOf(read(file)).map(anchorOf);
  return anchors.includes(anchor) ? null : `${page}: ${target}: no such heading (${anchors.join(', ')})`;
}

describe('the documentation', () => {
  it('SITE-1: every link within the repository leads to a file and a heading that are there', () => {
    const wrong = pages.flatMap((page) =>
      linksOf(read(page)).flatMap((target) => wrongLink(page, target) ?? []),
    );
    expect(wrong).toEqual([]);
  });

  it('SITE-2: the sidebar names every page once, and no other', () => {
    const named = PARTS.flatMap((part) => part.pages.map(([, path]) => `docs/${path}.md`));
    const site = pages.filter((file) => file !== 'README.md' && file !== 'docs/index.md');
    expect(named.toSorted()).toEqual(site.toSorted());
  });

  it('SITE-3: the README is below 150 lines', () =>
    expect(read('README.md').split('\n').length).toBeLessThan(150));

  it('SITE-4: no page sends readers to a registry by its address', () =>
    expect(pages.filter((page) => /npmjs|docker\.io|ghcr\.io|pypi\.org/.test(read(page)))).toEqual([]));

  it.each([
    ['a plain one', 'What a change is', 'what-a-change-is'],
    ['code and brackets', 'spec.environments[].`load`', 'specenvironmentsload'],
    ['dots', 'Not for you if …', 'not-for-you-if-'],
  ])('SITE-1: the address of a heading: %s', (_, heading, anchor) => expect(anchorOf(heading)).toBe(anchor));
});
