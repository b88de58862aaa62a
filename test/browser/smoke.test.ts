import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_FREEZES, openStage, type Stage } from '../e2e/stage.ts';
import { until } from '../wait.ts';
import { type OpenPage, openPage } from './chromium.ts';

/** The console in Chromium over a server that has just started: every page opens. */
describe('the console of a server that has just started', () => {
  let stage: Stage;
  let browser: OpenPage['browser'];
  let page: OpenPage['page'];
  let errors: OpenPage['errors'] = [];
  let shot: OpenPage['shot'];

  beforeAll(async () => {
    stage = await openStage({ dwell: '6s', spec: NO_FREEZES });
    ({ browser, page, errors, shot } = await openPage());
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('CONSOLE-1: useful from the first second: what is there, what comes next', async () => {
    await page.goto(`${stage.server().url}/`);
    await page.waitForSelector('.fleet .lane');
    expect(await page.locator('.fleet .lane').count()).toBe(4);
    await shot('overview-first');
  });

  it('CONSOLE-1: every page that the console links to opens, has something to say, and says no error', async () => {
    const links = await page.evaluate(
      '[...document.querySelectorAll("nav.side a")].map((a) => a.getAttribute("href"))',
    );
    const paths = [...new Set(links as string[])];
    expect(paths.length).toBeGreaterThan(4);
    for (const path of paths) {
      await page.goto(`${stage.server().url}${path}`);
      await until(`the page ${path}`, 20_000, async () => {
        const heading = await page.locator('h1').innerText();
        return heading.length > 0 && !/Loading/.test(heading);
      });
    }
    expect(errors).toEqual([]);
  });
});
