import { parseDuration } from '../kit/time.ts';
import { compileAlerts } from './alert-receivers.ts';
import { EVIDENCE_EDITION, KUBERNETES_DEFAULTS, RECOVERY_DEFAULTS } from './defaults.ts';
import { burnSide } from './environments.ts';
import { compilePolicy, compileSignIn } from './governance.ts';
import { compileEvidence, compileStrategy } from './judging.ts';
import type { Environment, Platform, Service, Slo } from './platform.ts';
import { clusterPlace } from './syncing-checks.ts';

const ms = (text: string): number => parseDuration(text)!;

/** The one environment that rules are rendered for: it has no name, and its Prometheus is wherever they are loaded. */
const environment = (version: string | null): Environment => ({
  name: '',
  mode: 'observe',
  validation: 'canary-multi-window',
  prometheus: {
    address: 'http://localhost:9090',
    version,
    auth: null,
    mtls: null,
    tenant: null,
    scrapeIntervalMs: 15_000,
    evaluationIntervalMs: 30_000,
    budgetIntervalMs: 60_000,
    timeoutMs: 5_000,
    latenessMs: 0,
  },
  judgeIntervalMs: 15_000,
  burn: { fast: burnSide('fast', undefined), slow: burnSide('slow', undefined) },
  after: [],
  promotion: { soakMs: 0, autoMerge: false, autoRevert: false },
  stage: '',
  wave: 1,
  branch: null,
  strategy: {},
  load: null,
  delivery: 'embedded',
  cluster: {
    server: KUBERNETES_DEFAULTS.apiServer,
    namespace: 'default',
    ...clusterPlace(undefined),
  },
  budgetWindowMs: null,
  budgetHolds: true,
});

const service = (name: string): Service => ({
  name,
  description: '',
  slos: [],
  burnSlos: [],
  revisionLabel: 'revision',
  versionLabel: 'version',
  strategy: compileStrategy(undefined, undefined, EVIDENCE_EDITION),
  guards: [],
  run: null,
});

/** OpenSLO documents alone: rules, alerts and dashboards without environments; nothing is delivered. */
export function withoutPlatform(
  slos: readonly Slo[],
  version: string | null,
): Omit<Platform, 'digest' | 'origin'> {
  const services = [...new Set(slos.map((s) => s.service))].sort();
  return {
    name: 'slos',
    environments: [environment(version)],
    services: services.map(service),
    slos,
    evidence: compileEvidence(undefined),
    recovery: {
      looks: RECOVERY_DEFAULTS.looks,
      burnBelow: RECOVERY_DEFAULTS.burnBelow,
      forMs: ms(RECOVERY_DEFAULTS.for),
    },
    repository: { path: 'embedded', branch: 'main', pollMs: 2_000 },
    ledger: null,
    anchorKey: null,
    kubernetes: { server: KUBERNETES_DEFAULTS.server, argoCd: null },
    alerts: compileAlerts(undefined),
    maintenance: [],
    notifications: [],
    policy: compilePolicy(undefined),
    freezes: [],
    forge: null,
    signIn: compileSignIn(undefined),
  };
}
