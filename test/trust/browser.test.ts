import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenPage, openPage } from '../browser/chromium.ts';
import { serveFleet } from '../browser/fleet-server.ts';
import { until } from '../wait.ts';

/** What somebody would write into a title or a reason, in every way that a browser could run. */
const PAYLOAD =
  '"><img src=x onerror="window.__ran=1"><svg onload=window.__ran=2></svg><script>window.__ran=3</script>' +
  "'-window.__ran=4-'{{constructor.constructor('window.__ran=5')()}}<a href=javascript:window.__ran=6>x</a>";
const ADDRESS = 'javascript:window.__ran=7';

/** Texts that people, forges, metrics and clusters write. */
const WRITTEN = new Set([
  ...[
    'sentence',
    'reason',
    'title',
    'author',
    'by',
    'actor',
    'description',
    'text',
    'message',
    'msg',
    'note',
  ],
  ...['version', 'stable', 'canary', 'waiting', 'from', 'to', 'team', 'platform', 'detail', 'next', 'what'],
  ...['expression', 'query', 'label', 'trouble', 'hold', 'problem', 'subject', 'branch', 'approver'],
]);

/** An answer in which everything that others wrote is an attack; its shape stays as it is. */
function attacked(value: unknown, key = ''): unknown {
  if (typeof value === 'string') {
    if (/^https?:/.test(value) || key === 'url' || key === 'link') return ADDRESS;
    return WRITTEN.has(key) || /\s/.test(value) ? `${value}${PAYLOAD}` : value;
  }
  if (Array.isArray(value)) return value.map((one) => attacked(one, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, attacked(one, name)]));
}

describe('a browser, and texts that were written to attack it', () => {
  let server: Awaited<ReturnType<typeof serveFleet>>;
  let browser: OpenPage['browser'];
  let page: OpenPage['page'];
  const asked: string[] = [];
  beforeAll(async () => {
    server = await serveFleet({ services: 12, environments: ['stage', 'prod'] });
    ({ browser, page } = await openPage());
    page.on('dialog', (dialog) => void dialog.dismiss());
    page.on('request', (request) => void asked.push(request.url()));
    await page.route('**/api/v1/**', async (route) => {
      if (route.request().url().includes('/events')) return route.continue();
      const answer = await route.fetch();
      const body = JSON.stringify(attacked(await answer.json()));
      return route.fulfill({ response: answer, body });
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('TRUST-5: nothing of it is run on any page; it is shown as text', async () => {
    await page.goto(`${server.url}/`);
    await page.waitForSelector('nav.side a');
    const links = (await page.evaluate(
      '[...document.querySelectorAll("nav.side a")].map((a) => a.getAttribute("href"))',
    )) as string[];
    const [lane] = server.lanes;
    const paths = [...new Set([...links, `/releases/${lane!.release}`, `/services/${lane!.service}`])];
    let shown = 0;
    for (const path of paths) {
      await page.goto(`${server.url}${path}`);
      const text = await until(`the page ${path}`, 20_000, async () => {
        const found = (await page.evaluate('document.querySelector("#content")?.innerText ?? ""')) as string;
        return found.trim().length > 0 && !/^Loading/.test(found) && found;
      });
      if (text.includes('onerror=')) shown++;
      const ran = await page.evaluate('window.__ran ?? null');
      expect(ran, path).toBeNull();
      const made = await page.evaluate(
        `document.querySelectorAll('#root img[src="x"], #root svg[onload], #root script, #root [onerror], a[href*="__ran"]').length`,
      );
      expect(made, path).toBe(0);
    }
    expect(shown, 'pages that show what was written').toBeGreaterThan(2);
    // Nothing was loaded from elsewhere, and nothing that the texts name.
    expect(asked.filter((url) => !url.startsWith(`${server.url}/`))).toEqual([]);
    expect(asked.filter((url) => url === `${server.url}/x`)).toEqual([]);
  });
});
