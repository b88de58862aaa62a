import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { matchGolden } from '../golden/golden.ts';
import { tool } from '../tools.ts';
import { IMAGE, kinds, made, SERVICE, template, the, valuesFile } from './chart.ts';
import type { Resource } from './platform.ts';
import { type Container, type PodSpec, podOf } from './restricted.ts';

const image = { image: IMAGE };
const all = (values: object = {}): Resource[] => made(SERVICE, { ...image, ...values });
const rollout = (values: object = {}): Resource => the(all(values), 'Rollout');
const pod = (values: object = {}): PodSpec => podOf(rollout(values));
const main = (values: object = {}): Container => pod(values).containers[0]!;
const meta = (r: Resource) =>
  (r.spec['template'] as { metadata: { labels: object; annotations?: object } }).metadata;
const refused = (values: object, name = 'api'): string => {
  const answer = template(SERVICE, [valuesFile({ ...image, ...values })], { name });
  expect(answer.status).not.toBe(0);
  return answer.stderr;
};

describe.skipIf(!tool('helm'))('the pods that the service’s chart makes', () => {
  it('CHART-13: those of plain values are as kept: whatever changes there releases every service', () =>
    matchGolden(join(import.meta.dirname, 'pod.golden.yaml'), stringify(rollout().spec['template'])));

  it('CHART-15: ports: each has its name, those with a servicePort are on every Service, routes take the one that is named', () => {
    const list = all({
      extraPorts: [
        { name: 'grpc', containerPort: 9999, servicePort: 9000, appProtocol: 'grpc' },
        { name: 'admin', containerPort: 9090 },
      ],
      traffic: { port: 'grpc', via: 'gateway', gateway: { name: 'public' } },
    });
    expect(podOf(the(list, 'Rollout')).containers[0]!.ports).toEqual([
      { name: 'http', containerPort: 8080, protocol: 'TCP' },
      { name: 'grpc', containerPort: 9999, protocol: 'TCP' },
      { name: 'admin', containerPort: 9090, protocol: 'TCP' },
    ]);
    for (const name of ['api', 'api-canary'])
      expect(the(list, 'Service', name).spec['ports']).toEqual([
        { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' },
        { name: 'grpc', port: 9000, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'grpc' },
      ]);
    expect(the(list, 'HTTPRoute').spec['rules']).toMatchObject([
      {
        backendRefs: [
          { name: 'api', port: 9000 },
          { name: 'api-canary', port: 9000, weight: 0 },
        ],
      },
    ]);
  });

  it('CHART-15: a port that a sidecar declares stays the sidecar’s', () => {
    const proxy = { name: 'proxy', image: 'p:1', ports: [{ name: 'front', containerPort: 4180 }] };
    const { containers } = pod({
      extraPorts: [{ name: 'front', containerPort: 4180, servicePort: 443 }],
      sidecars: [proxy],
      metrics: { port: 'front' },
    });
    expect(containers.map((c) => (c.ports ?? []).map((p) => p.name))).toEqual([['http'], ['front']]);
  });

  it.each([
    ['by HTTP', { path: '/ready' }, { httpGet: { path: '/ready', port: 'http' } }],
    [
      'by HTTP as Kubernetes has it',
      { httpGet: { path: '/r', port: 81, scheme: 'HTTPS' } },
      { httpGet: { path: '/r', port: 81, scheme: 'HTTPS' } },
    ],
    ['by gRPC at a name', { grpc: { port: 'http', service: 's' } }, { grpc: { port: 8080, service: 's' } }],
    ['by a connection', { tcpSocket: {} }, { tcpSocket: { port: 'http' } }],
    ['by a command', { exec: { command: ['ready'] } }, { exec: { command: ['ready'] } }],
  ] as const)('CHART-15: a probe asks %s', (_, readiness, asks) => {
    const container = main({ probes: { readiness, startup: { failureThreshold: 60, timeoutSeconds: 3 } } });
    expect(container['readinessProbe']).toEqual({
      ...asks,
      initialDelaySeconds: 2,
      periodSeconds: 5,
      failureThreshold: 3,
    });
    // Liveness and startup say nothing of how they ask: as readiness, but by HTTP at /healthz.
    const others = 'httpGet' in asks ? { httpGet: { ...asks.httpGet, path: '/healthz' } } : asks;
    expect(container['livenessProbe']).toEqual({
      ...others,
      initialDelaySeconds: 10,
      periodSeconds: 10,
      failureThreshold: 6,
    });
    expect(container['startupProbe']).toEqual({ ...others, failureThreshold: 60, timeoutSeconds: 3 });
  });

  it('CHART-15: a probe is taken away, and there is no startup probe where none is asked for', () => {
    const container = main({ probes: { liveness: { enabled: false } } });
    expect(Object.keys(container).filter((k) => k.endsWith('Probe'))).toEqual(['readinessProbe']);
  });

  it('CHART-16: sidecars and init containers stand beside it, with its security where they say none', () => {
    const own = { allowPrivilegeEscalation: false, runAsUser: 7 };
    const made = pod({
      initContainers: [{ name: 'migrate', image: 'm:1' }],
      sidecars: [{ name: 'proxy', image: 'p:1', securityContext: own }],
    });
    expect(made.containers.map((c) => c.name)).toEqual(['service', 'proxy']);
    expect(made.initContainers![0]!.securityContext).toEqual(made.containers[0]!.securityContext);
    expect(made.containers[1]!.securityContext).toEqual(own);
    const { annotations } = meta(rollout({ sidecars: [{ name: 'proxy', image: 'p:1' }] }));
    expect(annotations).toEqual({ 'kubectl.kubernetes.io/default-container': 'service' });
  });

  it('CHART-16: volumes, with a folder to write to that gives way to what is mounted there', () => {
    const given = {
      volumes: [{ name: 'files', configMap: { name: 'files' } }],
      volumeMounts: [{ name: 'files', mountPath: '/files' }],
    };
    expect(pod(given).volumes!.map((v) => v.name)).toEqual(['scratch', 'files']);
    expect(main(given).volumeMounts!.map((m) => m.mountPath)).toEqual(['/tmp', '/files']);
    const at = { ...given, volumeMounts: [{ name: 'files', mountPath: '/tmp' }] };
    expect(main(at).volumeMounts).toEqual(at.volumeMounts);
    expect(pod({ scratch: { mountPath: '' } }).volumes).toBeUndefined();
    expect(pod({ scratch: { sizeLimit: '1Mi' } }).volumes).toEqual([
      { name: 'scratch', emptyDir: { sizeLimit: '1Mi' } },
    ]);
  });

  it('CHART-16: a hook of its own replaces the sleep before its end', () => {
    expect(main()['lifecycle']).toEqual({ preStop: { sleep: { seconds: 5 } } });
    const preStop = { exec: { command: ['drain'] } };
    expect(main({ lifecycle: { preStop } })['lifecycle']).toEqual({ preStop });
    expect(main({ preStopSeconds: 0 })['lifecycle']).toBeUndefined();
  });

  it('CHART-17: where pods run: spread, affinity, priority, nodes', () => {
    const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
    const own = { ...spread, labelSelector: { matchLabels: { a: 'b' } } };
    const where = {
      affinity: { nodeAffinity: {} },
      priorityClassName: 'high',
      runtimeClassName: 'gvisor',
      nodeSelector: { pool: 'a' },
      tolerations: [{ operator: 'Exists' }],
    };
    const made = rollout({ ...where, topologySpreadConstraints: [spread, own] });
    expect(podOf(made)).toMatchObject(where);
    expect(podOf(made)['topologySpreadConstraints']).toEqual([
      { ...spread, labelSelector: { matchLabels: meta(made).labels } },
      own,
    ]);
  });
});

describe.skipIf(!tool('helm'))('what stands beside the pods', () => {
  it('CHART-18: common labels and annotations are on every object and on no pod', () => {
    const list = all({
      commonLabels: { team: 'shop' },
      commonAnnotations: { owner: 'shop' },
      autoscaling: { enabled: true },
      sluice: { server: 'http://sluice.sluice:7117', prometheus: 'http://p:9090', slos: ['a'] },
      serviceAccount: { annotations: { role: 'a' } },
    });
    expect(new Set(list.map((r) => r.kind)).size).toBe(9);
    for (const r of list) {
      expect(r.metadata.labels, r.kind).toMatchObject({ team: 'shop' });
      expect(r.metadata.annotations, r.kind).toMatchObject({ owner: 'shop' });
    }
    expect(the(list, 'ServiceAccount').metadata.annotations).toEqual({ role: 'a', owner: 'shop' });
    expect(meta(the(list, 'Rollout'))).toEqual(meta(rollout()));
  });

  it('CHART-18: objects of the team’s own: a mapping as it is written, a text as a template', () => {
    const config = (name: string, said: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { said },
    });
    const list = all({
      extraObjects: [
        config('written', '{{ .Values.port }}'),
        stringify(config('{{ .Release.Name }}-made', '{{ .Values.port }}')),
      ],
    });
    const said = (name: string) =>
      (the(list, 'ConfigMap', name) as unknown as { data: { said: unknown } }).data.said;
    expect(said('written')).toBe('{{ .Values.port }}');
    expect(String(said('api-made'))).toBe('8080');
  });

  it('CHART-19: monitors have the labels by which a Prometheus selects them', () => {
    const monitor = the(
      all({ metrics: { labels: { release: 'kps' }, relabelings: [{ action: 'labelmap' }] } }),
      'PodMonitor',
    );
    expect(monitor.metadata.labels).toMatchObject({ release: 'kps' });
    const [endpoint] = monitor.spec['podMetricsEndpoints'] as { relabelings: object[] }[];
    // The chart's own come last: no other takes the revision away.
    expect(endpoint!.relabelings.slice(0, 2)).toMatchObject([
      { action: 'labelmap' },
      { targetLabel: 'revision' },
    ]);
  });

  it.each([
    ['everybody in the cluster', {}, [{ namespaceSelector: {} }], null],
    [
      'nginx in its own namespace',
      { networkPolicy: { from: [{ podSelector: {} }] } },
      [{ podSelector: {} }],
      [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
    ],
    [
      'the Gateway’s namespace',
      {
        networkPolicy: { from: [{ podSelector: {} }] },
        traffic: { via: 'gateway', gateway: { name: 'g', namespace: 'edge' } },
      },
      [{ podSelector: {} }],
      [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'edge' } } }],
    ],
    [
      'a router that is named',
      { networkPolicy: { from: [{ podSelector: {} }], routers: [{ ipBlock: { cidr: '10.0.0.0/8' } }] } },
      [{ podSelector: {} }],
      [{ ipBlock: { cidr: '10.0.0.0/8' } }],
    ],
    [
      'no router where none routes',
      { networkPolicy: { from: [{ podSelector: {} }] }, traffic: { mode: 'replicas' } },
      [{ podSelector: {} }],
      null,
    ],
  ] as const)(
    'CHART-19: a NetworkPolicy lets in callers, routers and monitors: %s',
    (_, values, from, routers) => {
      const metrics = {
        extraPorts: [{ name: 'metrics', containerPort: 9797 }],
        metrics: { port: 'metrics' },
      };
      const { ingress } = the(all({ ...metrics, ...values }), 'NetworkPolicy').spec as { ingress: object[] };
      const rule = (port: string, who: object) => ({ ports: [{ port, protocol: 'TCP' }], from: who });
      const prometheus = [
        { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
      ];
      expect(ingress).toEqual([
        rule('http', from),
        ...(routers ? [rule('http', routers)] : []),
        rule('metrics', prometheus),
      ]);
    },
  );

  it('CHART-20: the autoscaler goes by processor, memory and more, at its own pace', () => {
    const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } };
    const pods = { type: 'Pods', pods: { metric: { name: 'x' }, target: { type: 'Value', value: '1' } } };
    const autoscaling = { enabled: true, cpu: 0, memory: 80, metrics: [pods], behavior };
    const list = all({ autoscaling });
    const { spec } = the(list, 'HorizontalPodAutoscaler');
    expect(spec).toMatchObject({ minReplicas: 2, maxReplicas: 10, behavior });
    expect(spec['metrics']).toEqual([
      {
        type: 'Resource',
        resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 80 } },
      },
      pods,
    ]);
    expect(the(list, 'Rollout').spec).not.toHaveProperty('replicas');
  });

  it('CHART-20: how many pods have to stay, how long one has to be ready, and fewer stable ones beside a canary', () => {
    const budget = (podDisruptionBudget: object) =>
      the(all({ podDisruptionBudget }), 'PodDisruptionBudget').spec;
    expect(budget({})).toMatchObject({ maxUnavailable: 1 });
    expect(budget({ minAvailable: '50%' })).toMatchObject({ minAvailable: '50%' });
    expect(budget({ minAvailable: 0 })).toMatchObject({ minAvailable: 0 });
    expect(budget({ minAvailable: 1 })).not.toHaveProperty('maxUnavailable');
    expect(rollout({ minReadySeconds: 20, dynamicStableScale: true }).spec).toMatchObject({
      minReadySeconds: 20,
      strategy: { canary: { dynamicStableScale: true } },
    });
  });

  it.each([
    ['1.4.2', '1.4.2', undefined],
    ['1.4.2+build.7', '1.4.2_build.7', '1.4.2+build.7'],
    ['feature/new cart', 'feature_new_cart', 'feature/new cart'],
    [`1.0.0-${'a'.repeat(80)}`, `1.0.0-${'a'.repeat(57)}`, `1.0.0-${'a'.repeat(80)}`],
    ['-1-', '1', '-1-'],
    ['+++', undefined, '+++'],
  ])(
    'CHART-21: the version %s is the label %s, and stands beside where that is not the same',
    (version, label, exact) => {
      const { labels, annotations } = meta(rollout({ version })) as {
        labels: Record<string, string>;
        annotations?: Record<string, string>;
      };
      expect(labels['app.kubernetes.io/version']).toBe(label);
      expect(annotations?.['sluice.dev/version']).toBe(exact);
    },
  );

  it('CHART-21: names that would be cut are refused, and fifty characters are not', () => {
    const name = (n: number) => 'a'.repeat(n);
    expect(refused({ service: name(51) })).toContain('service');
    expect(refused({}, name(51))).toContain('has 51 characters');
    expect(refused({}, '4api')).toContain('does not begin with a letter');
    const list = made(SERVICE, { ...image, service: name(50) });
    expect(Math.max(...list.map((r) => r.metadata.name.length))).toBeLessThanOrEqual(63);
  });

  it.each([
    ['1.29.14', false],
    ['1.30.0', true],
    ['v1.31.4-eks-2d5f260', true],
    ['v1.33.1-gke.1584000', true],
    ['v1.34.2+k3s1', true],
  ])('CHART-22: on Kubernetes %s it can be installed: %s', (kubernetes, can) => {
    const { status, stderr } = template(SERVICE, [valuesFile(image)], { kubernetes });
    expect(status === 0).toBe(can);
    if (!can) expect(stderr).toContain('kubeVersion: >=1.30.0-0');
  });

  it.each([
    [
      'a port that is taken',
      { extraPorts: [{ name: 'http', containerPort: 1 }] },
      'two ports are named http',
    ],
    ['metrics at no port', { metrics: { port: 'other' } }, 'no port is named other. Next: use one of http'],
    [
      'a route to no port of the Services',
      { extraPorts: [{ name: 'admin', containerPort: 1 }], traffic: { port: 'admin' } },
      'traffic.port: no Service port is named admin',
    ],
    ['a probe at no port', { probes: { readiness: { grpc: { port: 'x' } } } }, 'probes: no port is named x'],
    [
      'a label that pods are selected by',
      { podLabels: { 'app.kubernetes.io/name': 'x' } },
      'podLabels: app.kubernetes.io/name is set by the chart',
    ],
    [
      'a common one',
      { commonLabels: { 'app.kubernetes.io/instance': 'x' } },
      'commonLabels: app.kubernetes.io/instance is set by the chart',
    ],
    [
      'a sidecar named service',
      { sidecars: [{ name: 'service', image: 'x' }] },
      'the name service belongs to',
    ],
    [
      'fewer stable pods without a route',
      { dynamicStableScale: true, traffic: { mode: 'replicas' } },
      'dynamicStableScale requires a route',
    ],
    ['an autoscaler by nothing', { autoscaling: { enabled: true, cpu: 0 } }, 'no metric to scale by'],
    [
      'an autoscaler with no room',
      { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 2 } },
      'minReplicas: 5 is greater than maxReplicas: 2',
    ],
    ['a sleep that is cut off', { preStopSeconds: 31 }, 'preStopSeconds: 31 is longer than'],
    ['an unknown word in a desired-state file', { values: { replica: 3 } }, 'replica'],
    ['a wrong number there', { config: { autoscaling: { cpu: 'much' } } }, 'cpu'],
    ['a sidecar without its image', { sidecars: [{ name: 'x' }] }, 'image'],
    ['a field of no probe', { probes: { readiness: { port: 1 } } }, 'port'],
  ])('CHART-8: %s is refused, and says so', (_, values, words) => expect(refused(values)).toContain(words));

  it('CHART-6: a Service of another type is the one that callers know', () => {
    const list = all({
      services: { type: 'NodePort', annotations: { a: 'b' } },
      traffic: { mode: 'replicas' },
    });
    const services = list.filter((r) => r.kind === 'Service');
    expect(services.map((s) => [s.metadata.name, s.spec['type']])).toEqual([
      ['api', 'NodePort'],
      ['api-canary', undefined],
      ['api-stable', undefined],
    ]);
    for (const { metadata } of services) expect(metadata.annotations).toEqual({ a: 'b' });
    expect(kinds(list)).not.toContain('Ingress/api');
  });
});
