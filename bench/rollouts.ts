import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { toolPath } from '../scripts/tools.mjs';
import { compile } from '../src/controller/compile.ts';
import { renderAll } from '../src/controller/render.ts';
import { startTraffic } from '../src/gitops/adapters/load-test/open-loop.ts';
import type { Traffic } from '../src/gitops/traffic.ts';
import { type ClusterHouse, startHouse } from '../test/cluster/harness.ts';
import { proposeAndMerge, untilAllSynced } from '../test/cluster/people.ts';
import { availabilitySlo } from '../test/slo.ts';
import { until } from '../test/wait.ts';

const ROOT = join(import.meta.dirname, '..');
const LAB = 'lab';
const RPS = 50;
const QUIET_MS = 10_000;

/** How one rule did against one bad version: seconds from its first request to its last, and what failed. */
export interface Fared {
  readonly rule: string;
  /** Null: not within the time that was given. */
  readonly seconds: number | null;
  readonly failed: number;
}

/** `seed`: the chart without our server, by its burn rates alone. `usual`: as Argo Rollouts' own pages have it. */
const RIVALS = ['seed', 'usual'] as const;
const hostOf = (service: string) => `${service}.${LAB}.internal`;

/** A platform for the rivals alone: its rules give them burn rates over 5m and 1h. */
async function rivalRules(prometheus: string): Promise<string> {
  const platform = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: rivals }
spec:
  environments:
    - { name: ${LAB}, prometheus: { address: '${prometheus}', scrapeInterval: 1s, evaluationInterval: 1s, budgetInterval: 10s } }
  services:
${RIVALS.map((s) => `    - { name: ${s}, slos: [${s}-availability] }`).join('\n')}
`;
  const compiled = compile([
    { file: 'slos.yaml', text: RIVALS.map(availabilitySlo).join('---\n') },
    { file: 'platform.yaml', text: platform },
  ]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return (await renderAll(compiled.value, 'files')).get(`${LAB}/prometheus/rules.yml`)!;
}

/** The analysis of Argo Rollouts' documentation: success rate of 95 %, every five minutes, three failures allowed. */
const usualTemplate = (prometheus: string): object => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'success-rate', namespace: LAB },
  spec: {
    metrics: [
      {
        name: 'success-rate',
        interval: '5m',
        successCondition: 'result[0] >= 0.95',
        failureLimit: 3,
        provider: {
          prometheus: {
            address: prometheus,
            query:
              'sum(irate(http_requests_total{service="usual",code!~"5.*"}[5m])) / sum(irate(http_requests_total{service="usual"}[5m]))',
          },
        },
      },
    ],
  },
});

function manifests(
  house: ClusterHouse,
  folder: string,
  service: (typeof RIVALS)[number],
  version: string,
): string {
  const values = {
    image: {
      repository: 'sluice.invalid/shop-checkout',
      digest: house.images.digest('checkout', version),
      pullPolicy: 'Never',
    },
    version,
    environment: LAB,
    replicas: 1,
    args: [`--edge=payment=http://payment.${LAB}.internal`],
    hostAliases: [{ ip: house.at.node, hostnames: [`payment.${LAB}.internal`] }],
    podDisruptionBudget: { enabled: false },
    metrics: { enabled: false },
    traffic: { hosts: [hostOf(service)] },
    // Long enough for whichever rule it is: only an abort ends it.
    sluice: {
      prometheus: house.at.prometheus.lab,
      pause: '30m',
      interval: '5s',
      slos: service === 'seed' ? ['seed-availability'] : [],
    },
  };
  const file = join(folder, `${service}.yaml`);
  writeFileSync(file, stringify(values));
  const args = [
    'template',
    service,
    join(ROOT, 'charts/service'),
    '-n',
    LAB,
    '--kube-version',
    '1.34.4',
    '-f',
    file,
  ];
  const text = execFileSync(toolPath('helm'), args, { encoding: 'utf8' });
  return parseAllDocuments(text)
    .flatMap((d) => (d.toJS() as Manifest | null) ?? [])
    .map((object) => {
      const placed = { ...object, metadata: { ...object.metadata, namespace: LAB } };
      if (object.kind !== 'Rollout' || service !== 'usual') return placed;
      const { canary } = object.spec!.strategy;
      const analysis = { templates: [{ templateName: 'success-rate' }], startingStep: 1 };
      return { ...placed, spec: { ...object.spec, strategy: { canary: { ...canary, analysis } } } };
    })
    .map((o) => stringify(o))
    .join('---\n');
}
interface Manifest {
  readonly kind: string;
  readonly metadata: object;
  readonly spec?: { readonly strategy: { readonly canary: object } };
}

/** When a version first and last answered, and what it failed. */
function watch(house: ClusterHouse, service: string, version: string) {
  let first: number | null = null;
  let last = 0;
  let failed = 0;
  const traffic = startTraffic({
    targets: [{ url: `${house.ingress.address}/checkout`, host: hostOf(service), rps: RPS }],
    onAnswer: ({ at, status, servedBy }) => {
      if (servedBy !== `checkout ${version}`) return;
      first ??= at;
      last = at;
      if (status >= 500) failed++;
    },
  });
  return {
    traffic,
    fared: (rule: string): Fared => ({
      rule,
      seconds: first !== null && Date.now() - last > QUIET_MS ? (last - first) / 1_000 : null,
      failed,
    }),
    quiet: () => first !== null && Date.now() - last > QUIET_MS,
  };
}

/** The same bad version under three rules at once, on one real cluster. */
export async function rolloutTimes(
  version: string,
  limitMs: number,
  say: (what: string) => void,
): Promise<Fared[]> {
  const house = await startHouse(say);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-rivals-'));
  const running: Traffic[] = [];
  try {
    const { prometheus } = house.at;
    writeFileSync(
      join(house.machine.home, 'prometheus', 'rules-lab-rivals.yml'),
      await rivalRules(prometheus.lab),
    );
    await house.prometheus.lab.again();
    house.machine.kubectl(['apply', '-f', '-'], stringify(usualTemplate(prometheus.lab)));
    for (const rival of RIVALS)
      house.machine.kubectl(['apply', '-f', '-'], manifests(house, folder, rival, '1.0.0'));
    await untilAllSynced(house, 180_000);
    const services = ['checkout', ...RIVALS];
    const watched = services.map((service) => watch(house, service, version));
    running.push(...watched.map((w) => w.traffic));
    await until('users are served', 120_000, () => watched.every((w) => w.traffic.report().ok > 20 * RPS));
    say(`releasing ${version} three times`);
    await proposeAndMerge(house, 'checkout', version, LAB, 60_000);
    for (const rival of RIVALS)
      house.machine.kubectl(['apply', '-f', '-'], manifests(house, folder, rival, version));
    const end = Date.now() + limitMs;
    await until(
      'an end, or the limit',
      limitMs + 60_000,
      () => Date.now() > end || watched.every((w) => w.quiet()),
    );
    return watched.map((w, i) => w.fared(services[i]!));
  } finally {
    for (const traffic of running) await traffic.stop();
    rmSync(folder, { recursive: true, force: true });
    await house.stop();
  }
}
