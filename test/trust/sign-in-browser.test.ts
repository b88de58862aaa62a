import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenPage, openPage } from '../browser/chromium.ts';
import { openProvider } from '../cli/provider.ts';
import { runCli } from '../cli/run.ts';
import { served } from '../cli/served.ts';
import { ROOT } from '../e2e/stage.ts';
import { temporaryFolder } from '../folder.ts';
import { until } from '../wait.ts';

const SOON_MS = 20_000;
const ELSEWHERE = { openReads: false, consoleDir: join(ROOT, 'console/dist') };

/** What only a real browser shows: which headers it sends with a form, and what it does with ours. */
describe('signing in with a real browser', () => {
  let browser: OpenPage['browser'];
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    ({ browser } = await openPage());
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
    await browser?.close();
  });
  const freshPage = async () => {
    const context = await browser.newContext();
    closing.push(() => context.close());
    return context.newPage();
  };

  it('SIGN-10: by a token, where others reach the server: what was hidden is shown, and a wrong token shows nothing', async () => {
    const server = await served(() => ({ people: null, machines: [] }), Date.now, ELSEWHERE);
    closing.push(server.close);
    const page = await freshPage();
    await page.goto(`${server.url}/`);
    await page.getByText('only to people who are signed in').waitFor();
    await page.getByRole('link', { name: 'Sign in' }).last().click();
    await page.getByLabel('Token').fill('sluice_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This token is not accepted').waitFor();
    await page.getByLabel('Token').fill(await server.token(['operate']));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('checkout').first().waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it('SIGN-5: a command line, by the page that a person allows it on', async () => {
    const provider = await openProvider();
    closing.push(provider.close);
    const server = await served(provider.signInAt, Date.now, ELSEWHERE);
    closing.push(server.close);
    const said: string[] = [];
    const running = runCli(['login', '--server', server.url], {
      cwd: temporaryFolder('laptop'),
      env: { XDG_CONFIG_HOME: temporaryFolder('config') },
      err: (text: string) => said.push(text),
    });
    const url = await until(
      'an address to open',
      SOON_MS,
      () => /(?:browser: |Open )(\S+)\n/.exec(said.join(''))?.[1],
    );
    const page = await freshPage();
    await page.goto(url);
    // The provider's own two pages.
    await page.locator('input[name=login]').fill('alice');
    await page.locator('input[name=password]').fill('x');
    await page.locator('button[type=submit]').click();
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: 'Allow' }).click();
    expect(await running).toMatchObject({ exit: 0, out: expect.stringContaining('oidc:alice@example.org') });
  });
});
