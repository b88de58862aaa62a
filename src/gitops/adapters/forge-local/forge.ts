import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import {
  type ChangedFile,
  type CheckReport,
  type ForgeFailure,
  type ForgeHint,
  type ForgePort,
  MAX_FILES,
  type PullRequest,
  postMark,
  postNeeded,
  type WantedPull,
} from '../../forge.ts';
import { badSignature, deliveryOf, signed } from '../forge-http/calls.ts';
import { commitOnto, git } from '../git/program.ts';
import { type Kept, type KeptPull, pullStore } from './pulls.ts';

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

const SLUICE = { name: 'sluice', email: 'sluice@localhost' };

/** Refuses what Git itself would take: a push past the gate. */
const HOOK = (branches: readonly string[]) => `#!/bin/sh
# Written by Sluice: these branches change by pull request only.
case "$1" in
${branches.map((b) => `refs/heads/${b}`).join('|')})
  if [ -z "$SLUICE_MERGE" ]; then
    echo "\${1#refs/heads/} is protected: push a branch and open a pull request (sluice pull open)" >&2
    exit 1
  fi ;;
esac
`;

/** Makes branches ones that only merges change. */
export function protect(repository: string, ...branches: readonly string[]): void {
  const hook = join(repository, 'hooks', 'update');
  mkdirSync(join(repository, 'hooks'), { recursive: true });
  writeFileSync(hook, HOOK(branches));
  chmodSync(hook, 0o755);
}

const STATUS = { A: 'added', M: 'modified', D: 'removed', R: 'renamed' } as const;

/** `git diff --name-status -z` as files. */
function changedFiles(text: string): ChangedFile[] {
  const words = text.split('\0');
  const files: ChangedFile[] = [];
  for (let i = 0; i + 1 < words.length; ) {
    const letter = words[i]!.charAt(0) as keyof typeof STATUS;
    const renamed = letter === 'R';
    const [previous, path] = renamed ? [words[i + 1]!, words[i + 2]!] : [undefined, words[i + 1]!];
    files.push({ path, status: STATUS[letter] ?? 'modified', ...(previous ? { previous } : {}) });
    i += renamed ? 3 : 2;
  }
  return files;
}

const refusedBy = (message: string): { ok: false; error: ForgeFailure } => fail({ code: 'REFUSED', message });

/** Pull requests over a bare repository of this machine: the same states, the same rules, no server. */
export function localForge(options: LocalForgeOptions): LocalForge {
  const { repository } = options;
  const branches = options.branches ?? [options.branch];
  const store = pullStore(options.file);
  const listeners = new Set<(hint: ForgeHint) => void>();
  let deliveries = 0;
  const tell = (pull: number) => {
    deliveries++;
    const hint: ForgeHint = {
      kind: 'pull',
      pull,
      headSha: null,
      baseSha: null,
      delivery: `local-${deliveries}`,
    };
    for (const listener of listeners) listener(hint);
  };
  const sha = async (ref: string): Promise<string | null> =>
    git(repository, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]).then(
      (text) => text.trim(),
      () => null,
    );
  const keep = (change: (kept: Kept) => Kept) => store.write(change(store.read()));
  const keepPull = (number: number, more: Partial<KeptPull>) =>
    keep((kept) => ({
      ...kept,
      pulls: kept.pulls.map((p) => (p.number === number ? { ...p, ...more } : p)),
    }));

  function endedWithoutBranch(kept: KeptPull): KeptPull {
    const ended = { headSha: kept.lastHead!, baseSha: kept.lastHead!, commit: null };
    keepPull(kept.number, { state: 'closed', ended });
    tell(kept.number);
    return { ...kept, state: 'closed', ended };
  }

  async function view(kept: KeptPull): Promise<PullRequest | null> {
    const head = kept.ended?.headSha ?? (await sha(`refs/heads/${kept.head}`));
    // As other forges do it: a pull request whose branch was deleted is closed.
    if (!head && kept.state === 'open' && kept.lastHead) return view(endedWithoutBranch(kept));
    const base = kept.ended?.baseSha ?? (await sha(`refs/heads/${kept.base}`));
    if (!head || !base) return null;
    const { number, title, author, labels, state, openedAt } = kept;
    return {
      number,
      title,
      author,
      base: { branch: kept.base, sha: base },
      head: { branch: kept.head, sha: head },
      fork: false,
      labels,
      draft: false,
      state,
      url: '',
      openedAt,
    };
  }

  const find = (number: number): KeptPull | undefined => store.read().pulls.find((p) => p.number === number);
  const unknown = (number: number): { ok: false; error: ForgeFailure } =>
    fail({ code: 'NOT_FOUND', message: `there is no pull request ${number}` });

  async function mergeNow(kept: KeptPull, pull: PullRequest): Promise<Result<'merged', ForgeFailure>> {
    const tree = await git(repository, ['merge-tree', '--write-tree', pull.base.sha, pull.head.sha]).then(
      (text) => text.trim().split('\n')[0]!,
      () => null,
    );
    if (tree === null)
      return fail({ code: 'CONFLICT', message: `${pull.head.branch} conflicts with ${pull.base.branch}` });
    const who = ['-c', `user.name=${kept.author}`, '-c', `user.email=${kept.author}@localhost`];
    const message = `Merge pull request #${kept.number}: ${kept.title}`;
    const parents = ['-p', pull.base.sha, '-p', pull.head.sha];
    const commit = (await git(repository, [...who, 'commit-tree', tree, ...parents, '-m', message])).trim();
    // Only if nobody else merged meanwhile.
    await git(repository, ['update-ref', `refs/heads/${kept.base}`, commit, pull.base.sha]);
    keepPull(kept.number, {
      state: 'merged',
      ended: { headSha: pull.head.sha, baseSha: pull.base.sha, commit },
    });
    tell(kept.number);
    return ok('merged');
  }

  const forge: LocalForge = {
    kind: 'local',
    onHint: (listener) => void listeners.add(listener),
    async pull(number) {
      const kept = find(number);
      const seen = kept ? await view(kept) : null;
      return seen ? ok(seen) : unknown(number);
    },
    async openPulls() {
      const open = store.read().pulls.filter((p) => p.state === 'open' && branches.includes(p.base));
      return ok((await Promise.all(open.map(view))).filter((p) => p !== null));
    },
    async files({ base, head }) {
      try {
        const text = await git(repository, [
          'diff',
          '--name-status',
          '-z',
          '-M',
          `${base.sha}...${head.sha}`,
        ]);
        const files = changedFiles(text);
        return ok({ files: files.slice(0, MAX_FILES), complete: files.length <= MAX_FILES });
      } catch (thrown) {
        return fail({ code: 'UNAVAILABLE', message: `git diff: ${messageOf(thrown)}` });
      }
    },
    text: async (commit, path) =>
      git(repository, ['show', `${commit}:${path}`]).then(
        (text) => ok(text),
        () => ok(null),
      ),
    list: async (commit, folder) =>
      git(repository, ['ls-tree', '-r', '--name-only', commit, '--', folder ? `${folder}/` : '.']).then(
        (text) => ok(text.split('\n').filter(Boolean)),
        (thrown: unknown) => fail({ code: 'UNAVAILABLE', message: messageOf(thrown) } as const),
      ),
    async report(pull, report: CheckReport) {
      const standing = store.read().statuses[report.headSha]?.[report.check];
      // Nobody else writes this file.
      const needed = postNeeded(standing ? { ...standing, ours: true } : null, report, options.now());
      if (needed !== 'post') return ok({ post: needed, foreign: null, untold: null });
      const { state, title, summary } = report;
      keep((kept) => ({
        ...kept,
        statuses: {
          ...kept.statuses,
          [report.headSha]: {
            ...kept.statuses[report.headSha],
            [report.check]: { state, title, summary, mark: postMark(report) },
          },
        },
      }));
      keepPull(pull.number, { comment: summary });
      const kept = find(pull.number);
      if (kept?.autoMerge && kept.state === 'open' && state === 'success') await forge.merge(pull);
      return ok({ post: 'posted', foreign: null, untold: null });
    },
    async open(wanted: WantedPull) {
      const { title, body, base, head, labels, author, autoMerge } = wanted;
      if (!title.trim()) return fail({ code: 'INVALID', message: 'a pull request needs a title' });
      if (!branches.includes(base))
        return fail({ code: 'INVALID', message: `pull requests merge into ${branches.join(' or ')}` });
      const [from, onto] = [await sha(`refs/heads/${head}`), await sha(`refs/heads/${base}`)];
      if (!from) return fail({ code: 'NOT_FOUND', message: `there is no branch ${head}: push it first` });
      if (from === onto) return fail({ code: 'INVALID', message: `no commits between ${base} and ${head}` });
      const { pulls } = store.read();
      const twin = pulls.find((p) => p.state === 'open' && p.head === head && p.base === base);
      if (twin) return fail({ code: 'CONFLICT', message: `#${twin.number} is open for ${head} already` });
      const kept: KeptPull = {
        number: (pulls.at(-1)?.number ?? 0) + 1,
        title,
        body,
        author: author ?? 'somebody',
        base,
        head,
        labels,
        autoMerge: autoMerge ?? false,
        openedAt: options.now(),
        state: 'open',
        ended: null,
        comment: null,
        lastHead: from,
      };
      keep((all) => ({ ...all, pulls: [...all.pulls, kept] }));
      tell(kept.number);
      return ok((await view(kept))!);
    },
    async propose({ branch: head, base, files, title, body, labels, autoMerge }) {
      const onto = await sha(`refs/heads/${base}`);
      if (!onto) return fail({ code: 'NOT_FOUND', message: `there is no branch ${base}` });
      const twin = store.read().pulls.find((p) => p.state === 'open' && p.head === head && p.base === base);
      try {
        const commit = await commitOnto(repository, onto, files, title, SLUICE);
        const same = await git(repository, ['diff', '--quiet', onto, commit]).then(
          () => true,
          () => false,
        );
        if (same) return fail({ code: 'INVALID', message: `no commits between ${base} and ${head}` });
        const standing = twin ? await sha(`refs/heads/${head}`) : null;
        const unchanged =
          standing !== null &&
          (await git(repository, ['diff', '--quiet', standing, commit]).then(
            () => true,
            () => false,
          ));
        if (!unchanged) await git(repository, ['update-ref', `refs/heads/${head}`, commit]);
      } catch (thrown) {
        return fail({ code: 'UNAVAILABLE', message: messageOf(thrown) });
      }
      if (!twin) return forge.open({ title, body, base, head, labels, autoMerge, author: SLUICE.name });
      const lastHead = await sha(`refs/heads/${head}`);
      keepPull(twin.number, { title, body, labels, autoMerge, ...(lastHead ? { lastHead } : {}) });
      tell(twin.number);
      return ok((await view(find(twin.number)!))!);
    },
    async withdraw({ number }, why) {
      keepPull(number, { comment: why });
      return forge.close(number);
    },
    async merge({ number }) {
      const kept = find(number);
      const pull = kept ? await view(kept) : null;
      if (!kept || !pull) return unknown(number);
      if (kept.state === 'merged') return ok('merged');
      if (kept.state === 'closed') return refusedBy(`#${number} is closed`);
      const status = store.read().statuses[pull.head.sha]?.[options.check];
      if (status?.state !== 'success')
        return refusedBy(
          `not all required checks are successful: ${options.check} is ${status?.state ?? 'not there'}`,
        );
      try {
        return await mergeNow(kept, pull);
      } catch (thrown) {
        return fail({ code: 'CONFLICT', message: `the branch moved meanwhile: ${messageOf(thrown)}` });
      }
    },
    async comment({ number }, mark, text) {
      const kept = find(number);
      if (!kept) return unknown(number);
      keepPull(number, { comments: { ...kept.comments, [mark]: text } });
      return ok(null);
    },
    async close(number) {
      const kept = find(number);
      const pull = kept ? await view(kept) : null;
      if (!pull) return unknown(number);
      keepPull(number, {
        state: 'closed',
        ended: { headSha: pull.head.sha, baseSha: pull.base.sha, commit: null },
      });
      tell(number);
      return ok(null);
    },
    async label(number, labels) {
      if (!find(number)) return unknown(number);
      keepPull(number, { labels });
      tell(number);
      return ok(null);
    },
    hint(headers, body) {
      if (!signed(options.webhookSecret, body, headers['x-sluice-signature'])) return badSignature;
      const delivery = deliveryOf(body);
      if (!delivery.ok) return delivery;
      const pull = delivery.value['pull'];
      return ok({
        kind: typeof pull === 'number' ? 'pull' : 'other',
        pull: typeof pull === 'number' ? pull : null,
        headSha: null,
        baseSha: null,
        delivery: headers['x-sluice-delivery'] ?? '',
      });
    },
  };
  return forge;
}

/** A bare repository with its branch protected, seeded once with what runs today. */
export async function openBare(
  repository: string,
  branches: readonly string[],
  seed: (workTree: string) => Promise<void>,
  scratch: string,
): Promise<void> {
  if (existsSync(join(repository, 'HEAD'))) return;
  mkdirSync(scratch, { recursive: true });
  await seed(scratch);
  await git(scratch, ['clone', '--quiet', '--bare', scratch, repository]);
  await git(repository, ['symbolic-ref', 'HEAD', `refs/heads/${branches[0]}`]);
  protect(repository, ...branches);
}
