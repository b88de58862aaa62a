import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countsOf } from '../../src/api/fleet.ts';
import { nameOfLane } from '../../src/api/lane.ts';
import { ROOT } from '../e2e/stage.ts';
import { until } from '../wait.ts';
import { type OpenPage, openPage, SHOTS } from './chromium.ts';
import { serveFleet } from './fleet-server.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PAGES = [
  '/',
  '/?show=burning',
  '/services',
  '/services/checkout',
  '/releases',
  '/releases/checkout.dev.3',
  '/releases/checkout.stage.3',
  '/releases/checkout.prod.3',
  '/releases/checkout.dev.3?tab=timeline',
  '/releases/checkout.dev.3?tab=queries',
  '/releases/checkout.dev.3?tab=difference',
  '/releases/checkout.dev.3?tab=compare',
  '/pulls',
  '/pipeline',
  '/budgets',
  '/budgets/dev/checkout-availability',
  '/freezes',
  '/notifications',
  '/notifications?kinds=all',
  '/audit',
  '/what-if',
  '/architecture',
  '/no-such-page',
];
/** What a viewer may cost at 180 lanes and 5 events a second. */
const EVENTS_A_SECOND = 5;
const REQUESTS_A_SECOND = 0.5;
const BYTES_A_MINUTE = 1_000_000;
const SCRIPT_BYTES = 200_000;

type Served = Awaited<ReturnType<typeof serveFleet>>;

describe('the console over 60 services in 3 environments', () => {
  let fleet: Served;
  let browser: OpenPage['browser'];
  let page: OpenPage['page'];
  let errors: OpenPage['errors'] = [];

  beforeAll(async () => {
    fleet = await serveFleet({ services: 60, environments: ['dev', 'stage', 'prod'] });
    ({ browser, page, errors } = await openPage());
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.close();
  });

  const heading = () => page.locator('h1').innerText();
  const visit = async (path: string) => {
    await page.goto(`${fleet.url}${path}`);
    await until(`the page ${path}`, 20_000, async () => {
      const text = await heading();
      return text.length > 0 && !/Loading/.test(text);
    });
  };
  /** A change that only events tell of, and what the page shows of it. */
  const changed = (version: string) =>
    until(version, 15_000, async () => (await page.locator('.fleet').innerText()).includes(version));
  const target = () => fleet.lanes.find((l) => l.outcome === 'held')!;

  it('CONSOLE-20: it fits a few screens: trouble on top, what is fine folded, every count leads to what it counted', async () => {
    await visit('/');
    await page.waitForSelector('.fleet .lane');
    const high = await page.evaluate('document.documentElement.scrollHeight');
    expect(high).toBeLessThan(3_000);
    const counts = countsOf(fleet.lanes, [
      {
        id: 'f-1',
        scope: { environment: 'prod', service: 'payment' },
        scopeText: '',
        until: null,
        reason: '',
      },
    ]);
    for (const [kind, count] of Object.entries(counts)) {
      const link = page.locator(`.counts [data-kind="${kind}"] a`);
      expect(await link.locator('b').innerText(), kind).toBe(String(count));
      await link.click();
      await until(kind, 10_000, async () =>
        (await page.locator('main [role="status"]').innerText()).startsWith(`${count} of 180 `),
      );
      expect(page.url()).toContain(`show=${kind}`);
      await page.goBack();
    }
    expect(await heading()).toMatch(/is held at 50%.*need attention\..*frozen/s);
  });

  it('CONSOLE-21: every choice is in the address: filter, environment, what is unfolded', async () => {
    await visit('/');
    await page.getByLabel('Filter services').fill('payment');
    await until('one name', 10_000, () => page.url().includes('q=payment'));
    await page.locator('.scope', { hasText: 'Environment' }).locator('select').selectOption('prod');
    await until('the scope', 10_000, () => page.url().includes('env=prod'));
    const columns = async () => (await page.locator('.fleet thead th').allInnerTexts()).join();
    await until('its column alone', 10_000, async () => (await columns()) === 'Service,prod');
    const rows = await page.locator('.fleet .fleet-row').count();
    await page.reload();
    await page.waitForSelector('.fleet .lane');
    expect(await page.locator('.fleet .fleet-row').count()).toBe(rows);
    await page.getByRole('link', { name: 'Budgets' }).click();
    await until('the scope stays', 10_000, () => /\/budgets\?env=prod/.test(page.url()));
  });

  it('LIVE-4: an event brings its row, and nothing is asked for it; 180 lanes stay within the budget', async () => {
    await visit('/');
    await page.waitForSelector('.fleet .lane');
    await until('it follows', 10_000, () => fleet.followers() === 1);
    const name = nameOfLane(target());
    const before = fleet.asked.length;
    const events = 30 * EVENTS_A_SECOND;
    for (let i = 1; i <= events; i++) await fleet.change(name, { stable: `9.0.${i}` });
    await changed(`9.0.${events}`);
    // As many as a viewer may ask in the time in which so many events come.
    expect(fleet.asked.length - before).toBeLessThanOrEqual((events / EVENTS_A_SECOND) * REQUESTS_A_SECOND);
    const overview = await (await fetch(`${fleet.url}/api/v1/overview`)).text();
    const event = JSON.stringify({
      seq: 100_000,
      at: Date.now(),
      type: 'release.looked',
      subject: name,
      lane: fleet.lanes[0],
    });
    const aMinute = 60 * EVENTS_A_SECOND * (event.length + 40) + 4 * gzipSync(overview).length;
    expect(aMinute).toBeLessThan(BYTES_A_MINUTE);
  });

  it('LIVE-5: a 502 of the stream is shown, really tried again, and what was missed is there', async () => {
    await visit('/');
    await until('it follows', 10_000, () => fleet.followers() === 1);
    fleet.failStream(502);
    await until('it says so', 20_000, async () =>
      /Not connected/.test(await page.locator('.lost').innerText()),
    );
    await fleet.change(nameOfLane(target()), { stable: '9.1.0' });
    fleet.failStream(null);
    await until('it follows again', 60_000, () => fleet.followers() === 1);
    await changed('9.1.0');
    expect((await page.locator('.lost').innerText()).trim()).toBe('');
  });

  it('LIVE-6: a hidden tab rests, and comes back with what it missed', async () => {
    await visit('/');
    await until('it follows', 10_000, () => fleet.followers() === 1);
    const show = (state: string) =>
      page.evaluate(
        `Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
      );
    await show('hidden');
    await until('it rests', 15_000, () => fleet.followers() === 0);
    await fleet.change(nameOfLane(target()), { stable: '9.2.0' });
    await show('visible');
    await changed('9.2.0');
  });

  it('CONSOLE-22: Ctrl-K finds services, releases and pages by keyboard alone', async () => {
    await visit('/');
    await page.keyboard.press('Control+k');
    await page.locator('[cmdk-input]').fill('notification-dispatcher');
    await page.waitForSelector('[cmdk-item][data-selected="true"]');
    await page.keyboard.press('Enter');
    await until('the service', 10_000, () => page.url().endsWith('/services/notification-dispatcher'));
    await until('its heading', 10_000, async () => (await heading()) === 'notification-dispatcher');
  });

  it('CONSOLE-23: an address that leads nowhere is answered in words, and never by another page', async () => {
    for (const [path, words] of [
      ['/no-such-page', /no page at this address/],
      ['/services/nobody', /No service is named nobody/],
      ['/releases/checkout.prod.999', /^Not found: checkout\.prod\.999/],
    ] as const) {
      await visit(path);
      expect(await heading(), path).toMatch(words);
    }
    await visit('/budgets/prod/nothing');
    expect(await page.locator('main').innerText()).toContain('There is no budget of prod/nothing');
    await visit('/audit?seq=999999');
    await until('no record', 10_000, async () =>
      /There is no record #999999/.test(await page.locator('main').innerText()),
    );
  });

  it('CONSOLE-24: a page that is opened gets the focus, a choice on it does not take it away', async () => {
    await visit('/');
    await page.getByRole('link', { name: 'Services', exact: true }).click();
    await until('the page', 10_000, () => page.url().endsWith('/services'));
    await until(
      'the focus',
      10_000,
      async () => (await page.evaluate('document.activeElement.id')) === 'content',
    );
    await page.getByLabel('Filter services').fill('cart');
    await until('the address', 10_000, () => page.url().includes('q=cart'));
    expect(await page.evaluate('document.activeElement.type')).toBe('search');
  });

  it('CONSOLE-28: latency beside errors: the recorded sentence first, both distributions with the threshold, and what is wrong with them', async () => {
    const panel = page.getByRole('region', { name: 'Latency of checkout-latency' });
    const shown = async (path: string, words: RegExp) => {
      await visit(path);
      await until(path, 10_000, async () => words.test(await panel.innerText()));
    };
    await shown(
      '/releases/checkout.dev.3',
      /3\.3% of 1210 canary requests took longer than 300 ms, stable 0\.92%/,
    );
    const table = panel.getByRole('table', { name: 'Slower than 300 ms: new version 3.3%, stable 0.92%' });
    const rows = await table.locator('tbody th').allInnerTexts();
    const place = rows.findIndex((row) => row.startsWith('Threshold 300 ms'));
    expect([rows[place - 1], rows[place + 1]]).toEqual(['200 – 300 ms', '300 – 500 ms']);
    expect(await page.locator('h2').allInnerTexts()).toContain('Requests slower than 300 ms, percent');
    await shown('/releases/checkout.stage.3', /connection refused\); this is 42 s old\./);
    expect(await table.count()).toBe(1);
    await shown('/releases/checkout.prod.3', /Prometheus gave no answer \(connection refused\)\./);
    expect(await panel.getByRole('table').count()).toBe(0);
  });

  it('CONSOLE-29: notifications are reached from every page; how many are new is kept in the browser alone', async () => {
    const link = page.locator('nav.side a', { hasText: 'Notifications' });
    await visit('/services');
    await until('nothing is new to a first visitor', 10_000, () => fleet.followers() === 1);
    expect(await link.locator('.unread').count()).toBe(0);
    await fleet.notify('checkout/prod is frozen');
    await until('one is unread', 20_000, async () => /1\s+unread/.test(await link.innerText()));
    await link.click();
    await until('its sentence', 10_000, async () =>
      /^1 new notification since the last visit\. The newest: checkout\/prod is frozen\./.test(
        await heading(),
      ),
    );
    await until('it is read', 10_000, async () => (await link.locator('.unread').count()) === 0);
    expect(await page.locator('.notices tr[data-new="true"]').count()).toBe(1);
    await page.getByRole('link', { name: 'checkout/prod is frozen' }).click();
    await until('the page that it is about', 10_000, () => page.url().endsWith('/freezes'));
    await visit('/notifications?kinds=all');
    expect(await heading()).toMatch(/^Nothing new since the last visit/);
    await until('routine as well', 10_000, async () => (await page.locator('.notices tr').count()) === 9);
  });

  it.each(['light', 'dark'] as const)('AXE-1: axe finds nothing on any page, %s', async (scheme) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const path of PAGES) {
      await visit(path);
      await page.evaluate(AXE);
      const found = (await page.evaluate(
        'axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")))',
      )) as string[];
      expect(found, path).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it.each([1440, 1024, 360])('CONSOLE-25: nothing overflows at %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    for (const path of PAGES) {
      await visit(path);
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      expect(wide, path).toBeLessThanOrEqual(width);
      const name = `fleet-${path.replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'overview'}-${width}`;
      await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('CONSOLE-26: no page said an error', () => expect(errors).toEqual([]));
});

describe('the first visit', () => {
  it('CONSOLE-20: one service has its sentence, its row and nothing folded', async () => {
    const fleet = await serveFleet({ services: 1, environments: ['prod'], calm: true });
    const { browser, page, shot } = await openPage();
    try {
      await page.goto(fleet.url);
      await page.waitForSelector('.fleet .lane');
      expect(await page.locator('h1').innerText()).toBe(
        'The one service is healthy; no release is in progress.',
      );
      expect(await page.locator('.fold-line').count()).toBe(0);
      await shot('fleet-one-service');
    } finally {
      await browser.close();
      await fleet.close();
    }
  });
});

describe('what a browser loads', () => {
  const assets = join(ROOT, 'console/dist/assets');
  const files = readdirSync(assets);

  it('CONSOLE-27: at most 200 KB of script in all, compressed', () => {
    const sizes = files
      .filter((f) => f.endsWith('.js'))
      .map((f) => gzipSync(readFileSync(join(assets, f))).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(SCRIPT_BYTES);
  });

  it('CONSOLE-27: assets come compressed and are kept for good; the page itself is asked for each time', async () => {
    const fleet = await serveFleet({ services: 1, environments: ['prod'] });
    try {
      const script = files.find((f) => f.endsWith('.js'))!;
      const asset = await fetch(`${fleet.url}/assets/${script}`, { headers: { 'accept-encoding': 'gzip' } });
      expect(asset.headers.get('content-encoding')).toBe('gzip');
      expect(asset.headers.get('cache-control')).toMatch(/immutable/);
      const index = await fetch(`${fleet.url}/services/checkout`);
      expect(index.headers.get('cache-control')).toBe('no-cache');
      expect((await fetch(`${fleet.url}/assets/gone.js`)).status).toBe(404);
    } finally {
      await fleet.close();
    }
  });
});
