import { CliError, EXIT } from '../cli/io.ts';
import type { BudgetKeeper } from '../controller/budgets.ts';
import { createGatekeeper, type Gatekeeper } from '../controller/gate/keeper.ts';
import { keepPolicy } from '../controller/gate/kept-policy.ts';
import type { GovernanceKeeper } from '../controller/governance.ts';
import type { Controller } from '../controller/loop.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { MetricsPort } from '../runtime/port.ts';
import type { AppContext } from './context.ts';
import { opened } from './opened.ts';

export interface GateOptions {
  readonly ledger: LedgerPort;
  readonly governance: GovernanceKeeper;
  readonly controller: Controller;
  readonly budgets: BudgetKeeper;
  metricsOf(environment: string): MetricsPort | undefined;
  publicUrl(): string;
}

/** The gate over the declared forge and policy; null where no forge is declared. */
export async function openGate(context: AppContext, options: GateOptions): Promise<Gatekeeper | null> {
  const { wiring, now, warn, platform } = context;
  const { governance, controller, budgets } = options;
  const forge = opened(await wiring.openForge(context));
  const policy = await wiring.openPolicy(context);
  if (!policy.ok) throw new CliError(EXIT.usage, { code: 'POLICY', message: policy.error });
  if (!forge) return null;
  const { port, wasm } = policy.value;
  const identity = await port.identity();
  if (identity.ok && wasm) {
    const kept = await options.ledger.read({ type: 'policy.kept' });
    await keepPolicy(governance, kept, identity.value, wasm, now());
  }
  return createGatekeeper({
    platform,
    forge,
    policy: port,
    governance,
    metricsPort: (environment) => options.metricsOf(environment),
    statuses: budgets.statuses,
    lanes: () => controller.lanes().map((v) => v.state),
    adjustments: (slo, environment) => budgets.adjustments(slo, environment),
    pullUrl: (number) => `${options.publicUrl()}/pulls/${number}`,
    now,
    warn,
  });
}
