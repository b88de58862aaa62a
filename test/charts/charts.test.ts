import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderAll } from '../../src/controller/render.ts';
import { burnQuery } from '../../src/delivery/render/argo-rollouts/burn-query.ts';
import { serviceValues } from '../../src/delivery/render/helm/values.ts';
import { type Case, promtool } from '../golden/promtool.ts';
import { platform, type Resource } from './platform.ts';

/** Every fifteen seconds of twenty minutes. The canary comes after ten, and all is asked after fifteen. */
const CALM = '1x80';
const ALL_ALONG = '20x80';
const BURNT_LATER = '1x48 20x80';
const COMES = '_x40 1x80';

const API = platform.services[0]!;
const EU = platform.environments.find((e) => e.name === 'eu')!;
const BURN_QUERY = (() => {
  const values = serviceValues(API, EU, { server: null });
  const asked = burnQuery({ ...values, sluice: { ...values.sluice, slos: ['one', 'two'] } });
  return asked.replaceAll('{{args.revision}}', 'new');
})();

/** What the burn query says of these burn rates, with a canary that is seen then. */
function asked(
  slos: Readonly<Record<string, { readonly fast: string; readonly slow: string }>>,
  values: number[],
  canary: string | null = COMES,
): Case {
  const rates = Object.entries(slos).flatMap(([slo, { fast, slow }]) => {
    // The second is one that this service answers for, and another one's.
    const labels = `{service="${slo === 'one' ? 'api' : 'web'}",slo="${slo}",environment="eu"}`;
    return [
      [`slo:burn_rate_5m${labels}`, fast],
      [`slo:burn_rate_1h${labels}`, slow],
    ];
  });
  const up = (revision: string) => `up{service="api",environment="eu",revision="${revision}"}`;
  const seen =
    canary === null
      ? []
      : [
          [up('old'), '1x80'],
          [up('new'), canary],
        ];
  return {
    interval: '15s',
    series: Object.fromEntries([...rates, ...seen]),
    expect: [{ expr: BURN_QUERY, at: '15m', values }],
  };
}

describe('what the charts ask of Prometheus and Argo CD', () => {
  it('CHART-10: the burn query is 1 where one SLO burns in both windows, 0 where none does, and nothing without data', async () => {
    const on = (fast: string, slow = fast) => ({ fast, slow });
    const said = await promtool('groups: []\n', [
      asked({ one: on(CALM), two: on(CALM) }, [0]),
      asked({ one: on(BURNT_LATER), two: on(CALM) }, [1]),
      asked({ one: on(BURNT_LATER, CALM), two: on(CALM) }, [0]),
      // Half of one and half of another is no violation of either.
      asked({ one: on(BURNT_LATER, CALM), two: on(CALM, BURNT_LATER) }, [0]),
      // One that is not seen is not healthy, and does not hide another that burns.
      asked({ one: on(CALM) }, [0.5]),
      asked({ one: on(BURNT_LATER) }, [1]),
      asked({}, []),
      asked({}, [], null),
    ]);
    expect(said).toContain('SUCCESS');
  });

  it('CHART-11: burning from before the canary came does not count; burning that began, or began anew, since then does', async () => {
    const both = (values: string) => ({
      one: { fast: values, slow: values },
      two: { fast: CALM, slow: CALM },
    });
    const said = await promtool('groups: []\n', [
      asked(both(ALL_ALONG), [0]),
      asked(both('20x47 0x4 20x80'), [1]),
      // No traffic before it came is no burning before it came.
      asked(both('_x41 20x80'), [1]),
      // What burns already does not hide what begins to.
      asked({ one: both(ALL_ALONG).one, two: both(BURNT_LATER).one }, [1]),
      // An earlier attempt of the same version does not count for this one.
      asked(both('0x12 20x120'), [0], '1x16 stale _x22 1x80'),
      // Away for a minute is not gone.
      asked(both(BURNT_LATER), [1], '_x40 1x12 stale _x3 1x80'),
      // Not seen yet: nobody can tell. Where nothing burns nobody needs to.
      asked(both(ALL_ALONG), [0.5], '_x80'),
      asked(both(CALM), [0], '_x80'),
      // Nor where the metrics do not tell versions apart: what begins to burn stops a release all the same.
      asked(both(BURNT_LATER), [1], null),
    ]);
    expect(said).toContain('SUCCESS');
  });

  it('CHART-9: Argo CD gets one project that may go nowhere else, and one application a service and environment', async () => {
    const files = await renderAll(platform, 'kubernetes');
    const project = parse(files.get('argo-cd/appproject.yaml')!) as Resource;
    expect(project.spec).toMatchObject({
      sourceRepos: ['https://git.invalid/acme/desired.git'],
      clusterResourceWhitelist: [],
    });
    const set = parse(files.get('eu/applicationset.yaml')!) as Resource;
    expect(set.spec).toMatchObject({
      generators: [{ list: { elements: [{ service: 'api', namespace: 'pipeline' }] } }],
      template: {
        metadata: { name: '{{service}}-eu' },
        spec: {
          source: {
            targetRevision: 'production',
            helm: {
              valueFiles: [
                '/services/{{service}}/values.yaml',
                '/services/{{service}}/eu.yaml',
                '/rendered/eu/{{service}}/values.yaml',
                '/environments/eu/{{service}}.yaml',
              ],
            },
          },
          syncPolicy: { syncOptions: expect.arrayContaining(['RespectIgnoreDifferences=true']) },
        },
      },
    });
  });
});
