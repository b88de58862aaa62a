import type { Grant, TokenScope } from '../kit/actor.ts';
import { formatDuration, type Ms } from '../kit/time.ts';
import type { Selector } from '../promql/expression.ts';
import type { ConsoleLink } from './console-links.ts';
import type { NoticeKind } from './defaults.ts';
import type { EvidenceOptions, Strategy } from './judging.ts';
import type { PrometheusSource } from './prometheus-source.ts';
import type { Recurrence } from './recurrence.ts';
import type { SecretRef } from './secret-ref.ts';
import type { Indicator, SloAlerting, SloOrigin } from './slo-parts.ts';
import type { ArgoCdPlace, ClusterPlace, FluxPlace, SyncTool } from './syncing.ts';
import { type OurServer, placedIn, type WorkloadSelector } from './workload-access.ts';

export type { PrometheusSource } from './prometheus-source.ts';
export type { SecretRef } from './secret-ref.ts';
export type { AlertLevel, Indicator, NoDataAlert, SloAlerting, SloOrigin } from './slo-parts.ts';
export type { ClusterPlace } from './syncing.ts';

interface BurnThresholds {
  readonly fast: { readonly windowMs: Ms; readonly threshold: number };
  /** Null where one window alone decides (stage). */
  readonly slow: { readonly windowMs: Ms; readonly threshold: number } | null;
}

export interface Environment {
  /** Empty where OpenSLO documents stand alone: then nothing is labelled with an environment. */
  readonly name: string;
  readonly mode: 'observe' | 'enforce';
  readonly validation: 'k6' | 'canary' | 'canary-multi-window';
  readonly prometheus: PrometheusSource;
  readonly burn: BurnThresholds;
  /** Environments that come before this one in promotion order. */
  readonly after: readonly string[];
  /** What it is a region of; its own name where it stands alone. */
  readonly stage: string;
  readonly wave: number;
  /** Its own branch of the desired-state repository; null: that of all. */
  readonly branch: string | null;
  /** In place of a service's own. */
  readonly strategy: Partial<Strategy>;
  readonly load: Load | null;
  /** Who moves traffic: nginx on this machine, driven by us, or Argo Rollouts, which we follow. */
  readonly delivery: 'embedded' | 'argo-rollouts';
  /** Who applies Git here, where it is declared; `syncToolOf` knows the default. */
  readonly sync?: SyncTool;
  /** Length of the intervals by which a release is judged: scrapes are pooled up to it. */
  readonly judgeIntervalMs: Ms;
  /** Where its services run, in a cluster. */
  readonly cluster: ClusterPlace & { readonly server: string; readonly namespace: string };
  readonly promotion: { readonly soakMs: Ms; readonly autoMerge: boolean; readonly autoRevert: boolean };
  /** A budget window for all SLOs here, in place of their own; null: their own. */
  readonly budgetWindowMs: Ms | null;
  /** Whether a budget that is spent or unknown holds changes here. */
  readonly budgetHolds: boolean;
}

/** Requests of our own while a version is judged. */
export interface Load {
  readonly durationMs: Ms;
  /** With {service} and {environment}; null: the edge of this machine. */
  readonly address: string | null;
  readonly targets: readonly { readonly service: string; readonly path: string; readonly rps: number }[];
}

/** What one unit of the budget is: a request (or sample), or a slice of time. */
export type Budgeting =
  | { readonly kind: 'occurrences' }
  | { readonly kind: 'timeslices'; readonly sliceMs: Ms; readonly target: number }
  | { readonly kind: 'ratio-timeslices'; readonly sliceMs: Ms };

export interface Calendar {
  readonly unit: 'd' | 'w' | 'M' | 'Q';
  readonly count: number;
  /** Local date and time of the first window, as `2026-01-01T00:00:00`. */
  readonly start: string;
  readonly timeZone: string;
}

/** An alert that an OpenSLO AlertPolicy asks for. */
export interface AlertCondition {
  readonly policy: string;
  readonly severity: string;
  readonly op: '<' | '<=' | '>' | '>=';
  readonly threshold: number;
  readonly windowMs: Ms;
  readonly forMs: Ms;
  readonly whenBreaching: boolean;
  readonly whenNoData: boolean;
  readonly whenResolved: boolean;
  /** Names of receivers. */
  readonly targets: readonly string[];
}

export interface Slo {
  readonly name: string;
  readonly service: string;
  readonly objective: number;
  readonly windowMs: Ms;
  /** Null: a rolling window. Then `windowMs` is the longest that one can be. */
  readonly calendar: Calendar | null;
  readonly budgeting: Budgeting;
  readonly description: string;
  readonly indicator: Indicator;
  readonly groupBy: {
    /** As rules carry them. */
    readonly labels: readonly string[];
    readonly limit: number;
    /** Of labels that series have under another name: which. */
    readonly series?: Readonly<Record<string, string>>;
  } | null;
  readonly conditions: readonly AlertCondition[];
  readonly alerting: SloAlerting;
  /** Of the document; they travel on alerts, never on recorded series. */
  readonly labels: Readonly<Record<string, string>>;
  readonly runbook: string | null;
}

export interface Receiver {
  readonly name: string;
  readonly sendResolved: boolean;
  readonly to:
    | { readonly kind: 'webhook'; readonly url: string }
    | { readonly kind: 'slack'; readonly channel: string; readonly apiUrlFile: string }
    | { readonly kind: 'pagerduty'; readonly routingKeyFile: string }
    | {
        readonly kind: 'email';
        readonly to: string;
        readonly from: string;
        readonly smarthost: string;
        readonly username: string | null;
        readonly passwordFile: string | null;
      };
}

export interface Route {
  readonly receiver: string;
  readonly severity: 'page' | 'ticket' | null;
  readonly environments: readonly string[] | null;
  readonly services: readonly string[] | null;
}

export interface Alerting {
  readonly webhook: string | null;
  readonly runbook: string | null;
  readonly ladder: boolean;
  readonly minBad: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly receivers: readonly Receiver[];
  readonly routes: readonly Route[];
}

/** A span of time whose requests do not count, with the reason. */
export interface Maintenance {
  readonly fromMs: Ms;
  readonly toMs: Ms;
  readonly reason: string;
  readonly services: readonly string[] | null;
  readonly environments: readonly string[] | null;
}

interface Recovery {
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

export interface Service extends WorkloadSelector {
  readonly name: string;
  /** Who owns it; absent where nobody is named. */
  readonly team?: string;
  readonly description: string;
  /** Where it runs; absent: in every environment. */
  readonly environments?: readonly string[];
  readonly slos: readonly string[];
  /** SLOs of others that count for the burn rule only. */
  readonly burnSlos: readonly string[];
  readonly strategy: Strategy;
  readonly guards: readonly Guard[];
  readonly run: RunCommand | null;
}

/** What the gate and automatic freezes go by. Shares of a budget, never percents. */
export interface PolicySettings {
  readonly block: number;
  readonly warn: number;
  readonly freeze: {
    readonly budget: number;
    readonly recover: number;
    readonly forMs: Ms;
    readonly onBurn: boolean;
  };
  readonly history: { readonly maxFailed: number; readonly windowMs: Ms };
  readonly risk: { readonly maxServices: number };
  readonly exempt: { readonly emergency: readonly string[]; readonly security: readonly string[] };
  readonly waiver: { readonly maxMs: Ms; readonly secondPerson: boolean };
  readonly validForMs: Ms;
  readonly server: { readonly address: string; readonly bearer: SecretRef | null } | null;
  readonly bundle: { readonly path: string; readonly digest: string } | null;
}

/** A freeze by the calendar: local times in a named zone, recurring as iCalendar says. */
export interface CalendarFreeze {
  readonly name: string;
  readonly reason: string;
  readonly environments: readonly string[] | null;
  readonly services: readonly string[] | null;
  readonly timeZone: string;
  /** Local, as `2026-12-18T18:00:00`. */
  readonly start: string;
  /** Local end of the first one, or a length. */
  readonly end: string | null;
  readonly durationMs: Ms | null;
  /** Parsed and tried out when it was declared. */
  readonly recurrence: Recurrence | null;
}

/** Where pull requests are. */
export interface ForgeSource {
  readonly branch: string;
  readonly check: string;
  /** Folder of the repository that holds the declaration; null: it is kept elsewhere. */
  readonly declaration: string | null;
  readonly at:
    | { readonly kind: 'local' }
    | {
        readonly kind: 'gitea';
        readonly address: string;
        readonly repository: string;
        readonly token: SecretRef;
        readonly webhookSecret: SecretRef;
      }
    | {
        readonly kind: 'github';
        readonly address: string;
        readonly repository: string;
        readonly auth:
          | { readonly token: SecretRef }
          | {
              readonly app: {
                readonly id: number;
                readonly installation: number;
                readonly privateKey: SecretRef;
              };
            };
        readonly webhookSecret: SecretRef;
      };
}

/** Whose word is taken for who somebody is, and what they may. */
export interface SignIn {
  readonly people: {
    readonly issuer: string;
    readonly clientId: string;
    readonly clientSecret: SecretRef | null;
    readonly groupsClaim: string;
    readonly groups: Readonly<Record<string, Grant>>;
    readonly publicUrl: string | null;
  } | null;
  readonly machines: readonly {
    readonly issuer: string;
    readonly audience: string;
    readonly claims: Readonly<Record<string, string>>;
    readonly scopes: readonly TokenScope[];
    /** Where either is there, the scopes are for these services, and for services of these teams, alone. */
    readonly services?: readonly string[] | undefined;
    readonly teams?: readonly string[] | undefined;
  }[];
  /** What Rollouts carry who ask for a verdict; left out: they are answered without. */
  readonly verdict?: SecretRef;
}

/** Who is told of what, and how. */
export interface Notification {
  readonly name: string;
  readonly on: readonly NoticeKind[];
  readonly environments: readonly string[] | null;
  readonly services: readonly string[] | null;
  readonly to:
    | {
        readonly kind: 'slack';
        readonly channel: string;
        readonly token: SecretRef;
        readonly address: string | null;
      }
    | { readonly kind: 'teams'; readonly url: SecretRef }
    | {
        readonly kind: 'email';
        readonly to: readonly string[];
        readonly from: string;
        readonly smarthost: string;
        readonly username: string | null;
        readonly password: SecretRef | null;
      }
    | { readonly kind: 'webhook'; readonly url: string; readonly secret: SecretRef | null };
}

/** The frozen form between what the user writes and everything that follows from it. */
export interface Platform {
  readonly name: string;
  /** `sha256:…` of everything declared. */
  readonly digest: string;
  readonly origin: SloOrigin;
  readonly environments: readonly Environment[];
  readonly services: readonly Service[];
  readonly slos: readonly Slo[];
  /** Absent where none is declared: what was declared before there were any has the digest that it had. */
  readonly links?: readonly ConsoleLink[];
  readonly evidence: EvidenceOptions;
  readonly recovery: Recovery;
  readonly repository: { readonly path: string | 'embedded'; readonly branch: string; readonly pollMs: Ms };
  /** PostgreSQL, by its address; null: a file in the work folder. */
  readonly ledger: { readonly url: SecretRef } | null;
  /** The Ed25519 key that signs anchors of the ledger. */
  readonly anchorKey: SecretRef | null;
  readonly kubernetes: OurServer & {
    readonly argoCd: ArgoCdPlace | null;
    readonly flux?: FluxPlace;
  };
  readonly alerts: Alerting;
  readonly maintenance: readonly Maintenance[];
  readonly notifications: readonly Notification[];
  readonly policy: PolicySettings;
  readonly freezes: readonly CalendarFreeze[];
  readonly forge: ForgeSource | null;
  readonly signIn: SignIn;
}

/** How a version of one service goes out in one environment. */
export const strategyOf = (service: Service, environment: Environment): Strategy => ({
  ...service.strategy,
  ...environment.strategy,
});

/** How our own requests are known in the metrics of a service, where they are sent and counted apart; else null. */
export const oursIn = (service: Service, environment: Environment) => {
  const sent = environment.load?.targets.some((t) => t.service === service.name);
  return (sent && strategyOf(service, environment).lowTraffic?.ours) || null;
};

/** How many questions a release of a service is judged by: what our own requests show is one of its own. */
export const judgedSlos = (service: Service, environment: Environment): number =>
  service.slos.length * (oursIn(service, environment) ? 2 : 1);

/** The branch that says what runs in an environment. */
export const branchOf = (platform: Platform, environment: Environment): string =>
  environment.branch ?? platform.forge?.branch ?? platform.repository.branch;

/** Every branch that says what runs somewhere. */
export const branchesOf = (platform: Platform): string[] => [
  ...new Set(platform.environments.map((e) => branchOf(platform, e))),
];

/** Length of the window that an SLO's budget is over, in one environment. */
export const budgetWindowOf = (slo: Slo, environment: Environment): Ms =>
  environment.budgetWindowMs ?? slo.windowMs;

export const sloOf = (platform: Platform, name: string): Slo => {
  const slo = platform.slos.find((s) => s.name === name);
  if (!slo) throw new Error(`broken invariant: SLO ${name} was checked to exist`);
  return slo;
};

/** The windows of an environment's burn rule, as they are written; null: one window decides. */
export const burnWindowsOf = ({ burn }: Environment): { fast: string; slow: string | null } => ({
  fast: formatDuration(burn.fast.windowMs),
  slow: burn.slow && formatDuration(burn.slow.windowMs),
});

/** The namespace of a service in an environment. */
export const namespaceOf = (service: Service, { name, cluster }: Environment): string =>
  placedIn(service, name, cluster.namespace);

/** The counters of an SLO by which a release is judged; a declaration with any other kind was refused. */
export function countersOf(slo: Slo): Extract<Indicator, { kind: 'counters' }> {
  if (slo.indicator.kind !== 'counters') throw new Error(`broken invariant: SLO ${slo.name} counts requests`);
  return slo.indicator;
}

/** The counters of all requests that the SLOs of a service count. */
export const requestsOf = (platform: Platform, { slos }: Service): readonly Selector[] =>
  slos.flatMap((name) => {
    const { indicator } = sloOf(platform, name);
    return indicator.kind === 'counters' ? indicator.total : [];
  });
