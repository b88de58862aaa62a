import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PARTS } from '../../docs/.vitepress/pages.ts';
import { openPage, SHOTS } from '../browser/chromium.ts';
import { temporaryFolder } from '../folder.ts';
import { ROOT } from './pages.ts';

const VITEPRESS = join(ROOT, 'docs/node_modules/vitepress/bin/vitepress.js');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** A server of plain files, with addresses that have no extension, as any host of such a site gives them. */
function serve(folder: string): Server {
  return createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://docs').pathname);
    const file = [path, `${path}.html`, join(path, 'index.html')]
      .map((name) => join(folder, name))
      .find((name) => existsSync(name) && extname(name) !== '');
    if (!file) return response.writeHead(404).end();
    return response.setHeader('content-type', TYPES[extname(file)] ?? 'text/plain').end(readFileSync(file));
  });
}

describe.skipIf(!existsSync(VITEPRESS))('the documentation site', () => {
  const site = temporaryFolder('site');
  let server: Server;
  beforeAll(async () => {
    // A link to a page or a picture that is not there ends the build.
    await promisify(execFile)(process.execPath, [VITEPRESS, 'build', '--outDir', site, 'docs'], {
      cwd: ROOT,
    });
    server = serve(site);
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', done);
    });
  });
  afterAll(() => void server?.close());
  const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  it('SITE-9: it holds every page of the sidebar, and nothing of the design or the packages', () => {
    const built = globSync('**/*.html', { cwd: site });
    const named = PARTS.flatMap((part) => part.pages.map(([, path]) => `${path}.html`));
    expect(built.toSorted()).toEqual([...named, 'index.html', '404.html'].toSorted());
  });

  it('SITE-9: it loads nothing from elsewhere', () => {
    const loaded = globSync('**/*.html', { cwd: site }).flatMap((file) => [
      ...readFileSync(join(site, file), 'utf8').matchAll(
        /<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"/g,
      ),
    ]);
    expect(loaded.map(([, address]) => address)).toEqual([]);
  });

  it('SITE-10: pages show without errors, in light and dark, and as wide as a telephone', async () => {
    mkdirSync(SHOTS, { recursive: true });
    const { browser, page, errors } = await openPage();
    try {
      for (const [name, path] of [
        ['home', '/'],
        ['start', '/start'],
        ['reference', '/reference/platform'],
        ['machine', '/release-machine'],
        ['evidence', '/concepts/evidence'],
      ])
        for (const [size, width] of [
          ['', 1280],
          ['-phone', 360],
        ] as const)
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.setViewportSize({ width, height: 900 });
            await page.emulateMedia({ colorScheme });
            await page.goto(url(path!), { waitUntil: 'load' });
            await page.locator('h1').first().waitFor();
            const shot = join(SHOTS, `docs-${name}${size}${colorScheme === 'dark' ? '-dark' : ''}.png`);
            await page.screenshot({ path: shot });
            const wider = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
            const broken = await page.evaluate(
              '[...document.images].filter((i) => i.complete && i.naturalWidth === 0).map((i) => i.src)',
            );
            expect(broken, path).toEqual([]);
            expect(wider, `${path} at ${width}px is wider than the screen`).toBeLessThanOrEqual(0);
          }
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  it('SITE-11: the search finds a reason code on its page', async () => {
    const { browser, page } = await openPage();
    try {
      await page.goto(url('/'), { waitUntil: 'load' });
      await page
        .getByRole('button', { name: /search/i })
        .first()
        .click();
      await page.getByRole('searchbox').fill('HARM_SHOWN');
      const first = page.locator('#localsearch-list a').first();
      await first.waitFor();
      expect(await first.getAttribute('href')).toContain('reasons');
    } finally {
      await browser.close();
    }
  });
});
