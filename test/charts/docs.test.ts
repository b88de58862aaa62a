import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Chart, chartsPage, chartValues } from '../../scripts/charts-docs.ts';
import { matchGolden } from '../golden/golden.ts';
import { ROOT } from './platform.ts';

/** What a desired-state file or a chart above may say, and what stands in a list or a probe only where it is wanted. */
const WITHOUT_PRESET = /^(global|digest|chart|values|config)$|\[\]|^probes\.\w+\.|\.value$|\.secret/;

describe('the values of the charts', () => {
  it('CHART-23: the page about them is the one generated', () =>
    matchGolden(join(ROOT, 'docs/charts.md'), chartsPage(ROOT)));

  it.each(['service', 'sluice'] as Chart[])(
    'CHART-23: every value of %s is described, and has its default',
    (chart) => {
      const values = chartValues(ROOT, chart);
      expect(values.length).toBeGreaterThan(50);
      expect(values.filter((v) => !/^\S.*\.$/.test(v.description)).map((v) => v.path)).toEqual([]);
      const objects = new Set(values.map((v) => v.path.replace(/\.[^.]+$/, '')));
      const missing = values.filter((v) => v.preset === undefined && !objects.has(v.path));
      expect(missing.map((v) => v.path).filter((path) => !WITHOUT_PRESET.test(path))).toEqual([]);
    },
  );
});
