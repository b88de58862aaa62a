import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import { renderAlertmanagerConfig } from '../../src/runtime/render/alertmanager/config.ts';
import { renderPrometheusConfig } from '../../src/runtime/render/prometheus/config.ts';
import { renderRules } from '../../src/runtime/render/prometheus/rules.ts';
import { temporaryFolder } from '../folder.ts';
import { matchGolden } from './golden.ts';

const HERE = join(import.meta.dirname, 'render');
const SHOP = join(import.meta.dirname, '../../examples/shop');

function shop(): Platform {
  const compiled = compile(['platform.yaml', 'slos.yaml'].map((file) => ({ file, text: readFileSync(join(SHOP, file), 'utf8') })));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

/** The shop as it is, and evaluated every minute: promtool runs every evaluation of every hour. */
const environment = () => shop().environments[0]!;
const calm = () => ({ ...environment(), prometheus: { ...environment().prometheus, evaluationIntervalMs: 60_000, budgetIntervalMs: 60_000 } });
const scratch = (files: Record<string, string>) => {
  const directory = temporaryFolder('render');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
};
const rules = () => renderRules(shop(), environment());
const prometheus = (rulesFile = '/rules.yml') =>
  renderPrometheusConfig(environment(), { rulesFile, targetsGlob: '/targets/*.json', alertmanager: '127.0.0.1:9093', sluice: '127.0.0.1:7117' });
const alertmanager = (credentialsFile = '/token') =>
  renderAlertmanagerConfig({ ...shop(), alerts: { ...shop().alerts, webhook: 'http://127.0.0.1:9/hook' } }, environment(), {
    sluice: { webhook: 'http://127.0.0.1:7117/webhooks/alertmanager', credentialsFile },
  });

describe('what is rendered', () => {
  it.each([
    ['rules.yml', rules],
    ['prometheus.yml', () => prometheus()],
    ['alertmanager.yml', () => alertmanager()],
  ])('RULES-1: %s is as kept, and the same every time', (name, render) => {
    expect(render()).toBe(render());
    matchGolden(join(HERE, name), render());
  });

  it('RULES-2: promtool accepts the rules and the configuration', async () => {
    const directory = scratch({ 'rules.yml': rules(), 'prometheus.yml': '' });
    writeFileSync(join(directory, 'prometheus.yml'), prometheus(join(directory, 'rules.yml')));
    const { stdout } = await execa('promtool', ['check', 'config', join(directory, 'prometheus.yml')]);
    expect(stdout).toContain('SUCCESS');
  });

  it('RULES-3: amtool accepts the Alertmanager configuration', async () => {
    const directory = scratch({ token: 'x' });
    writeFileSync(join(directory, 'alertmanager.yml'), alertmanager(join(directory, 'token')));
    const { stdout } = await execa('amtool', ['check-config', join(directory, 'alertmanager.yml')]);
    expect(stdout).toContain('SUCCESS');
  });

  it('RULES-3: an alert of ours reaches our webhook', async () => {
    const directory = scratch({ token: 'x' });
    const file = join(directory, 'alertmanager.yml');
    writeFileSync(file, alertmanager(join(directory, 'token')));
    const { stdout } = await execa('amtool', ['config', 'routes', 'test', `--config.file=${file}`, 'alertname=SloMultiWindowBurn', 'service=checkout']);
    expect(stdout).toContain('sluice');
  });

  it('RULES-4: promtool runs the rules over series: bursts, silence, resets, absence', async () => {
    const directory = scratch({ 'rules.yml': renderRules(shop(), calm()), 'cases.yml': readFileSync(join(HERE, 'cases.yml'), 'utf8') });
    const result = await execa('promtool', ['test', 'rules', join(directory, 'cases.yml')], { cwd: directory, reject: false });
    expect(`${result.stdout}${result.stderr}`).toContain('SUCCESS');
    expect(result.exitCode).toBe(0);
  });

  it('RULES-5: with one declared window the alert asks for that window alone', () => {
    const platform = shop();
    const stage = { ...environment(), name: 'stage', burn: { ...environment().burn, slow: null } };
    const text = renderRules(platform, stage);
    expect(text).toContain(
      `expr: 'slo:burn_rate_5m{service="checkout",slo="checkout-availability",environment="stage"} >= 14 and slo:bad_requests:increase5m{`,
    );
  });
});
