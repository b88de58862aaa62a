import {
  type ChangedFile,
  type CheckReport,
  type ForgeFailure,
  type ForgeHint,
  type ForgePort,
  type ForgeResult,
  type PullRequest,
  postMark,
  postNeeded,
  type WantedChange,
} from '../../../src/gitops/forge.ts';
import { fail, ok, type Result } from '../../../src/kit/result.ts';
import type { SimGit } from './git.ts';
import type { Life, Outside } from './outside.ts';

export interface SimPull {
  readonly number: number;
  readonly author: string;
  readonly branch: string;
  title: string;
  labels: readonly string[];
  draft: boolean;
  state: PullRequest['state'];
  readonly openedAt: number;
  /** Where both stood when it ended. */
  ended: { readonly head: string; readonly base: string; readonly forced: boolean } | null;
}

/** The post under the name of our check at a commit. */
export interface Status {
  readonly ours: boolean;
  readonly state: CheckReport['state'];
  readonly mark: string;
  readonly at: number;
}

export interface Merge {
  readonly number: number;
  readonly head: string;
  readonly base: string;
  readonly by: 'product' | 'person' | 'force';
}

export interface ForgeOptions {
  readonly kind: ForgePort['kind'];
  /** Whether the required check is enforced. */
  readonly protects: boolean;
  readonly now: () => number;
  readonly onMerge: (merge: Merge) => void;
  readonly onReport: (number: number, report: CheckReport) => void;
}

const OURS = 'sluice';
export const MAIN = 'main';

/** A forge with pull requests, checks and comments over a repository in memory. */
export function createForge(git: SimGit, outside: Outside, options: ForgeOptions) {
  const pulls = new Map<number, SimPull>();
  const statuses = new Map<string, Status>();
  const comments = new Map<string, string>();
  const listeners = new Set<(hint: ForgeHint) => void>();
  /** Its answers from before it became stale. */
  let before: ReadonlyMap<number, PullRequest> | null = null;
  let deliveries = 0;

  const view = (p: SimPull): PullRequest => ({
    number: p.number,
    title: p.title,
    author: p.author,
    base: { branch: MAIN, sha: p.ended?.base ?? git.head(MAIN)! },
    head: { branch: p.branch, sha: p.ended?.head ?? git.head(p.branch)! },
    fork: false,
    labels: p.labels,
    draft: p.draft,
    state: p.state,
    url: '',
    openedAt: p.openedAt,
  });
  const openOnes = (): SimPull[] => [...pulls.values()].filter((p) => p.state === 'open');
  const tell = (kind: ForgeHint['kind'], pull: number | null, headSha: string | null = null) => {
    deliveries++;
    const hint: ForgeHint = { kind, pull, headSha, baseSha: null, delivery: `d${deliveries}` };
    for (const listener of listeners) listener(hint);
  };

  function end(p: SimPull, state: 'merged' | 'closed', forced: boolean): void {
    p.ended = { head: git.head(p.branch)!, base: git.head(MAIN)!, forced };
    p.state = state;
    tell('pull', p.number);
  }

  /** Merges if possible; the forge's own rules decide, except for people who may force it. */
  function merge(p: SimPull, by: Merge['by']): Result<'merged', ForgeFailure> {
    if (p.state !== 'open')
      return p.state === 'merged'
        ? ok('merged')
        : fail({ code: 'REFUSED', message: `#${p.number} is closed` });
    const { base, head } = view(p);
    const required = statuses.get(head.sha)?.state;
    if (by !== 'force' && options.protects && required !== 'success')
      return fail({ code: 'REFUSED', message: `the required check is ${required ?? 'not there'}` });
    const tree = git.joined(base.sha, head.sha);
    if (!tree) return fail({ code: 'CONFLICT', message: 'it conflicts' });
    options.onMerge({ number: p.number, head: head.sha, base: base.sha, by });
    end(p, 'merged', by === 'force');
    git.merge(MAIN, head.sha, tree, by === 'product' ? OURS : p.author, `Merge #${p.number}`);
    return ok('merged');
  }

  function open(branch: string, title: string, author: string, labels: readonly string[]): SimPull {
    const number = pulls.size + 1;
    const made: SimPull = {
      number,
      author,
      branch,
      title,
      labels,
      draft: false,
      state: 'open',
      openedAt: options.now(),
      ended: null,
    };
    pulls.set(number, made);
    tell('pull', number);
    return made;
  }

  function propose({ branch, files, title, labels }: WantedChange): Result<PullRequest, ForgeFailure> {
    const main = git.treeOf(MAIN)!;
    if (Object.entries(files).every(([path, text]) => main.get(path) === text))
      return fail({ code: 'INVALID', message: 'no commits between main and it' });
    const twin = openOnes().find((p) => p.branch === branch);
    const standing = git.head(branch);
    const same =
      standing !== null &&
      git.commits.get(standing)!.parents[0] === git.head(MAIN) &&
      Object.entries(files).every(([path, text]) => git.treeOf(standing)!.get(path) === text);
    if (!same) git.write(branch, MAIN, files, OURS, title);
    if (!twin) return ok(view(open(branch, title, OURS, labels)));
    twin.title = title;
    tell('pull', twin.number);
    return ok(view(twin));
  }

  function report(pull: PullRequest, given: CheckReport): Awaited<ReturnType<ForgePort['report']>> {
    options.onReport(pull.number, given);
    const standing = statuses.get(given.headSha) ?? null;
    const needed = postNeeded(standing, given, options.now());
    if (needed !== 'post') return ok({ post: needed, foreign: null, untold: null });
    statuses.set(given.headSha, { ours: true, state: given.state, mark: postMark(given), at: options.now() });
    comments.set(`${pull.number} gate`, given.summary);
    tell('status', null, given.headSha);
    const foreign = standing && !standing.ours ? { by: 'mallory', state: standing.state } : null;
    return ok({ post: 'posted', foreign, untold: null });
  }

  const say = (number: number, mark: string, text: string): null => {
    comments.set(`${number} ${mark}`, text);
    return null;
  };
  const close = (p: SimPull): null => {
    if (p.state === 'open') end(p, 'closed', false);
    return null;
  };
  const unknown = (number: number) => fail({ code: 'NOT_FOUND', message: `no #${number}` } as const);
  const found = <T>(
    number: number,
    use: (p: SimPull) => Result<T, ForgeFailure>,
  ): Result<T, ForgeFailure> => {
    const p = pulls.get(number);
    return p ? use(p) : unknown(number);
  };
  const filesOf = (
    pull: Pick<PullRequest, 'base' | 'head'>,
  ): Result<{ files: readonly ChangedFile[]; complete: boolean }, ForgeFailure> => {
    const [base, head] = [git.treeOf(pull.base.sha), git.treeOf(pull.head.sha)];
    const common = base && head && git.mergeBase(pull.base.sha, pull.head.sha);
    if (!base || !head || !common) return fail({ code: 'NOT_FOUND', message: 'no such commit' });
    const paths = git.changed(git.treeOf(common)!, head);
    return ok({ files: paths.map((path) => ({ path, status: 'modified' as const })), complete: true });
  };
  const textAt = (ref: string, path: string): Result<string | null, ForgeFailure> => {
    const tree = git.treeOf(ref);
    return tree ? ok(tree.get(path) ?? null) : fail({ code: 'NOT_FOUND', message: `no commit ${ref}` });
  };
  const staleView = (p: SimPull): PullRequest =>
    (outside.faultOf('forge')?.kind === 'stale' && before?.get(p.number)) || view(p);

  /** The port as one run of the server has it. */
  function portOf(life: Life): ForgePort {
    const call = <T>(
      verb: string,
      work: () => Result<T, ForgeFailure>,
      changes = false,
      also: readonly string[] = [],
    ): ForgeResult<T> =>
      outside.ask<Result<T, ForgeFailure>>(life, 'forge', verb, {
        work,
        changes,
        also,
        refused: (why) => fail(why),
      });
    return {
      kind: options.kind,
      pull: (number) => call('pull', () => found(number, (p) => ok(staleView(p)))),
      openPulls: () => call('openPulls', () => ok(openOnes().map(staleView))),
      files: (pull) => call('files', () => filesOf(pull), false, [pull.head.sha]),
      text: (ref, path) => call('text', () => textAt(ref, path), false, [ref]),
      list: (ref, folder) =>
        call('list', () =>
          ok([...(git.treeOf(ref) ?? new Map()).keys()].filter((p) => p.startsWith(`${folder}/`))),
        ),
      links: async () => ok([]),
      report: (pull, given) => call('report', () => report(pull, given), true),
      comment: ({ number }, mark, text) =>
        call('comment', () => found(number, () => ok(say(number, mark, text))), true),
      open: ({ head, title, labels }) => call('open', () => ok(view(open(head, title, OURS, labels))), true),
      propose: (change) => call('propose', () => propose(change), true),
      withdraw: ({ number }) => call('withdraw', () => found(number, (p) => ok(close(p))), true),
      merge: ({ number }) => call('merge', () => found(number, (p) => merge(p, 'product')), true),
      hint: () => fail({ code: 'INVALID', message: 'webhooks come as hints here' }),
    };
  }

  return {
    pulls,
    statuses,
    portOf,
    view,
    openOnes,
    open,
    merge,
    headOf: (p: SimPull): string => view(p).head.sha,
    close,
    /** From now on a stale forge answers with the current state. */
    remember() {
      before = new Map([...pulls].map(([number, p]) => [number, view(p)]));
    },
    /** Somebody else posts under the name of our check. */
    postForeign(sha: string, state: CheckReport['state']) {
      statuses.set(sha, { ours: false, state, mark: '0 foreign', at: options.now() });
      tell('status', null, sha);
    },
    changed: (p: SimPull) => tell('pull', p.number),
    /** The forge opens a merge group: it asks for the check at a commit of its own. */
    group(p: SimPull): string {
      const { base, head } = view(p);
      const tree = git.joined(base.sha, head.sha) ?? git.treeOf(head.sha)!;
      const sha = git.merge(
        `group-${p.number}-${deliveries}`,
        head.sha,
        tree,
        'forge',
        `group of #${p.number}`,
      );
      const delivery = `d${++deliveries}`;
      for (const listener of listeners)
        listener({ kind: 'merge-group', pull: p.number, headSha: sha, baseSha: base.sha, delivery });
      return sha;
    },
    onHint: (listener: (hint: ForgeHint) => void) => void listeners.add(listener),
  };
}
export type SimForge = ReturnType<typeof createForge>;
