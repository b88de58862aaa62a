import { atVersion, type Fold, mapsCodec } from '../ledger/fold.ts';
import { type Budgets, evolve, noBudgets, RUNTIME_EVENT_VERSION, runtimeEvents } from './events.ts';

/** The state of every budget, and what was excluded. */
export const budgetsFold: Fold<Budgets> = {
  name: 'budgets',
  version: 1,
  reads: atVersion(Object.keys(runtimeEvents), RUNTIME_EVENT_VERSION),
  ...mapsCodec(noBudgets),
  apply: evolve,
};
