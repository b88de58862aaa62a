import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { definitions, tool } from '../tools.ts';
import { documents, made, nextVersion, SERVICE, SLUICE, text, the } from './chart.ts';
import type { Resource } from './platform.ts';
import { type Container, containersOf, podOf, restrictedViolations } from './restricted.ts';
import { nonconforming, schemasIn } from './schemas.ts';

const FILES = globSync(join(import.meta.dirname, 'values/*.yaml')).sort();
const SETS = FILES.map((file) => [basename(file, '.yaml'), file] as const);

const list = (file: string): Resource[] => documents(text(SERVICE, [file], { name: 'app' }));
const rollout = (all: readonly Resource[]): Resource => the(all, 'Rollout');

/** Every place of an object where a field of this name has a value. */
function valuesOf(object: unknown, field: string): unknown[] {
  if (object === null || typeof object !== 'object') return [];
  return Object.entries(object).flatMap(([key, value]) => [
    ...(key === field ? [value] : []),
    ...valuesOf(value, field),
  ]);
}

const portsOf = (containers: readonly Container[]) => containers.flatMap((c) => c.ports ?? []);

/** Names of ports to which something of these objects points, and which no container has. */
function danglingPorts(all: readonly Resource[]): unknown[] {
  const pod = podOf(rollout(all));
  const ports = portsOf(containersOf(pod));
  const there = new Set<unknown>(ports.flatMap((p) => [p.name, p.containerPort]));
  const asked = [
    ...all.filter((r) => r.kind === 'Service').flatMap((r) => valuesOf(r.spec, 'targetPort')),
    ...all.filter((r) => r.kind === 'PodMonitor').flatMap((r) => valuesOf(r.spec, 'port')),
    ...all
      .filter((r) => r.kind === 'NetworkPolicy')
      .flatMap((r) => valuesOf(r.spec, 'port'))
      .filter((port) => port !== 53),
    ...containersOf(pod).flatMap((c) =>
      ['readinessProbe', 'livenessProbe', 'startupProbe'].flatMap((probe) => valuesOf(c[probe], 'port')),
    ),
  ];
  return asked.filter((port) => !there.has(port));
}

/** Services to which a route or a Rollout points, and which are not there; and ports of them. */
function danglingServices(all: readonly Resource[]): unknown[] {
  const services = new Set(all.filter((r) => r.kind === 'Service').map((r) => r.metadata.name));
  const canary = (rollout(all).spec['strategy'] as { canary: Record<string, string> }).canary;
  const routed = all
    .filter((r) => r.kind === 'Ingress' || r.kind === 'HTTPRoute')
    .flatMap((r) => [...valuesOf(r.spec, 'service'), ...valuesOf(r.spec, 'backendRefs').flat()])
    .map((backend) => (backend as { name: string }).name);
  return [canary['stableService'], canary['canaryService'], ...routed].filter((name) => !services.has(name!));
}

const danglingMounts = (all: readonly Resource[]): string[] => {
  const pod = podOf(rollout(all));
  const volumes = new Set((pod.volumes ?? []).map((v) => v.name));
  return containersOf(pod)
    .flatMap((c) => (c.volumeMounts ?? []).map((m) => m.name))
    .filter((name) => !volumes.has(name));
};

/** Labels that no API server takes, and names that it would cut or refuse. */
const wrongNames = (all: readonly Resource[]): string[] => [
  ...all.map((r) => r.metadata.name).filter((name) => name.length > 63),
  ...valuesOf(all, 'labels')
    .flatMap((labels) => Object.values(labels as Record<string, string>))
    .filter((value) => !/^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/.test(value)),
];

describe.skipIf(!tool('helm'))('the service’s chart with values as teams write them', () => {
  it('CHART-14: there are ten sets of them', () => expect(SETS).toHaveLength(10));

  it.each(SETS)('CHART-14: %s passes helm lint, strictly', (_, file) => {
    const linted = spawnSync(tool('helm')!, ['lint', '--strict', SERVICE, '-f', file], { encoding: 'utf8' });
    expect(linted.stdout + linted.stderr).toContain('0 chart(s) failed');
  });

  it.each(SETS)('CHART-14: in %s everything that is pointed to is there, and no name is cut', (_, file) => {
    const all = list(file);
    expect(danglingPorts(all)).toEqual([]);
    expect(danglingServices(all)).toEqual([]);
    expect(danglingMounts(all)).toEqual([]);
    expect(wrongNames(all)).toEqual([]);
  });

  it.each(SETS)('CHART-7: the pods of %s fit the profile restricted', (_, file) =>
    expect(restrictedViolations(podOf(rollout(list(file))))).toEqual([]),
  );

  it('FIELD-42: a new version of the chart changes no pod template of any of them (d12)', () => {
    const next = nextVersion(SERVICE, '0.1.1');
    for (const [name, file] of SETS) {
      const after = rollout(documents(text(next, [file], { name: 'app' })));
      expect(after.spec['template'], name).toEqual(rollout(list(file)).spec['template']);
    }
  });
});

const everything =
  tool('helm') !== null &&
  tool('kubeconform') !== null &&
  definitions('kubernetes-definitions') !== null &&
  definitions('rollouts-crds') !== null &&
  definitions('monitoring-crds') !== null &&
  definitions('gateway-crds') !== null;

describe.skipIf(!everything)('what Kubernetes and its operators publish of their objects', () => {
  const schemas = everything ? schemasIn(temporaryFolder('schemas')) : '';

  it.each(SETS)('CHART-14: %s conforms, strictly', (_, file) =>
    expect(nonconforming(list(file), schemas)).toBe(''),
  );

  it.each([
    ['with PostgreSQL', { ledger: 'postgres', declarationConfigMap: 'ours' }],
    ['with a file', { declaration: { 'platform.yaml': 'kind: Platform' }, secretFiles: ['forge'] }],
  ])('CHART-14: so does Sluice’s own chart, %s', (_, values) => {
    const more = {
      ingress: { enabled: true, host: 'sluice.invalid' },
      rbac: { namespaces: ['prod'], argoCd: 'argocd', flux: 'flux-system', tokenSecret: true },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
    };
    expect(nonconforming(made(SLUICE, { ...values, ...more }), schemas)).toBe('');
  });

  it('CHART-14: a field that nobody knows is found, in a pod as well', () => {
    const all = list(FILES[0]!);
    expect(nonconforming(all, schemas)).toBe('');
    const wrong = structuredClone(all);
    (podOf(rollout(wrong)) as { priorityClass?: string }).priorityClass = 'high';
    expect(nonconforming(wrong, schemas)).toContain('priorityClass');
  });
});
