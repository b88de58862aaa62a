import type { Platform } from '../../declaration/platform.ts';
import type { ForgePort } from '../../gitops/forge.ts';
import type { PolicyPort } from '../../governance/port.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { Adjustment } from '../../runtime/budget.ts';
import type { MetricsPort } from '../../runtime/port.ts';
import type { Runner } from '../flow/runner.ts';
import type { ForgePatience } from '../forge-call.ts';
import type { FreezesAndWaivers } from '../governance/governance.ts';
import type { LaneStates } from '../lanes/lane-states.ts';
import type { SloStatuses } from '../slo-statuses.ts';
import type { PullReader } from './reading.ts';

export interface GateParts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly forge: ForgePort;
  readonly policy: PolicyPort;
  /** Reads what pull requests bring. */
  readonly reader: PullReader;
  readonly governance: FreezesAndWaivers;
  metricsPort(environment: string): MetricsPort | undefined;
  readonly statuses: SloStatuses;
  /** Null: no ledger is at hand, and nothing is known of past releases. */
  lanes(): LaneStates | null;
  adjustments(slo: string, environment: string): readonly Adjustment[];
  /** Where the console shows a pull request; null: nowhere that others reach. */
  pullUrl(number: number): string | null;
  now(): number;
  warn(details: object, message: string): void;
  readonly patience?: ForgePatience;
  /** Carries out operations on the forge; by default this plane creates its own. */
  readonly runner?: Runner;
}
