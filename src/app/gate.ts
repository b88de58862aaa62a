import { CliError, EXIT } from '../cli/io.ts';
import type { BudgetEvaluator } from '../controller/budgets/budget-evaluator.ts';
import type { Runner } from '../controller/flow/runner.ts';
import { createGate, type Gate } from '../controller/gate/gate.ts';
import { keepPolicy } from '../controller/gate/kept-policy.ts';
import type { FreezesAndWaivers } from '../controller/governance/governance.ts';
import type { Controller } from '../controller/loop.ts';
import type { Journal } from '../ledger/journal.ts';
import type { MetricsPort } from '../runtime/port.ts';
import type { AppContext } from './context.ts';
import { opened } from './opened.ts';

interface GateOptions {
  readonly journal: Journal;
  readonly governance: FreezesAndWaivers;
  readonly controller: Controller;
  readonly budgets: BudgetEvaluator;
  metricsOf(environment: string): MetricsPort | undefined;
  publicUrl(): string;
  readonly runner: Runner;
}

/** The gate over the declared forge and policy; null where no forge is declared. */
export async function openGate(context: AppContext, options: GateOptions): Promise<Gate | null> {
  const { wiring, lifecycle, now, warn, platform } = context;
  const { governance, controller, budgets } = options;
  const forge = opened(await wiring.openForge(context));
  const policy = await wiring.openPolicy(context);
  if (!policy.ok)
    throw new CliError(EXIT.usage, {
      code: 'POLICY',
      message: policy.error,
      next: 'fix spec.policy of the Platform, or restore the files that it names',
    });
  lifecycle.onStop(() => policy.value.close());
  if (!forge) return null;
  const reader = await wiring.openReader(context);
  lifecycle.onStop(() => reader.close());
  const { port, wasm } = policy.value;
  const identity = await port.identity();
  if (identity.ok && wasm) {
    const kept = await options.journal.read({ type: 'policy.kept' });
    await keepPolicy(governance, kept, identity.value, wasm, now());
  }
  return createGate({
    platform,
    journal: options.journal,
    forge,
    policy: port,
    reader,
    runner: options.runner,
    governance,
    metricsPort: (environment) => options.metricsOf(environment),
    statuses: budgets.statuses,
    lanes: () => controller.states,
    adjustments: (slo, environment) => budgets.adjustments(slo, environment),
    pullUrl: (number) => `${options.publicUrl()}/pulls/${number}`,
    now,
    warn,
  });
}
