/** A cell of a table: one line, with its bars escaped, and without what Vue would take for its own. */
export const cell = (text: string): string =>
  text
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll('{{', '{ {');

/** Code within a sentence; what has a backtick in it is put between two. */
export const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``);

/** A value as code: texts as they are, everything else as JSON. */
export const value = (some: unknown): string => code(typeof some === 'string' ? some : JSON.stringify(some));

/** Prose in which Vue and Markdown see no tags. Code in it is shown as it is. */
export const prose = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
    .join('')
    .replaceAll('{{', '{ {');

/** A table of Markdown. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** What every generated page begins with. */
export const generatedFrom = (source: string): string =>
  `Generated from ${source} by \`npm run generate\`; a test compares.`;
