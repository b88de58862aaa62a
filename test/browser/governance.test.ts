import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReleases } from '../../shop/profile.ts';
import { propose } from '../../src/cli/demo/people.ts';
import { desiredOf } from '../../src/cli/demo/stage.ts';
import type { TokenScope } from '../../src/kit/actor.ts';
import { pushChange } from '../../src/wiring/developer.ts';
import { openStage, type Stage } from '../e2e/stage.ts';
import { until } from '../wait.ts';
import { type OpenPage, openPage, SHOTS } from './chromium.ts';

/** The pages of the governance plane, over the shop behind its gate. */
describe('the governance plane in Chromium', () => {
  let stage: Stage;
  let browser: OpenPage['browser'];
  let page: OpenPage['page'];
  let errors: OpenPage['errors'] = [];
  let shot: OpenPage['shot'];
  const token = async (...scopes: TokenScope[]) =>
    (await stage.client().post('/api/v1/tokens', { body: { name: scopes.join('-'), scopes } })).token;

  beforeAll(async () => {
    stage = await openStage({ platform: 'gated-shop' });
    ({ browser, page, errors, shot } = await openPage());
    await stage.open();
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  const visit = (path: string) => page.goto(`${stage.server().url}${path}`);
  const heading = () => page.locator('h1').innerText();
  const release = (version: string, title: string) =>
    propose(
      stage.server(),
      stage.work,
      {
        branch: `checkout-${version}`,
        environment: 'prod',
        desired: desiredOf(readReleases(join(stage.directory, 'releases.yaml')), 'checkout', version),
        title,
        autoMerge: false,
      },
      pushChange,
    );
  const fill = async (label: RegExp, fields: Record<string, string>, submit: string) => {
    await page.getByRole('button', { name: label }).first().click();
    const dialog = page.locator('dialog[open]');
    for (const [name, value] of Object.entries(fields)) await dialog.locator(`[name="${name}"]`).fill(value);
    await dialog.getByRole('button', { name: submit, exact: true }).click();
    return dialog;
  };

  it('CONSOLE-12: pull requests: nothing open says so; an allowed one may merge, with its numbers', async () => {
    await visit('/pulls');
    await until('the empty page', 10_000, async () => /No pull request is open/.test(await heading()));
    await release('1.1.0', 'Release checkout 1.1.0');
    await until('it may merge', 30_000, async () => /may merge|none is denied/.test(await heading()));
    await page.waitForSelector('.panel .row');
    expect(await page.locator('main').innerText()).toContain('checkout-availability');
    await shot('pulls-allowed');
  });

  it('CONSOLE-13: a freeze by hand: it wants the right, a reason and an end; the week shows it', async () => {
    await visit('/freezes');
    await until('nothing frozen', 10_000, async () => /Nothing is frozen/.test(await heading()));
    const reader = await token('read');
    const soon = new Date(Date.now() + 5 * 3_600_000);
    const local = new Date(soon.getTime() - soon.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    const dialog = await fill(
      /Freeze/,
      { scope: 'prod', until: local, reason: 'quarter end', token: reader },
      'freeze',
    );
    await until('it is refused', 10_000, async () =>
      /does not have the scope "operate"/.test(await dialog.innerText()),
    );
    await dialog.locator('[name="token"]').fill(await token('operate', 'waive'));
    await dialog.getByRole('button', { name: 'freeze', exact: true }).click();
    await until('it stands', 10_000, async () =>
      /prod is frozen for another .*quarter end/.test(await heading()),
    );
    expect(await page.locator('.week .lane').count()).toBe(1);
    await shot('freezes');
  });

  it('CONSOLE-14: denied: the reason with what helps; a waiver from the page lets it through, on record', async () => {
    await visit('/pulls');
    await until('denied', 15_000, async () =>
      /cannot merge\. Denied: checkout in prod is frozen/.test(await heading()),
    );
    expect(await page.locator('.reasons').first().innerText()).toMatch(/FROZEN[\s\S]*To unblock/);
    await shot('pulls-denied');
    await fill(/Waiver/, { minutes: '30', reason: 'the provider changes tonight' }, 'grant');
    await until('on record', 15_000, async () => /Allowed by/.test(await page.locator('main').innerText()));
    await shot('pulls-waived');
    await visit('/freezes');
    await until('the waiver is listed', 10_000, async () =>
      /the provider changes tonight/.test(await page.locator('main').innerText()),
    );
    await fill(/Lift/, { reason: 'done early' }, 'lift');
    await until('lifted', 10_000, async () => /Nothing is frozen/.test(await heading()));
  });

  it('CONSOLE-15: audit: searched by words, a decision drawn and recomputed, the chain walked', async () => {
    await visit('/audit?type=gate.decided');
    await until('decisions', 10_000, async () => (await page.locator('.timeline li').count()) >= 2);
    await page.getByRole('button', { name: 'Recompute' }).click();
    await until('recomputed', 10_000, async () =>
      /✓ the recorded policy gives the same decision/.test(await page.locator('main').innerText()),
    );
    await page.getByRole('button', { name: 'Verify' }).click();
    await until('walked', 10_000, async () => /✓ \d+ records/.test(await page.locator('main').innerText()));
    expect(await page.locator('.chain i[data-broken="true"]').count()).toBe(0);
    await shot('audit');
    await page.locator('[name="type"]').fill('');
    await page.locator('[name="text"]').fill('quarter end');
    await page.locator('main').getByRole('button', { name: 'Search' }).click();
    await until('found', 10_000, async () => /quarter end/.test(await page.locator('.timeline').innerText()));
    expect(page.url()).toContain('text=quarter');
  });

  it('CONSOLE-17: pipeline: every service in every stage, with its version and evidence', async () => {
    await visit('/pipeline');
    await until('the services', 15_000, async () => (await page.locator('.stages').count()) === 4);
    expect(await page.locator('section[aria-label="checkout"]').innerText()).toMatch(
      /prod[\s\S]*1\.0\.0[\s\S]*checkout in prod is at 1\.0\.0\./,
    );
    await shot('pipeline');
    await page.getByRole('link', { name: 'evidence of checkout in prod' }).click();
    await until('the release', 10_000, async () => /checkout 1\.0\.0/.test(await heading()));
  });

  it('CONSOLE-16: at 360 px nothing overflows, and no page said an error', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['/pipeline', '/pulls', '/freezes', '/audit?type=gate.decided']) {
      await visit(path);
      await until('the page', 10_000, async () => !/Loading/.test(await heading()));
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      expect(wide, path).toBeLessThanOrEqual(360);
      await page.screenshot({ path: join(SHOTS, `${path.slice(1).split('?')[0]}-360.png`), fullPage: true });
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(errors).toEqual([]);
  });
});
