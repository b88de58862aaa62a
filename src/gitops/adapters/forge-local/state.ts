import { fail } from '../../../kit/result.ts';
import type { ForgeFailure, ForgeHint } from '../../forge.ts';
import { commitAt } from '../git/program.ts';
import type { KeptForge, KeptPull, PullStore } from './store.ts';

/** What the parts of one local forge share. */
export interface LocalState {
  /** A bare repository. */
  readonly repository: string;
  /** Every branch that pull requests may merge into. */
  readonly branches: readonly string[];
  /** The check without which nothing merges. */
  readonly check: string;
  readonly webhookSecret: string;
  readonly store: PullStore;
  /** Told of whatever happens to a pull request. */
  readonly listeners: Set<(hint: ForgeHint) => void>;
  /** How often they were told: each delivery has a number. */
  deliveries: number;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Tells everybody that something happened to a pull request, as a webhook would. */
export function tell(state: LocalState, pull: number): void {
  state.deliveries++;
  const hint: ForgeHint = {
    kind: 'pull',
    pull,
    headSha: null,
    baseSha: null,
    delivery: `local-${state.deliveries}`,
  };
  for (const listener of state.listeners) listener(hint);
}

/** The commit that a branch is at; null: there is no such branch. */
export const shaOf = ({ repository }: LocalState, branch: string): Promise<string | null> =>
  commitAt(repository, `refs/heads/${branch}`);

export const keep = ({ store }: LocalState, change: (kept: KeptForge) => KeptForge): void =>
  store.write(change(store.read()));

export const keepPull = (state: LocalState, number: number, more: Partial<KeptPull>): void =>
  keep(state, (kept) => ({
    ...kept,
    pulls: kept.pulls.map((p) => (p.number === number ? { ...p, ...more } : p)),
  }));

export const find = ({ store }: LocalState, number: number): KeptPull | undefined =>
  store.read().pulls.find((p) => p.number === number);

export const unknown = (number: number): { ok: false; error: ForgeFailure } =>
  fail({ code: 'NOT_FOUND', message: `there is no pull request ${number}` });
