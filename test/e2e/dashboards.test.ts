import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import { renderGrafana } from '../../src/runtime/render/grafana/dashboards.ts';
import { until } from '../wait.ts';
import { openStage, ROOT, type Stage } from './stage.ts';

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const environment = () => {
  const files = ['platform.yaml', 'slos.yaml'].map((file) => ({
    file,
    text: readFileSync(join(ROOT, 'examples/shop', file), 'utf8'),
  }));
  const compiled = compile(files);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value.environments[0]!;
};
/** What Grafana puts in place of its variables. */
const filled = (expr: string) =>
  expr
    .replaceAll('$environment', 'prod')
    .replaceAll('$service', 'checkout')
    .replaceAll('$slo', 'checkout-availability');

const panels: [string, string, string][] = [...renderGrafana(environment())]
  .filter(([path]) => path.endsWith('.json'))
  .flatMap(([path, text]) =>
    (JSON.parse(text).panels as Panel[]).flatMap((panel) =>
      (panel.targets ?? []).map(({ expr }): [string, string, string] => [
        path.split('/').at(-1)!,
        panel.title,
        filled(expr),
      ]),
    ),
  );

describe('panels on a real Prometheus', () => {
  let stage: Stage;
  const ask = async (query: string): Promise<number> => {
    const address = Object.values(stage.server().prometheus)[0]!;
    const answer = await request(`${address}/api/v1/query?query=${encodeURIComponent(query)}`);
    const body = (await answer.body.json()) as {
      status: string;
      error?: string;
      data?: { result: unknown[] };
    };
    if (body.status !== 'success') throw new Error(`${query}: ${body.error}`);
    return body.data!.result.length;
  };
  beforeAll(async () => {
    stage = await openStage({ history: true });
    await stage.open();
  });
  afterAll(async () => stage?.close());

  it.each(panels)('DASH-5: %s, %s: %s', async (_file, _title, expr) => {
    await until(`data for ${expr}`, 60_000, async () => (await ask(expr)) > 0);
  });

  // One Grafana at most, where GRAFANA_URL (with its credentials) names it.
  it.each([process.env['GRAFANA_URL'] ?? []].flat())('DASH-6: %s takes every dashboard', async (grafana) => {
    for (const [path, text] of renderGrafana(environment()))
      if (path.endsWith('.json')) {
        const { origin, username, password } = new URL(grafana);
        const answer = await request(`${origin}/api/dashboards/db`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(username ? { authorization: `Basic ${btoa(`${username}:${password}`)}` } : {}),
          },
          body: JSON.stringify({ dashboard: JSON.parse(text), overwrite: true }),
        });
        expect(answer.statusCode, path).toBe(200);
        await answer.body.dump();
      }
  });

  it('ALERT-8: the embedded Prometheus scrapes us, so that a canary’s own alert can be', async () => {
    await until(
      'our own state',
      30_000,
      async () => (await ask('sluice_state{environment="prod"} == 1')) === 4,
    );
  });
});
