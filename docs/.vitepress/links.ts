import { dirname, join, normalize } from 'node:path/posix';

/** The part of markdown-it that is used here: its packages are those of VitePress. */
interface Token {
  readonly type: string;
  readonly info: string;
  readonly content: string;
  readonly children: Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}
interface Markdown {
  readonly core: {
    readonly ruler: { push(name: string, rule: (state: { tokens: Token[]; env: Env }) => void): void };
  };
  readonly renderer: {
    readonly rules: Record<string, Rule | undefined>;
  };
}
type Rule = (tokens: Token[], index: number, options: unknown, env: Env, self: unknown) => string;
interface Env {
  readonly relativePath?: string;
}

/** Where the files of the repository can be read; empty: nowhere, and what points there is shown as text. */
const REPOSITORY = process.env['SLUICE_REPOSITORY']?.replace(/\/$/, '') ?? '';
const EXTERNAL = /^(?:[a-z]+:|#|\/)/;

/** The path of a link from the root of the repository; null: it stays within the site. */
export function outside(page: string, href: string): string | null {
  if (EXTERNAL.test(href)) return null;
  const path = normalize(join('docs', dirname(page), href.split('#')[0]!));
  return path.startsWith('docs/') && !path.startsWith('docs/decisions') ? null : path;
}

/** Links to files of the repository lead there, or are plain text: the site holds pages and no sources. */
export function linksOfRepository(md: Markdown): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const token of tokens)
      for (const child of token.children ?? []) {
        const path =
          child.type === 'link_open' && outside(env.relativePath ?? '', child.attrGet('href') ?? '');
        if (!path) continue;
        child.attrSet('href', REPOSITORY ? `${REPOSITORY}/${path}` : '#');
        child.attrSet('class', 'repository-file');
        child.attrSet('title', `${path} in the repository`);
      }
  });
}

const MACHINE =
  '<p><img class="diagram" src="./images/diagrams/release-machine.svg" alt="The states of a release and the transitions between them"></p>';

/** The release machine is a drawing that is generated with the pages: no page runs Mermaid. Files have their names. */
export function fences(md: Markdown): void {
  const fence = md.renderer.rules['fence']!;
  md.renderer.rules['fence'] = (tokens, index, options, env, self) => {
    const { info } = tokens[index]!;
    if (info.trim() === 'mermaid') return MACHINE;
    const name = /\[([^\]]+)\]/.exec(info)?.[1];
    const shown = fence(tokens, index, options, env, self);
    return name ? `<div class="file-name">${name}</div>${shown}` : shown;
  };
}

/** Braces of a template in prose and in code are text: no page is a template of Vue. */
export function braces(md: Markdown): void {
  for (const name of ['text', 'code_inline']) {
    const rule = md.renderer.rules[name]!;
    md.renderer.rules[name] = (...given) => rule(...given).replaceAll('{{', '&#123;&#123;');
  }
}

/** The address of a heading, as the forges make it: a link works on the site and in the repository alike. */
export const slugify = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
