/** Text of others, as text of a page. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}' +
  'button{font:inherit;padding:.4rem 1rem;margin-right:.5rem}code{font-size:1.25rem;letter-spacing:.1em}';

/** A small page without a script. `body` and `head` are HTML: what others wrote in them is escaped before. */
export const smallPage = (title: string, body: string, head = ''): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>${escaped(title)} · Sluice</title><style>${STYLE}</style>${head}</head>` +
  `<body><h1>${escaped(title)}</h1>${body}</body></html>`;
