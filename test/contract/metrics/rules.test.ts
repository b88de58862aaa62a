import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prometheusHttp } from '../../../src/runtime/adapters/prometheus/http.ts';
import { ruleGroups } from '../../../src/runtime/render/prometheus/rules.ts';
import { BAD_5M, REQUESTS_5M } from '../../../src/runtime/series.ts';
import { HEALTHY, KINDS, OUTAGE, QUIET, seriesOf } from '../../golden/kinds.ts';
import { platformOf } from '../../golden/promtool.ts';
import { SERVICE } from '../../golden/slo-text.ts';
import { patiently } from '../../wait.ts';
import { BACKENDS, type Backend, type Sample } from './backends.ts';

/**
 * The only rules that read samples of others are those that count a tile; everything else is a sum of what they
 * recorded. They are asked of every backend for every kind of indicator: what one gives, all give.
 */
const START = 1_700_000_040;

/** One service, a sample a minute: well, quiet, in an outage, and begun anew in the middle of it. */
function samples(): Sample[] {
  const phases = [HEALTHY, QUIET, OUTAGE, { ...OUTAGE, restart: true }];
  return Object.entries(seriesOf(phases, 'NaN')).flatMap(([series, values]) =>
    values
      .split(' ')
      .map((value, i): Sample => [series, START + 60 * i, value === 'NaN' ? value : Number(value)]),
  );
}

const MOMENTS = [20, 50, 68, 73];

/** All and bad ones of the five minutes before each moment: requests, slices of time, or samples every 15 s. */
const REQUESTS = '2000/0 0/0 2000/2000 2000/2000';
const SLICES_OF_5M = '1/0 0/0 1/1 1/1';
const SLICES_OF_1M = '5/0 0/0 5/5 5/5';
const SAMPLES = '20/0 0/0 20/20 20/20';
const EXPECTED: Readonly<Record<string, string>> = {
  counters: REQUESTS,
  'counters by slices': SLICES_OF_5M,
  'counters by shares of slices': SLICES_OF_5M,
  rates: REQUESTS,
  'rates by slices': SLICES_OF_1M,
  'a ratio by shares of slices': SLICES_OF_5M,
  'a ratio by slices': SLICES_OF_1M,
  'a quantile': SAMPLES,
  'a quantile by slices': SLICES_OF_1M,
  buckets: REQUESTS,
  'a gauge': SAMPLES,
};

/** The rules of a tile, the total written out where the bad ones are what is left of it. */
function tileQueries(slo: string): { total: string; bad: string } {
  const platform = platformOf(SERVICE + slo);
  const rules = ruleGroups(platform, platform.environments[0]!).flatMap((g) => g.rules);
  const of = (name: string) => rules.find((r) => r.record === name)!.expr;
  const total = of(REQUESTS_5M);
  return { total, bad: of(BAD_5M).replaceAll(`${REQUESTS_5M}{service="api",slo="s"}`, `(${total})`) };
}

describe.each(BACKENDS.map((kind) => [kind.name, kind] as const))('%s counts a tile', (_, kind) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await kind.start(samples());
  });
  afterAll(() => backend.stop());

  it.each(KINDS)('RULES-40: of %s', async (name, slo) => {
    const access = { address: backend.address, timeoutMs: patiently(5_000), headers: {}, tls: null };
    const metrics = prometheusHttp(access);
    const { total, bad } = tileQueries(slo);
    const value = async (query: string, minute: number) => {
      const answer = await metrics.instant(query, (START + 60 * minute) * 1_000);
      if (!answer.ok) throw new Error(answer.error.message);
      return Number(answer.value[0]?.samples[0]?.[1].toFixed(3));
    };
    const told: string[] = [];
    for (const minute of MOMENTS) told.push(`${await value(total, minute)}/${await value(bad, minute)}`);
    await metrics.close();
    expect(told.join(' ')).toBe(EXPECTED[name]);
  });
});
