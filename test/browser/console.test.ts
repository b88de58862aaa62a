import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findInstance } from '../../src/io/os.ts';
import { NO_FREEZES, openStage, type Stage } from '../e2e/stage.ts';
import { until } from '../wait.ts';
import { type OpenPage, openPage } from './chromium.ts';

describe('the console in Chromium', () => {
  let stage: Stage;
  let browser: OpenPage['browser'];
  let page: OpenPage['page'];
  let errors: OpenPage['errors'] = [];
  let shot: OpenPage['shot'];

  beforeAll(async () => {
    stage = await openStage({ dwell: '6s', spec: NO_FREEZES });
    ({ browser, page, errors, shot } = await openPage());
    await stage.open();
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  const visit = (path: string) => page.goto(`${stage.server().url}${path}`);
  const heading = () => page.locator('h1').innerText();

  it('CONSOLE-2: healthy: one sentence says that all is fine', async () => {
    await visit('/');
    await until('all fine', 20_000, async () => /All 4 services are healthy/.test(await heading()));
    await page.waitForSelector('.chip[data-family="at rest"]');
    expect(await page.locator('.chip').first().innerText()).toContain('Stable');
    await until('the budget is known', 30_000, async () =>
      /\d%/.test(await page.locator('.fleet .lane .budget').first().innerText()),
    );
    await shot('overview-healthy');
    const { release } = await stage.lane();
    await visit(`/releases/${release}`);
    await until('the release page', 10_000, async () => /serves all traffic/.test(await heading()));
    await shot('release-healthy');
  });

  it('CONSOLE-3: a canary running: steps, both lines of evidence, the state machine, live', async () => {
    const id = await stage.begin('1.1.0');
    await visit('/');
    await until('the overview tells of it', 30_000, async () =>
      /is at (20|50)%: [1-9]/.test(await heading()),
    );
    await shot('overview-canary');
    await visit(`/releases/${id}`);
    await until('good requests are counted', 30_000, async () =>
      /[1-9]\d* of 332 good requests/.test(await page.locator('main').innerText()),
    );
    await page.waitForSelector('.u-over');
    await until(
      'evidence is drawn',
      20_000,
      async () => !/over budget none/.test(await page.locator('main').innerText()),
    );
    expect(await page.locator('.rail li').count()).toBe(3);
    expect(await page.locator('.machine g').count()).toBe(10);
    expect(await page.locator('.machine [data-on="true"]').count()).toBe(1);
    const first = await heading();
    await until('it moves by itself', 30_000, async () => (await heading()) !== first);
    await shot('release-canary');
    await stage.ended(id);
  });

  it('CONSOLE-4: rolled back: what happened, with numbers, and the path taken', async () => {
    const id = await stage.begin('1.7.0');
    await stage.ended(id);
    await visit('/');
    await until('the overview tells of it', 10_000, async () => /was rolled back/.test(await heading()));
    await shot('overview-rolled-back');
    await visit(`/releases/${id}`);
    await until('the release page', 10_000, async () =>
      /was rolled back .* requests failed/.test(await heading()),
    );
    expect(await page.locator('.machine').getAttribute('aria-label')).toContain('Abort, then Rollback');
    await shot('release-rolled-back');
    await page.getByRole('link', { name: 'Timeline' }).click();
    await page.waitForSelector('.timeline');
    expect(await page.locator('.timeline').innerText()).toContain('Evaluating → Abort');
  });

  it('CONSOLE-5: Prometheus gone: said plainly, the page stays readable', async () => {
    const id = await stage.begin('1.8.0');
    await until('20 %', 60_000, async () => (await stage.lane()).weight === 20);
    const pid = findInstance(join(stage.work, 'prod', 'prometheus'))!;
    process.kill(pid, 'SIGSTOP');
    try {
      await visit('/');
      await until('the overview says so', 30_000, async () =>
        /Prometheus of prod does not answer/.test(await heading()),
      );
      await shot('overview-prometheus-gone');
      await visit(`/releases/${id}`);
      await page.waitForSelector('[role="alert"]');
      expect(await page.locator('[role="alert"]').innerText()).toContain('Nothing is promoted');
      await shot('release-prometheus-gone');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('CONSOLE-6: abort is one click and one reason away; without the right it is refused, with a next step', async () => {
    const id = (await stage.lane()).release!;
    await visit(`/releases/${id}`);
    await page.getByRole('button', { name: 'Abort …' }).click();
    await page.getByLabel('Reason').fill('tried from the console');
    await page.getByLabel('Token').fill('not-a-token');
    await page.getByRole('button', { name: 'abort', exact: true }).click();
    await page.waitForSelector('dialog [role="alert"]');
    expect(await page.locator('dialog [role="alert"]').innerText()).toContain('sluice token create');
    await page.getByLabel('Token').fill(stage.server().token);
    await page.getByRole('button', { name: 'abort', exact: true }).click();
    const release = await stage.ended(id);
    expect(release.path.find((m) => m.to === 'Abort')?.reason).toBe('OPERATOR');
    expect(release.timeline.some((e) => e.detail.includes('tried from the console'))).toBe(true);
  });

  it('CONSOLE-9: Budgets: what is left, what spent it, by releases that can be opened', async () => {
    await visit('/budgets');
    await page.waitForSelector('.budgets tr');
    expect(await page.locator('.budgets tr').count()).toBe(4);
    await page.getByRole('button', { name: 'checkout-availability' }).click();
    await until('the address can be shared', 5_000, () =>
      page.url().endsWith('/budgets/prod/checkout-availability'),
    );
    await until('what spent it', 30_000, async () =>
      /release checkout 1\.7\.0/.test(await page.locator('main').innerText()),
    );
    await page.waitForSelector('.u-over');
    expect(await page.locator('main').innerText()).toContain('slo:error_budget_remaining:ratio');
    await shot('budgets');
    await page.getByRole('link', { name: 'checkout 1.7.0' }).first().click();
    await until('the release', 10_000, async () => /was rolled back/.test(await heading()));
  });

  it('CONSOLE-10: What if: another rule, judged over the same counts, beside what was', async () => {
    await visit('/what-if');
    await until('as they were', 10_000, async () => /every outcome would be the same/.test(await heading()));
    await page.getByLabel('Tolerance').fill('60');
    await page.getByLabel('Detect').fill('400');
    await page.getByRole('button', { name: 'Judge again' }).click();
    await until('otherwise', 10_000, async () => /would end differently/.test(await heading()));
    expect(page.url()).toContain('tolerance=60');
    expect(await page.locator('tr[data-differs="true"]').first().innerText()).toContain(
      'would not be blamed',
    );
    await shot('what-if');
    await page.getByLabel('False alarms').fill('0.9');
    await page.getByRole('button', { name: 'Judge again' }).click();
    await until('refused with its reason', 10_000, async () => /alpha/.test(await heading()));
  });

  it('CONSOLE-7: it works by keyboard and at 360 pixels, and nothing overflows', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of [
      '/',
      `/releases/${(await stage.lane()).release}`,
      '/budgets',
      '/what-if',
      '/pipeline',
    ]) {
      await visit(path);
      await page.waitForSelector('h1');
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      expect(wide, path).toBeLessThanOrEqual(360);
    }
    await shot('release-narrow');
    await visit('/');
    await page.waitForSelector('.fleet .lane');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
    await page.keyboard.press('Enter');
    // Past the navigation: from here on it is a matter of Tabs alone until a lane is reached.
    const most = await page.locator('main a, main button, main input').count();
    const isLane = async () => (await page.evaluate('document.activeElement.className')) === 'lane';
    for (let i = 0; i < most && !(await isLane()); i++) await page.keyboard.press('Tab');
    expect(await isLane()).toBe(true);
    await page.keyboard.press('Enter');
    await until('the release page', 10_000, () => /\/releases\//.test(page.url()));
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('CONSOLE-8: contrast of text is AA in light and dark, and names and roles are there', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await visit('/');
      await page.waitForSelector('.fleet .lane');
      expect(await page.evaluate(CONTRAST), scheme).toEqual([]);
      await visit('/budgets');
      await page.waitForSelector('.budgets tr');
      expect(await page.evaluate(CONTRAST), `budgets, ${scheme}`).toEqual([]);
      await visit('/what-if?tolerance=60&detect=400');
      await page.waitForSelector('tr[data-differs]');
      expect(await page.evaluate(CONTRAST), `what if, ${scheme}`).toEqual([]);
    }
    const unnamed = await page.evaluate(
      '[...document.querySelectorAll("a,button,svg[role=img],input")].filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML.slice(0, 80))',
    );
    expect(unnamed).toEqual([]);
    expect(errors).toEqual([]);
  });
});

/** Every piece of text whose contrast with its ground is below 4.5. Runs in the page. */
const CONTRAST = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (c) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const lum = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => { for (let at = e; at; at = at.parentElement) { const c = rgba(getComputedStyle(at).backgroundColor); if (c[3] > 250) return c; } return [255, 255, 255, 255]; };
  return [...document.querySelectorAll('main *, nav *')]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .map((e) => { const a = lum(rgba(getComputedStyle(e).color)); const b = lum(ground(e)); return { text: e.textContent.slice(0, 40), ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) }; })
    .filter((x) => x.ratio < 4.5);
})()`;
