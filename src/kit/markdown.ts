import { oneLine } from './line.ts';

/** Ends what a forge would make a mention, a reference or a link of, and is not seen. */
const APART = '&#8203;';

/**
 * Text of others within a line of Markdown on a forge: it ends no cell and no line, and nothing of it is markup, an
 * entity, an image, a formula, a mention, a reference to an issue or commit that a merge would close, or a link.
 * Forges look for the last four in what is shown, where an entity or a backslash has become the character again: they
 * are taken apart instead.
 */
export const inMarkdown = (text: string): string =>
  oneLine(text)
    .replaceAll('&', '&amp;')
    .replace(/[\\|<>`*_~$[\]]/g, (c) => `\\${c}`)
    .replaceAll('@', `&#64;${APART}`)
    .replace(/[#!](?=\d)/g, (c) => `${c}${APART}`)
    .replace(/\bgh-(?=\d)/gi, (c) => `${c}${APART}`)
    .replaceAll('://', `:${APART}//`)
    .replace(/\bwww\./gi, (c) => `${c.slice(0, -1)}${APART}.`)
    .trim();
