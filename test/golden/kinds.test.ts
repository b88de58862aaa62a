import { describe, it } from 'vitest';
import { HEALTHY, KINDS, NATIVE_KINDS, nativeSeriesOf, OUTAGE, QUIET, type Quiet, seriesOf } from './kinds.ts';
import type { Case } from './promtool.ts';
import { holds, NATIVE_PROMTOOLS } from './promtools.ts';
import { at, SERVICE, silence } from './slo-text.ts';

/**
 * Every kind of indicator in every situation: burn rate, budget, alerts. NaN is no sample, 0 / 0 is no traffic, and one
 * bad slice poisons no window (sloth#133, #506, #531, #749). By Prometheus 2 and 3 alike.
 */

type Of = typeof seriesOf;

/** What was away begins anew as it comes back. */
const afterQuiet = (quiet: Quiet, of: Of): Case => ({
  interval: '1m',
  series: of([HEALTHY, QUIET, { ...HEALTHY, restart: quiet === 'absent' }], quiet),
  expect: [
    at('slo:burn_rate_5m', '20m', 0),
    at('slo:burn_rate_5m', '50m'),
    at('slo:requests:increase5m', '50m', 0),
    at('slo:burn_rate_1h', '50m', 0),
    at('slo:burn_rate_5m', '75m', 0),
    at('slo:burn_rate_1h', '75m', 0),
    at('slo:error_budget_remaining:ratio', '75m', 1),
  ],
  alerts: silence('50m', '75m'),
});
/** In the middle of it everything begins anew. */
const outage = (of: Of): Case => ({
  interval: '1m',
  series: of([HEALTHY, QUIET, OUTAGE, { ...OUTAGE, restart: true }], 'NaN'),
  expect: [
    at('slo:burn_rate_5m >= bool 95', '72m', 1),
    at('slo:burn_rate_1h > bool 3', '72m', 1),
    at('slo:error_budget_remaining:ratio < bool 0', '72m', 1),
    at('count(ALERTS{alertname="SloMultiWindowBurn",alertstate="firing",severity="page"})', '72m', 1),
  ],
});
const situations = (of: Of): Case[] => [afterQuiet('NaN', of), afterQuiet('absent', of), outage(of)];

describe('quiet times, outages and restarts', () => {
  it.each(KINDS)(
    'RULES-27: %s: quiet, absence and restarts alert nobody and poison nothing, and an outage right after pages',
    (_, slo) => holds(SERVICE + slo, situations(seriesOf)),
  );
});

describe.skipIf(NATIVE_PROMTOOLS.length === 0)('quiet times, outages and restarts of native histograms', () => {
  it.each(NATIVE_KINDS)('RULES-27: %s: quiet, absence and restarts alert nobody, an outage pages', (_, slo) =>
    holds(SERVICE + slo, situations(nativeSeriesOf), NATIVE_PROMTOOLS),
  );
});
