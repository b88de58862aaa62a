import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { renderAll } from '../../src/controller/render.ts';
import { temporaryFolder } from '../folder.ts';
import { platformOf } from './promtool.ts';
import { query, SERVICE, sloText } from './slo-text.ts';

const SLO = sloText('a', `{ ratioMetric: { counter: true, bad: ${query('e_total')}, total: ${query('r_total')} } }`);

describe('an Alertmanager that somebody has already', () => {
  it('ALERT-10: without receivers a fragment is rendered; within a whole configuration pages and tickets arrive', async () => {
    const files = await renderAll(platformOf(SERVICE + SLO));
    expect([...files.keys()].filter((path) => path.startsWith('alertmanager/'))).toEqual(['alertmanager/routes.yml']);
    const fragment = parse(files.get('alertmanager/routes.yml')!) as { route: { routes: object[] }; inhibit_rules: object[] };
    const whole = {
      route: { receiver: 'everything', routes: fragment.route.routes },
      inhibit_rules: fragment.inhibit_rules,
      receivers: ['everything', 'YOUR-PAGER', 'YOUR-TICKETS'].map((name) => ({ name, webhook_configs: [{ url: 'http://hook/' }] })),
    };
    const file = join(temporaryFolder('fragment'), 'alertmanager.yml');
    writeFileSync(file, stringify(whole));
    expect((await execa('amtool', ['check-config', file])).stdout).toContain('SUCCESS');
    const reached = async (kind: string) =>
      (await execa('amtool', ['config', 'routes', 'test', `--config.file=${file}`, `sluice_alert=${kind}`, 'service=api'])).stdout.trim();
    expect(await reached('burn-page')).toBe('YOUR-PAGER');
    expect(await reached('group-page')).toBe('YOUR-PAGER');
    expect(await reached('ladder-ticket')).toBe('YOUR-TICKETS');
    expect(await reached('no-data')).toBe('YOUR-TICKETS');
    expect(await reached('of-others')).toBe('everything');
  });
});
