import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, type Stage } from '../e2e/stage.ts';
import { until } from '../wait.ts';
import { type OpenPage, openPage } from './chromium.ts';

const LONG_MS = 120_000;

/** Three environments on real parts: a version waits, goes out, and is taken back, and Pipeline shows it. */
describe('the pipeline in Chromium', () => {
  let stage: Stage;
  let browser: OpenPage['browser'];
  let page: OpenPage['page'];
  let errors: OpenPage['errors'] = [];
  let shot: OpenPage['shot'];

  beforeAll(async () => {
    stage = await openStage({ platform: 'three-stages', history: true, coupons: 12, rps: 108 });
    ({ browser, page, errors, shot } = await openPage());
    await stage.open();
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  const heading = () => page.locator('h1').innerText();
  const checkout = () => page.locator('section[aria-label="checkout"]');
  const standOf = async (environment: string) => {
    const { services } = await stage.client().get('/api/v1/pipeline');
    return services.find((s) => s.service === 'checkout')!.stands.find((s) => s.environment === environment)!;
  };

  it('CONSOLE-18: waiting: the version moves through dev and stage, and its pull request waits on the arrow to prod', async () => {
    const frozen = await stage.client().post('/api/v1/freezes', {
      body: {
        scope: 'prod',
        reason: 'the audit is today',
        until: new Date(Date.now() + 3_600_000).toISOString(),
      },
    });
    await stage.propose('1.1.0', 'dev');
    await page.goto(`${stage.server().url}/pipeline`);
    await until('dev is judged', LONG_MS, async () => /1\.1\.0 at 100%/.test(await checkout().innerText()));
    await until('the promotion to prod', LONG_MS, async () => (await standOf('prod')).pull !== null);
    const { pull } = await standOf('prod');
    await until(
      'it is on the arrow',
      10_000,
      async () => (await page.locator('.onarrow').innerText()) === `#${pull}`,
    );
    await until('the sentence', 10_000, async () =>
      new RegExp(
        `checkout in prod: #${pull} asks for 1\\.1\\.0\\. Denied: .*frozen.*the audit is today`,
      ).test(await heading()),
    );
    await shot('pipeline-waiting');
    const dev = await stage.release((await stage.lane('checkout', 'dev')).release!);
    expect(dev.loads.at(-1)!.sentence).toMatch(/(k6|generator).*requests failed/);
    const body = (await (await fetch(`${stage.server().url}/metrics`)).text()).split('\n');
    expect(body).toContain('sluice_out_of_sync{service="checkout",environment="prod"} 0');
    await stage
      .client()
      .post('/api/v1/freezes/{id}/lift', { params: { id: frozen.id }, body: { reason: 'it is over' } });
  });

  it('CONSOLE-18: promoting: its share of the traffic, what it still needs, and that Git and prod are coming together', async () => {
    await until('a canary in prod', LONG_MS, async () =>
      /1\.1\.0 at (20|50)%/.test(await checkout().innerText()),
    );
    await until('its numbers', 30_000, async () =>
      /[1-9]\d* of 332 good requests/.test(await checkout().innerText()),
    );
    await until('that they come together', 15_000, async () =>
      /Progressing/.test(await checkout().innerText()),
    );
    await shot('pipeline-promoting');
    await until('it is out', LONG_MS, async () => (await stage.lane()).stable === '1.1.0');
    await until('no release is said to be in progress', 30_000, async () =>
      /No release is in progress/.test(await heading()),
    );
  });

  it('CONSOLE-18: rolled back: fine in dev and stage, it fails for users; prod says so, and Git is put right', async () => {
    await stage.propose('2.0.0', 'dev');
    await until('taken back in prod', LONG_MS, async () => (await standOf('prod')).condemned.length > 0);
    await until('said in words', 30_000, async () =>
      /checkout 2\.0\.0 in prod was rolled back/.test(await checkout().innerText()),
    );
    await page.getByText('1 rejected here and in later environments').click();
    await shot('pipeline-rolled-back');
    await until('Git agrees again', LONG_MS, async () => {
      const stand = await standOf('prod');
      return stand.desired?.version === '1.1.0' && stand.sync?.word === 'Synced';
    });
    expect((await standOf('stage')).stable?.version).toBe('2.0.0');
    const { all } = await stage.client().get('/api/v1/measures');
    expect(all).toMatchObject({ failures: 1, deployments: 5 });
    expect(all.leadTimeMs).toBeGreaterThan(10_000);
    expect(await page.locator('section[aria-label="Delivery performance"]').innerText()).toContain(
      'reached prod',
    );
  });

  it('LIFT-2: lifting wants the right and a reason, and says what it overrides', async () => {
    const { digest } = (await standOf('prod')).condemned[0]!;
    await page.getByRole('button', { name: 'Lift …' }).click();
    const dialog = page.locator('dialog[open]');
    expect(await dialog.innerText()).toContain('overrides the verdict');
    await dialog.getByLabel('Reason').fill('the coupon service is mended');
    await dialog.getByLabel('Token').fill(stage.server().token);
    await dialog.getByRole('button', { name: 'lift' }).click();
    await until('lifted', 15_000, async () => (await standOf('prod')).condemned.length === 0);
    const [lifted] = (await stage.records()).filter((r) => r.type === 'lane.lifted');
    expect(lifted!.data).toEqual({ digest, reason: 'the coupon service is mended' });
  });

  it('CONSOLE-16: at 360 px the pipeline does not overflow, and no page said an error', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${stage.server().url}/pipeline`);
    await page.waitForSelector('.measures');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await shot('pipeline-narrow');
    expect(errors).toEqual([]);
  });
});
