import { defineConfig } from 'vitepress';
import { braces, fences, linksOfRepository, slugify } from './links.ts';
import { PARTS } from './pages.ts';

/** The documentation site. `npm run docs` shows it, `npm run docs -- build` writes it to docs/.vitepress/dist. */
export default defineConfig({
  title: 'Sluice',
  description: 'Declare your SLO once, and every release is judged by it.',
  cleanUrls: true,
  // Reasons for the design and notes for those who change Sluice; the repository has them.
  srcExclude: ['decisions/**', 'node_modules/**'],
  // A link to a page or a file that is not there ends the build.
  ignoreDeadLinks: false,
  markdown: {
    anchor: { slugify },
    config(md) {
      linksOfRepository(md as never);
      fences(md as never);
      braces(md as never);
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start here', link: '/start' },
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Reference', link: '/reference/platform' },
      { text: 'On call', link: '/guides/on-call' },
    ],
    sidebar: PARTS.map(({ title, pages }) => ({
      text: title,
      collapsed: title === 'Reference' || title === 'Background' ? true : undefined,
      items: pages.map(([text, path]) => ({ text, link: `/${path}` })),
    })),
  },
});
