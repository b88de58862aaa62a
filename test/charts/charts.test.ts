import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compile } from '../../src/controller/compile.ts';
import { renderAll } from '../../src/controller/render.ts';
import { burnQuery } from '../../src/delivery/render/argo-rollouts/burn-query.ts';
import { serviceValues } from '../../src/delivery/render/helm/values.ts';
import { type Case, promtool } from '../golden/promtool.ts';
import { PIPELINE, platform, type Resource } from './platform.ts';

/** Every fifteen seconds of twenty minutes. The canary comes after ten, and all is asked after fifteen. */
const CALM = '1x80';
const ALL_ALONG = '20x80';
const BURNT_LATER = '1x48 20x80';
const COMES = '_x40 1x80';

const API = platform.services[0]!;
const EU = platform.environments.find((e) => e.name === 'eu')!;
const BURN_QUERY = (() => {
  const values = serviceValues(platform, API, EU, { server: null });
  const asked = burnQuery({ ...values, sluice: { ...values.sluice, slos: ['one', 'two'] } });
  return asked.replaceAll('{{args.revision}}', 'new');
})();

/** As our charts label what they have scraped; and as another team's Prometheus has it. */
const byTarget = (revision: string) => `up{service="api",environment="eu",revision="${revision}"}`;
const byRequests = (revision: string) => `http_requests_total{app="api",revision="${revision}"}`;

/** What the burn query says of these burn rates, with a canary that is seen then. */
function asked(
  slos: Readonly<Record<string, { readonly fast: string; readonly slow: string }>>,
  values: number[],
  canary: string | null = COMES,
  told: (revision: string) => string = byTarget,
): Case {
  const rates = Object.entries(slos).flatMap(([slo, { fast, slow }]) => {
    // The second is one that this service answers for, and another one's.
    const labels = `{service="${slo === 'one' ? 'api' : 'web'}",slo="${slo}",environment="eu"}`;
    return [
      [`slo:burn_rate_5m${labels}`, fast],
      [`slo:burn_rate_1h${labels}`, slow],
    ];
  });
  const seen =
    canary === null
      ? []
      : [
          [told('old'), '1x80'],
          [told('new'), canary],
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

  it('CHART-28: without targets of our labels the series that its SLOs count tell what came when', async () => {
    const both = (values: string) => ({
      one: { fast: values, slow: values },
      two: { fast: CALM, slow: CALM },
    });
    const theirs = (values: string, comes: string = COMES): [Parameters<typeof asked>[0], string] => [
      both(values),
      comes,
    ];
    const cases: [readonly [Parameters<typeof asked>[0], string], number[]][] = [
      [theirs(CALM), [0]],
      [theirs(BURNT_LATER), [1]],
      // A fix may go out during an incident, and none that began before it came stops it.
      [theirs(ALL_ALONG), [0]],
      [theirs('20x47 0x4 20x80'), [1]],
      // Quiet before it came is no burning before it came.
      [theirs('_x41 20x80'), [1]],
      [theirs('0x12 20x120', '1x16 stale _x22 1x80'), [0]],
      // Its first request is still to come: nobody can tell.
      [theirs(ALL_ALONG, '_x80'), [0.5]],
    ];
    const alone = cases.map(([[rates, comes], values]) => asked(rates, values, comes, byRequests));
    // Requests that tell no version: that the service is seen at all says that quiet was no burning.
    const plain = asked(
      both('_x41 20x80'),
      [1],
      '1x80',
      (one) => `http_requests_total{app="api",pod="${one}"}`,
    );
    // Either is enough: a target that is there before its first request.
    const target = { [byTarget('new')]: COMES, [byTarget('old')]: CALM };
    const late = asked(both(ALL_ALONG), [0], '_x80', byRequests);
    const said = await promtool('groups: []\n', [
      ...alone,
      plain,
      { ...late, series: { ...late.series, ...target } },
    ]);
    expect(said).toContain('SUCCESS');
  });

  it('CHART-28: the values name every counted series once, ready for one matcher more', () => {
    const named = (query: string) =>
      compile([
        { file: 'p.yaml', text: PIPELINE.replace('query: http_requests_total }', `query: '${query}' }`) },
      ]);
    const seriesOf = (query: string) => {
      const compiled = named(query);
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
      const [service] = compiled.value.services;
      return serviceValues(compiled.value, service!, EU, { server: null }).sluice.series;
    };
    expect(seriesOf('http_requests_total')).toEqual(['{__name__="http_requests_total"}']);
    expect(seriesOf('http_requests_total{job="a"} + http_requests_total{job="b"}')).toEqual([
      '{__name__="http_requests_total",job="a"}',
      '{__name__="http_requests_total",job="b"}',
    ]);
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
