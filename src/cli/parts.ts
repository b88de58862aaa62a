import type { OpenKept } from '../controller/gate/kept-policy.ts';
import type { LiveSource } from '../controller/live-check.ts';
import type { ClusterPlace, Platform } from '../declaration/platform.ts';
import type { PastRecord, PastSeries } from '../embedded/history.ts';
import type { Desired } from '../gitops/desired.ts';
import type { StartTraffic } from '../gitops/traffic.ts';
import type { Decision } from '../governance/decision.ts';
import type { PolicyPort } from '../governance/port.ts';
import type { Kubernetes } from '../io/kubernetes/client.ts';
import type { Result } from '../kit/result.ts';
import type { History } from '../ledger/history.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { MetricsPort } from '../runtime/port.ts';
import type { RuleRunner } from '../runtime/rule-runner.ts';
import type { Io } from './io.ts';

type Env = Io['env'];

/** Where a server keeps its things, and where it listens. */
export interface ServerPlaces {
  readonly platform: Platform;
  /** Folder of the declaration. */
  readonly directory: string;
  /** Folder that holds everything of this server. */
  readonly work: string;
  /** Root of this program: policy, console, shop. */
  readonly root: string;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Further host names that requests may carry. */
  readonly allowedHosts: readonly string[];
}

interface RunningApp {
  /** Settles once everything is stopped: it was told to, or another server leads. */
  readonly ended: Promise<'stopped' | 'not leading'>;
}

/** One decision about a pull request where no server runs. */
export interface OnceOptions {
  /** Folder of the declaration. */
  readonly declaration: string;
  readonly work: string;
  /** Whether the answer is posted to the forge. */
  readonly post: boolean;
}

/** A head that was anchored in the desired-state repository. */
interface SeenHead {
  readonly ledger: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  readonly signature?: string | undefined;
  readonly key?: string | undefined;
}

/** A branch with one change, pushed from a clone of the desired state. */
export interface PushedChange {
  readonly repository: string;
  readonly clone: string;
  readonly branch: string;
  readonly environment: string;
  readonly desired: Desired;
  readonly title: string;
}

/** What commands need of the composition root: adapters are chosen there, and only there. */
export interface CommandParts {
  /** Root of this program: policy, examples, console. */
  readonly root: string;
  /** The file that was started: this program, as a process of its own. */
  readonly program: string;
  startApp(io: Io, places: ServerPlaces): Promise<RunningApp>;
  /** The ledger of a work folder that no server holds; null: that folder has none. */
  openExistingLedger(work: string): Promise<LedgerPort | null>;
  /** The past of such a ledger, to be read alone; null: that folder has none. */
  openExistingHistory(work: string): Promise<History | null>;
  openMetrics(
    platform: Platform,
    environment: string,
    address: string,
    env: Env,
  ): Promise<Result<MetricsPort, string>>;
  /** The policy that came with this version, in this process or on a server that is named. */
  openOwnPolicy(server: string | undefined): Promise<PolicyPort>;
  /** How a policy is opened that was kept in a ledger. */
  openKeptPolicy(): Promise<OpenKept>;
  decideOnce(
    io: Io,
    options: OnceOptions,
    number: number,
  ): Promise<Result<Decision, { code: string; message: string }>>;
  /** A live Prometheus to compare a declaration with, by the credentials of an environment. */
  openLive(
    platform: Platform,
    environment: string,
    address: string,
    env: Env,
  ): Promise<Result<LiveSource & { close(): Promise<void> }, string>>;
  /** The API of a declared cluster. */
  openCluster(
    place: ClusterPlace,
    env: Env,
  ): Promise<Result<Pick<Kubernetes, 'get' | 'patch' | 'clock'>, string>>;
  openRuleRunner(): Promise<RuleRunner>;
  readAnchors(repository: string): Promise<Result<readonly SeenHead[], string>>;
  /** Null: it is not on this machine. */
  locateProgram(name: string, env: Env): Promise<string | null>;
  locateK6(env: Env): Promise<string | null>;
  /** Whether everything is here that runs on one machine, else what to install. */
  checkPrograms(env: Env): Promise<Result<unknown, string>>;
  loadHistory(options: {
    readonly promtool: string;
    readonly tsdb: string;
    readonly scratch: string;
    readonly series: readonly PastSeries[];
    readonly records: readonly PastRecord[];
    readonly endSeconds: number;
  }): Promise<void>;
  openTraffic(): Promise<StartTraffic>;
  pushChange(change: PushedChange): Promise<void>;
  /** Objects of a live cluster that say how services are released; nothing in it is changed. */
  readCluster(options: {
    readonly context: string | null;
    readonly namespaces: readonly string[];
    readonly env: Env;
  }): Promise<Result<readonly unknown[], string>>;
}
