import { fail, messageOf, type Result } from '../../../kit/result.ts';
import type { ForgeFailure, ForgeHint, ForgePort } from '../../forge.ts';
import { report } from './checks.ts';
import { comment } from './comments.ts';
import { filesOf, links, list, text } from './contents.ts';
import { propose } from './proposals.ts';
import { close, label, merge, open, openPulls, pull, withdraw } from './pull-requests.ts';
import type { LocalState } from './state.ts';
import { pullStore } from './store.ts';
import { hint } from './webhooks.ts';

export interface LocalForgeOptions {
  /** A bare repository. */
  readonly repository: string;
  /** Where pull requests are kept. */
  readonly file: string;
  readonly branch: string;
  /** Every branch that pull requests may merge into; that one where left out. */
  readonly branches?: readonly string[];
  /** The check without which nothing merges. */
  readonly check: string;
  readonly webhookSecret: string;
  now(): number;
}

export interface LocalForge extends ForgePort {
  /** Told of whatever happens to a pull request, as a webhook would. */
  onHint(listener: (hint: ForgeHint) => void): void;
  close(number: number): Promise<Result<null, ForgeFailure>>;
  label(number: number, labels: readonly string[]): Promise<Result<null, ForgeFailure>>;
}

/** Git that fails is a forge that gives no answer. */
const answering =
  <A extends unknown[], T>(call: (...given: A) => Promise<Result<T, ForgeFailure>>) =>
  (...given: A): Promise<Result<T, ForgeFailure>> =>
    call(...given).catch((thrown: unknown) => fail({ code: 'UNAVAILABLE', message: messageOf(thrown) }));

/** Pull requests over a bare repository of this machine: the same states, the same rules, no server. */
export function localForge(options: LocalForgeOptions): LocalForge {
  const state: LocalState = {
    repository: options.repository,
    branches: options.branches ?? [options.branch],
    check: options.check,
    webhookSecret: options.webhookSecret,
    store: pullStore(options.file),
    listeners: new Set(),
    deliveries: 0,
    now: () => options.now(),
  };
  return {
    kind: 'local',
    onHint: (listener) => void state.listeners.add(listener),
    pull: answering((number) => pull(state, number)),
    openPulls: answering(() => openPulls(state)),
    files: (of) => filesOf(state, of),
    text: answering((sha, path) => text(state, sha, path)),
    list: (sha, folder) => list(state, sha, folder),
    links: (sha, paths) => links(state, sha, paths),
    report: answering((of, what) => report(state, of, what)),
    comment: (on, mark, words) => comment(state, on, mark, words),
    open: answering((wanted) => open(state, wanted)),
    propose: answering((change) => propose(state, change)),
    withdraw: answering((which, why) => withdraw(state, which, why)),
    merge: answering((which) => merge(state, which)),
    close: answering((number) => close(state, number)),
    label: (number, labels) => label(state, number, labels),
    hint: (headers, body) => hint(state, headers, body),
  };
}
