import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { slugify } from '../../docs/.vitepress/links.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** A block of code of a page. */
export interface Fence {
  readonly file: string;
  readonly line: number;
  /** The first word after the fence: `yaml`, `sh`, …; empty: none. */
  readonly language: string;
  /** What follows it: a file's name in brackets, or how the tutorial runs it. */
  readonly info: string;
  readonly text: string;
}

/** Every page of the documentation and the README; reasons for the design are not for users. */
export const pageFiles = (): string[] => [
  'README.md',
  ...globSync('docs/**/*.md', {
    cwd: ROOT,
    exclude: (name) => name === 'node_modules' || name === 'decisions' || name === '.vitepress',
  }).sort(),
];

export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** The blocks of code of a page, in order. */
export function fencesOf(file: string, text = read(file)): Fence[] {
  const found: Fence[] = [];
  let open: { line: number; language: string; info: string; lines: string[] } | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(\S*)\s*(.*)$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (open) {
      found.push({
        file,
        line: open.line,
        language: open.language,
        info: open.info,
        text: open.lines.join('\n'),
      });
      open = null;
    } else open = { line: index + 1, language: fence[1]!, info: fence[2]!.trim(), lines: [] };
  }
  return found;
}

/** The address of a heading as it is written, with its markup. */
export const anchorOf = (heading: string): string =>
  slugify(heading.replace(/`|\*/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'));

/** Headings of a page outside of code. */
export const headingsOf = (text: string): string[] =>
  text
    .replace(/^\s*```[\s\S]*?^\s*```/gm, '')
    .split('\n')
    .flatMap((line) => /^#{1,6} (.+)$/.exec(line)?.[1] ?? []);

/** Targets of links and pictures of a page, outside of code. */
export const linksOf = (text: string): string[] =>
  [
    ...text
      .replace(/^\s*```[\s\S]*?^\s*```/gm, '')
      .replace(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, target]) => target!);
