import type { Ms } from '../kit/time.ts';
import type { Selector } from '../promql/parse.ts';

/** Where a secret is kept; its value is never in a declaration, a log or the ledger. */
export type SecretRef = { readonly env: string } | { readonly file: string };

export type PrometheusAuth =
  | { readonly bearer: SecretRef }
  | { readonly basic: { readonly username: string; readonly password: SecretRef } }
  | null;

export interface PrometheusSource {
  /** Embedded: started by us on a free port. Otherwise where it answers. */
  readonly address: string | 'embedded';
  readonly version: string | null;
  readonly auth: PrometheusAuth;
  readonly mtls: { readonly cert: SecretRef; readonly key: SecretRef; readonly ca: SecretRef | null } | null;
  readonly tenant: { readonly header: string; readonly value: string } | null;
  readonly scrapeIntervalMs: Ms;
  readonly evaluationIntervalMs: Ms;
  readonly budgetIntervalMs: Ms;
  readonly timeoutMs: Ms;
}

export interface BurnThresholds {
  readonly fast: { readonly windowMs: Ms; readonly threshold: number };
  /** Null where one window alone decides (stage). */
  readonly slow: { readonly windowMs: Ms; readonly threshold: number } | null;
}

export interface Environment {
  readonly name: string;
  readonly mode: 'observe' | 'enforce';
  readonly validation: 'canary' | 'canary-multi-window';
  readonly prometheus: PrometheusSource;
  readonly burn: BurnThresholds;
}

export interface Slo {
  readonly name: string;
  readonly service: string;
  readonly objective: number;
  readonly windowMs: Ms;
  readonly description: string;
  /** Requests counted: all, and the share of them that is good or bad. */
  readonly total: readonly Selector[];
  readonly part: readonly Selector[];
  readonly partIs: 'good' | 'bad';
}

export interface Strategy {
  /** Percent of traffic, ascending, ending at 100. */
  readonly steps: readonly number[];
  readonly warmUpMs: Ms;
  readonly dwellMs: Ms;
  readonly deadlineMs: Ms;
  readonly holdMs: Ms;
}

export interface EvidenceOptions {
  readonly tolerance: number;
  readonly detect: number;
  readonly rho: number;
  readonly alpha: number;
  readonly beta: number;
  readonly minBad: number;
}

export interface Recovery {
  readonly looks: number;
  readonly burnBelow: number;
  readonly forMs: Ms;
}

export interface Guard {
  readonly name: string;
  readonly query: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly noData: 'pass' | 'hold' | 'fail';
  readonly forMs: Ms;
}

/** How a version is run on one machine: a command with {placeholders}. */
export interface RunCommand {
  readonly command: readonly string[];
  readonly health: string;
  readonly metrics: string;
}

export interface Service {
  readonly name: string;
  readonly description: string;
  readonly slos: readonly string[];
  /** SLOs of others that count for the burn rule only. */
  readonly burnSlos: readonly string[];
  readonly revisionLabel: string;
  readonly versionLabel: string;
  readonly strategy: Strategy;
  readonly guards: readonly Guard[];
  readonly run: RunCommand | null;
}

/** The frozen form between what the user writes and everything that follows from it. */
export interface Platform {
  readonly name: string;
  /** `sha256:…` of everything declared. */
  readonly digest: string;
  readonly environments: readonly Environment[];
  readonly services: readonly Service[];
  readonly slos: readonly Slo[];
  readonly evidence: EvidenceOptions;
  readonly recovery: Recovery;
  readonly repository: { readonly path: string | 'embedded'; readonly branch: string; readonly pollMs: Ms };
  readonly alerts: { readonly webhook: string | null };
}

export const sloOf = (platform: Platform, name: string): Slo => {
  const slo = platform.slos.find((s) => s.name === name);
  if (!slo) throw new Error(`broken invariant: SLO ${name} was checked to exist`);
  return slo;
};

/** Every lane of the platform, environments in promotion order. */
export const lanesOf = (platform: Platform): { service: Service; environment: Environment }[] =>
  platform.environments.flatMap((environment) =>
    platform.services.map((service) => ({ service, environment })),
  );
