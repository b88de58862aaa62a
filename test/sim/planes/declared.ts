import { compile } from '../../../src/controller/compile.ts';
import { lanesOf } from '../../../src/declaration/layout.ts';
import type { Platform } from '../../../src/declaration/platform.ts';
import { availabilitySlo } from '../../slo.ts';

/** When every simulated world begins; the freeze of the calendar begins ten minutes later, and lasts three. */
export const START = Date.parse('2026-03-02T11:50:00Z');
export const SCRAPE_MS = 5_000;
export const OBJECTIVE = 0.99;
export const CALENDAR = {
  from: START + 600_000,
  to: START + 780_000,
  environments: ['stage', 'prod'],
} as const;
export const SERVICES = ['checkout', 'cart'] as const;
export const ENVIRONMENTS = ['dev', 'stage', 'prod', 'eu'] as const;
/** Right before each environment. */
export const AFTER: Readonly<Record<string, readonly string[]>> = {
  dev: [],
  stage: ['dev'],
  prod: ['stage'],
  eu: ['stage'],
};
export const FOLLOWED = 'eu';
/** The queue of a service that its guard allows. */
export const QUEUE_MAX = 100;

export interface Declared {
  /** Pull requests of ours merge by themselves. */
  readonly auto: boolean;
  readonly services?: readonly string[];
  /** A waiver needs a second person. */
  readonly secondPerson?: boolean;
}

export const slosText = (services: readonly string[], objective = OBJECTIVE): string =>
  services.map((s) => availabilitySlo(s).replace('target: 0.999', `target: ${objective}`)).join('---\n');

export function platformText({ auto, services = SERVICES, secondPerson = false }: Declared): string {
  const promotion = `promotion: { autoMerge: ${auto}, autoRevert: ${auto} }`;
  const prometheus = `prometheus: { address: 'http://prometheus.invalid', scrapeInterval: ${SCRAPE_MS / 1_000}s }`;
  const shared = `${prometheus}, budget: { window: 4m, holds: true }, burn: { fast: { window: 30s }, slow: { window: 2m } }`;
  const guard = (s: string) => `{ name: queue, query: 'queue{service="${s}"}', max: ${QUEUE_MAX}, for: 10s }`;
  return `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: sim }
spec:
  environments:
    - { name: dev, validation: k6, load: { duration: 15s, targets: [{ service: ${services[0]}, path: /, rps: 50 }] }, ${shared}, ${promotion} }
    - { name: stage, ${shared}, ${promotion} }
    - { name: prod, ${shared}, ${promotion} }
    - { name: eu, after: [stage], delivery: argo-rollouts, ${shared}, ${promotion} }
  services: [${services.map((s) => `{ name: ${s}, slos: [${s}-availability], guards: [${guard(s)}] }`).join(', ')}]
  strategy: { warmUp: 5s, dwell: 10s, dwellAtFull: 10s, deadline: 2m, hold: 3m }
  recovery: { for: 20s }
  policy:
    freeze: { budget: 0, recover: 0.05, for: 30s }
    history: { maxFailed: 6, within: 10m }
    waiver: { max: 1h, secondPerson: ${secondPerson} }
    validFor: 2m
  freezes:
    - { name: noon, reason: lunch, environments: [${CALENDAR.environments.join(', ')}], timeZone: UTC, start: '2026-03-02T12:00', duration: 3m }
  notifications:
    - { name: chat, slack: { channel: '#releases', token: { secretRef: { env: TOKEN } } } }
    - { name: mail, email: { to: [ops@example.invalid], from: sluice@example.invalid, smarthost: 'mail.invalid:25' } }
    - { name: hook, webhook: { url: 'http://hook.invalid/' } }
  forge: { local: true, declaration: platform }
`;
}

const compiled = new Map<string, Platform>();

export function declared(options: Declared): Platform {
  const text = platformText(options);
  const known = compiled.get(text);
  if (known) return known;
  const result = compile([
    { file: 'platform/platform.yaml', text },
    { file: 'platform/slos.yaml', text: slosText(options.services ?? SERVICES) },
  ]);
  if (!result.ok) throw new Error(JSON.stringify(result.error, null, 1));
  compiled.set(text, result.value);
  return result.value;
}

export const laneNames = (platform: Platform): { service: string; environment: string }[] =>
  lanesOf(platform).map(({ service, environment }) => ({
    service: service.name,
    environment: environment.name,
  }));

/** One desired-state file. A value that is a multiple of seven is one that fails. */
export interface Content {
  readonly digest: string;
  readonly version: string;
  readonly value: number;
  readonly chart: number;
}
export const contentText = (service: string, { digest, version, value, chart }: Content): string =>
  `# Written by a person.\nservice: ${service}\nversion: "${version}"\ndigest: ${digest}\nchart: service@1.0.${chart}\nconfig:\n  value: ${value}\n`;
export const digestNumber = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;
