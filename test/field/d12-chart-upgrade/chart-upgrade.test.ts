import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IMAGE, made, nextVersion, SERVICE, SLUICE } from '../../charts/chart.ts';
import type { Resource } from '../../charts/platform.ts';
import { tool } from '../../tools.ts';

/**
 * The label `helm.sh/chart` stood in the pod template, as helm's starter chart suggests: each upgrade of the chart gave
 * every Rollout a new pod template, and with it a canary of every service at once.
 */
const VALUES = { image: IMAGE, environment: 'prod', version: '1.4.2', podLabels: { team: 'shop' } };

/** Pods are made anew for another template, and a selector cannot change at all. */
const whatMakesPods = (list: readonly Resource[]) =>
  list
    .filter((r) => r.kind === 'Rollout' || r.kind === 'Deployment')
    .map((r) => ({ template: r.spec['template'], selector: r.spec['selector'] }));
const selectors = (list: readonly Resource[]) =>
  list.map((r) => [r.kind, r.metadata.name, r.spec?.['selector'], r.spec?.['podSelector']]);
const labelsOf = (r: Resource) => r.metadata.labels?.['helm.sh/chart'];

describe.skipIf(!tool('helm'))('d12: a new version of the chart releases nothing', () => {
  it.each(['0.1.1', '0.2.0', '1.0.0+build.7'])(
    'FIELD-42: from 0.1.0 to %s no pod template and no selector changes',
    (version) => {
      const before = made(SERVICE, VALUES);
      const after = made(nextVersion(SERVICE, version), VALUES);
      expect(after.map(labelsOf)).not.toEqual(before.map(labelsOf));
      expect(whatMakesPods(before)).toHaveLength(1);
      expect(whatMakesPods(after)).toEqual(whatMakesPods(before));
      expect(selectors(after)).toEqual(selectors(before));
    },
  );

  it('FIELD-42: a chart that writes its version into its pods is found by this comparison', () => {
    const wrong = nextVersion(SERVICE, '0.1.1');
    const file = join(wrong, 'templates/rollout.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('service.podLabels', 'service.labels'));
    expect(whatMakesPods(made(wrong, VALUES))).not.toEqual(whatMakesPods(made(SERVICE, VALUES)));
  });

  it('FIELD-42: another version of the service is what makes new pods', () =>
    expect(whatMakesPods(made(SERVICE, { ...VALUES, version: '1.4.3' }))).not.toEqual(
      whatMakesPods(made(SERVICE, VALUES)),
    ));

  it('FIELD-42: nor does our own server restart for a new chart, but for a new image', () => {
    const values = { declaration: { 'platform.yaml': 'a: b' }, image: { tag: '0.1.0' } };
    expect(whatMakesPods(made(nextVersion(SLUICE, '0.1.1'), values))).toEqual(
      whatMakesPods(made(SLUICE, values)),
    );
  });
});
