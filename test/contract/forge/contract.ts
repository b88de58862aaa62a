import { describe, expect, it } from 'vitest';
import {
  type CheckReport,
  COMMENT_MARK,
  type ForgePort,
  type PullRequest,
} from '../../../src/gitops/forge.ts';
import { stays } from '../../wait.ts';
import type { TestRepository } from './repository.ts';

/** One forge under test, with what only the forge itself can tell. */
export interface ForgeRig {
  readonly forge: ForgePort;
  readonly repository: TestRepository;
  readonly check: string;
  label(number: number, labels: readonly string[]): Promise<void>;
  /** What stands at a commit, as people see it: newest state of each check. */
  states(sha: string): Promise<Readonly<Record<string, string>>>;
  comments(number: number): Promise<readonly string[]>;
  /** Somebody else who may write there, too; where nobody can there is none. */
  readonly stranger?: {
    readonly login: string;
    /** Posts under the name of our check, with this in the place where ours has its key and time. */
    post(sha: string, state: 'success' | 'failure', mark: string): Promise<void>;
    /** Posts under other names. */
    others(sha: string, count: number): Promise<void>;
    comment(number: number, body: string): Promise<void>;
  };
  /** A delivery as the forge signs it. */
  delivery(event: object): { headers: Record<string, string>; body: string };
  close(): Promise<void>;
}

export const FILES = {
  'environments/prod/checkout.yaml': 'service: checkout\nversion: 1.0.0\n',
  'environments/prod/cart.yaml': 'service: cart\nversion: 1.0.0\n',
  'README.md': '# Desired state\n',
};

let counter = 0;
/** Names of branches that no test of the same repository shares. */
const branch = (what: string) => `${what}-${++counter}`;

const report = (rig: ForgeRig, pull: PullRequest, more: Partial<CheckReport> = {}): CheckReport => ({
  check: rig.check,
  headSha: pull.head.sha,
  state: 'success',
  title: 'Allowed: all checks passed.',
  summary: `${COMMENT_MARK}\n**Allowed**`,
  key: 'key-1',
  evaluatedAt: 1_000,
  annotations: [],
  detailsUrl: 'http://127.0.0.1:7117/pulls/1',
  ...more,
});

const value = <T>(result: { ok: true; value: T } | { ok: false; error: object }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
};

/** Nobody else posted, and the comment is up to date. */
const QUIET = { foreign: null, untold: null };
const YEAR_MS = 365 * 86_400_000;

/** What happens to a proposal later happens between two of so many looks. */
const LOOKS = 60;

/** What every forge does alike: the gate knows no other. */
export function forgeContract(
  name: string,
  open: () => Promise<ForgeRig>,
  options: {
    /** Whether somebody else can post under the name of our check, and whether that takes the place of ours. */
    readonly strangers?: 'replace' | 'beside';
  } = {},
): void {
  describe(`a forge: ${name}`, () => {
    let rig: ForgeRig;
    const opened = async (files: Record<string, string | null>, what = 'change') => {
      rig ??= await open();
      const head = branch(what);
      await rig.repository.push(head, files);
      return value(
        await rig.forge.open({ title: `A change: ${head}`, body: 'Why.', base: 'main', head, labels: [] }),
      );
    };

    it('FORGE-1: a pull request is opened and read: title, branches, commits, author, state', async () => {
      const made = await opened({ 'environments/prod/checkout.yaml': 'service: checkout\nversion: 1.1.0\n' });
      const read = value(await rig.forge.pull(made.number));
      expect(read).toMatchObject({ number: made.number, state: 'open', fork: false, draft: false });
      expect(read.title).toContain('A change');
      expect(read.base.branch).toBe('main');
      expect(read.head.sha).toMatch(/^[0-9a-f]{40}$/);
      expect(read.head.sha).not.toBe(read.base.sha);
      expect(value(await rig.forge.openPulls()).map((p) => p.number)).toContain(made.number);
    });

    it('FORGE-2: changed files with what happened to each, and whether these are all', async () => {
      const pull = await opened({
        'environments/prod/checkout.yaml': 'service: checkout\nversion: 1.2.0\n',
        'environments/prod/cart.yaml': null,
        'docs/ü name.md': 'new\n',
      });
      const { files, complete } = value(await rig.forge.files(pull));
      expect(complete).toBe(true);
      expect(Object.fromEntries(files.map((f) => [f.path, f.status]))).toEqual({
        'environments/prod/checkout.yaml': 'modified',
        'environments/prod/cart.yaml': 'removed',
        'docs/ü name.md': 'added',
      });
    });

    const paths = async (pull: PullRequest) => {
      const { files, complete } = value(await rig.forge.files(pull));
      expect(complete).toBe(true);
      return files.map((f) => f.path).sort();
    };

    it('FORGE-2: more of them than one answer holds, and files that became folders', async () => {
      const many = Object.fromEntries(
        Array.from({ length: 1_050 }, (_, n) => [`many/${n % 2 ? 'odd' : 'even'}/${n}.md`, 'x\n']),
      );
      const pull = await opened({ ...many, 'README.md': null, 'README.md/now.md': 'a folder\n' });
      const { files, complete } = value(await rig.forge.files(pull));
      expect([files.length, complete]).toEqual([1_052, true]);
      expect(files.find((f) => f.path === 'README.md')?.status).toBe('removed');
      expect(files.find((f) => f.path === 'README.md/now.md')?.status).toBe('added');
    });

    it('FORGE-26: files, texts and the post are of the commit that was read, though its branch moved on', async () => {
      const prod = 'environments/prod/checkout.yaml';
      const pull = await opened({ 'harmless.md': 'words\n' });
      await rig.repository.push(pull.head.branch, { [prod]: 'service: checkout\nversion: 6.6.6\n' });
      const moved = await rig.repository.push('base-moves', { 'base.md': 'moved\n' });
      expect(await paths(pull)).toEqual(['harmless.md']);
      expect(value(await rig.forge.text(pull.head.sha, prod))).toBe(FILES[prod]);
      expect(value(await rig.forge.text(pull.head.sha, 'harmless.md'))).toBe('words\n');
      expect(value(await rig.forge.list(pull.head.sha, 'environments'))).toHaveLength(2);
      value(await rig.forge.report(pull, report(rig, pull)));
      const now = value(await rig.forge.pull(pull.number));
      expect(now.head.sha).not.toBe(pull.head.sha);
      expect((await rig.states(pull.head.sha))[rig.check]).toBe('success');
      expect((await rig.states(now.head.sha))[rig.check]).toBeUndefined();
      expect(await paths(now)).toEqual([prod]);
      expect((await rig.forge.merge(now)).ok).toBe(false);
      // Its base is the commit that it was read with, too: what another branch brings is not its own.
      expect(await paths({ ...pull, base: { branch: 'main', sha: moved } })).toEqual(['harmless.md']);
    });

    it('FORGE-26: a branch that took in its base, once or more, is told by what it adds itself', async () => {
      const head = branch('took-in');
      const first = await rig.repository.push(head, { 'own-1.md': 'one\n' });
      const base = async (name: string) => {
        const pull = await opened({ [name]: 'of the base\n' });
        value(await rig.forge.report(pull, report(rig, pull, { key: name })));
        value(await rig.forge.merge(pull));
      };
      await base('base-1.md');
      const second = await rig.repository.merge(head, first, { 'own-2.md': 'two\n' });
      await base('base-2.md');
      await rig.repository.merge(head, second, { 'own-3.md': 'three\n' });
      const made = await rig.forge.open({ title: head, body: '', base: 'main', head, labels: [] });
      expect(await paths(value(made))).toEqual(['own-1.md', 'own-2.md', 'own-3.md']);
    });

    it('FORGE-3: texts at both commits; what is not there is nothing, and no failure', async () => {
      const pull = await opened({ 'environments/prod/checkout.yaml': 'service: checkout\nversion: 1.3.0\n' });
      const path = 'environments/prod/checkout.yaml';
      expect(value(await rig.forge.text(pull.base.sha, path))).toBe(FILES[path]);
      expect(value(await rig.forge.text(pull.head.sha, path))).toBe('service: checkout\nversion: 1.3.0\n');
      expect(value(await rig.forge.text(pull.head.sha, 'no/such.yaml'))).toBeNull();
      expect([...value(await rig.forge.list(pull.head.sha, 'environments'))].sort()).toEqual(
        Object.keys(FILES)
          .filter((p) => p.startsWith('environments'))
          .sort(),
      );
    });

    it('FORGE-34: files below a folder are listed by their own names, whatever characters these hold', async () => {
      const names = ['slo/ü name.yaml', 'slo/"quoted".yaml', 'slo/below/日本.yml', 'slo/plain.yaml'];
      const pull = await opened({ ...Object.fromEntries(names.map((n) => [n, 'x\n'])), 'slow.yaml': 'x\n' });
      expect([...value(await rig.forge.list(pull.head.sha, 'slo'))].sort()).toEqual([...names].sort());
      for (const name of names) expect(value(await rig.forge.text(pull.head.sha, name))).toBe('x\n');
    });

    it('FORGE-36: symbolic links at a commit, of files and of folders, and nothing else', async () => {
      const from = await rig.repository.push(branch('plain'), { 'environments/prod/a.yaml': 'x\n' });
      const head = await rig.repository.link(branch('links'), {
        'environments/prod/checkout.yaml': '../../elsewhere.yaml',
        'environments/stage': 'prod',
      });
      const asked = [
        'environments/prod/checkout.yaml',
        'environments/prod/cart.yaml',
        'environments/stage',
        'environments/stage/cart.yaml',
        'environments/none/of/these.yaml',
        'environments',
      ];
      expect([...value(await rig.forge.links(head, asked))].sort()).toEqual([
        'environments/prod/checkout.yaml',
        'environments/stage',
      ]);
      expect(value(await rig.forge.links(from, asked))).toEqual([]);
    });

    it('FORGE-34: a file is read and listed by its name, whatever letters are in it', async () => {
      const odd = [
        'environments/prod/größe.yaml',
        'environments/prod/a "b" [c]*.yaml',
        'environments/prod/-x.yaml',
      ];
      const head = await rig.repository.push(
        branch('odd'),
        Object.fromEntries(odd.map((path) => [path, `${path}\n`])),
      );
      const listed = value(await rig.forge.list(head, 'environments/prod'));
      for (const path of odd) {
        expect(listed).toContain(path);
        expect(value(await rig.forge.text(head, path))).toBe(`${path}\n`);
      }
    });

    it('FORGE-4: without the check nothing merges; denied neither; allowed it does', async () => {
      const pull = await opened({ 'a.txt': 'a\n' });
      expect((await rig.forge.merge(pull)).ok).toBe(false);
      value(
        await rig.forge.report(
          pull,
          report(rig, pull, { state: 'failure', title: 'Denied: spent.', key: 'no' }),
        ),
      );
      expect((await rig.states(pull.head.sha))[rig.check]).toBe('failure');
      expect((await rig.forge.merge(pull)).ok).toBe(false);
      value(await rig.forge.report(pull, report(rig, pull, { key: 'yes', evaluatedAt: 2_000 })));
      expect((await rig.states(pull.head.sha))[rig.check]).toBe('success');
      expect(await rig.forge.merge(pull)).toEqual({ ok: true, value: 'merged' });
      expect(value(await rig.forge.pull(pull.number)).state).toBe('merged');
      expect(value(await rig.forge.openPulls()).map((p) => p.number)).not.toContain(pull.number);
    });

    it('FORGE-5: the check of an older commit lets no newer one merge', async () => {
      const pull = await opened({ 'b.txt': 'b\n' });
      value(await rig.forge.report(pull, report(rig, pull)));
      await rig.repository.push(pull.head.branch, { 'b.txt': 'another\n' });
      const moved = value(await rig.forge.pull(pull.number));
      expect(moved.head.sha).not.toBe(pull.head.sha);
      expect((await rig.forge.merge(moved)).ok).toBe(false);
    });

    /** Comments as people read them: a hidden line names the outcome. */
    const said = async (number: number) =>
      (await rig.comments(number)).map((body) => body.replace(/\n<!-- \S+ -->$/, ''));

    it('FORGE-6: the same outcome is posted once, another updates in place, an older look changes nothing', async () => {
      const pull = await opened({ 'c.txt': 'c\n' });
      const first = report(rig, pull, {
        state: 'failure',
        key: 'spent',
        evaluatedAt: 5_000,
        summary: `${COMMENT_MARK}\nspent`,
      });
      expect(value(await rig.forge.report(pull, first))).toEqual({ post: 'posted', ...QUIET });
      // Other numbers of the same outcome are not told anew.
      const again = { ...first, evaluatedAt: 6_000, summary: `${COMMENT_MARK}\nspent, a little more` };
      expect(value(await rig.forge.report(pull, again))).toEqual({ post: 'unchanged', ...QUIET });
      expect(await said(pull.number)).toEqual([`${COMMENT_MARK}\nspent`]);
      const later = report(rig, pull, { key: 'fine', evaluatedAt: 9_000, summary: `${COMMENT_MARK}\nfine` });
      expect(value(await rig.forge.report(pull, later))).toMatchObject({ post: 'posted' });
      expect(value(await rig.forge.report(pull, { ...first, evaluatedAt: 7_000 }))).toMatchObject({
        post: 'superseded',
      });
      expect(await said(pull.number)).toEqual([`${COMMENT_MARK}\nfine`]);
      expect((await rig.states(pull.head.sha))[rig.check]).toBe('success');
    });

    it('FORGE-29: what was decided of an older head stands at its commit; the comment stays that of the head', async () => {
      const before = await opened({ 'old.txt': 'a\n' });
      value(
        await rig.forge.report(before, report(rig, before, { summary: `${COMMENT_MARK}\nof the first` })),
      );
      await rig.repository.push(before.head.branch, { 'old.txt': 'b\n' });
      const now = value(await rig.forge.pull(before.number));
      const late = report(rig, before, {
        state: 'failure',
        key: 'late',
        evaluatedAt: 2_000,
        summary: `${COMMENT_MARK}\nof the first, late`,
      });
      expect(value(await rig.forge.report(now, late))).toMatchObject({ post: 'posted', untold: null });
      expect((await rig.states(before.head.sha))[rig.check]).toBe('failure');
      expect(await said(now.number)).toEqual([`${COMMENT_MARK}\nof the first`]);
      value(
        await rig.forge.report(
          now,
          report(rig, now, { key: 'second', summary: `${COMMENT_MARK}\nof the second` }),
        ),
      );
      expect(await said(now.number)).toEqual([`${COMMENT_MARK}\nof the second`]);
    });

    it('FORGE-7: labels are read as they are now', async () => {
      const pull = await opened({ 'd.txt': 'd\n' });
      expect(pull.labels).toEqual([]);
      await rig.label(pull.number, ['security']);
      expect(value(await rig.forge.pull(pull.number)).labels).toEqual(['security']);
    });

    it('FORGE-8: what is not there or cannot be opened is said by its code', async () => {
      rig ??= await open();
      expect(await rig.forge.pull(9_999)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
      const twice = await opened({ 'e.txt': 'e\n' });
      const again = await rig.forge.open({
        title: 'Again',
        body: '',
        base: 'main',
        head: twice.head.branch,
        labels: [],
      });
      expect(again.ok).toBe(false);
      if (!again.ok) expect(['CONFLICT', 'INVALID']).toContain(again.error.code);
    });

    it('FORGE-9: a delivery is a hint if its signature is right, and nothing otherwise', async () => {
      rig ??= await open();
      const event = { action: 'opened', number: 3, pull: 3, pull_request: { number: 3 } };
      const { headers, body } = rig.delivery(event);
      expect(rig.forge.hint(headers, body)).toMatchObject({ ok: true, value: { kind: 'pull', pull: 3 } });
      const signature = Object.keys(headers).find((h) => h.includes('signature'))!;
      const tampered = [
        { ...headers, [signature]: headers[signature]!.replace(/.$/, (c) => (c === '0' ? '1' : '0')) },
        { ...headers, [signature]: '' },
        Object.fromEntries(Object.entries(headers).filter(([h]) => h !== signature)),
      ];
      for (const wrong of tampered)
        expect(rig.forge.hint(wrong, body)).toMatchObject({ ok: false, error: { code: 'UNAUTHORISED' } });
      expect(rig.forge.hint(headers, `${body} `)).toMatchObject({ ok: false });
      const nonsense = rig.delivery([] as object);
      expect(rig.forge.hint(nonsense.headers, nonsense.body)).toMatchObject({
        ok: false,
        error: { code: 'INVALID' },
      });
    });

    it('FORGE-19: a change of ours is one branch and one pull request, however often it is asked for; another replaces it', async () => {
      rig ??= await open();
      const head = branch('promote');
      const change = (text: string) => ({
        branch: head,
        base: 'main',
        files: { 'environments/prod/checkout.yaml': text, 'environments/new/checkout.yaml': 'new\n' },
        title: `Promote ${text.length}`,
        body: 'Stable in stage.',
        labels: [],
        autoMerge: false,
      });
      const first = value(await rig.forge.propose(change('service: checkout\nversion: 2.0.0\n')));
      const again = value(await rig.forge.propose(change('service: checkout\nversion: 2.0.0\n')));
      expect(again.number).toBe(first.number);
      const other = value(await rig.forge.propose(change('service: checkout\nversion: 2.10.0\n')));
      expect(other.number).toBe(first.number);
      const read = value(await rig.forge.pull(first.number));
      expect(read.title).toBe('Promote 34');
      expect(value(await rig.forge.text(read.head.sha, 'environments/prod/checkout.yaml'))).toBe(
        'service: checkout\nversion: 2.10.0\n',
      );
      const listed = value(await rig.forge.files(read));
      expect(listed.files.map((f) => f.path).sort()).toEqual([
        'environments/new/checkout.yaml',
        'environments/prod/checkout.yaml',
      ]);
      value(await rig.forge.withdraw(read, 'It was condemned.'));
      expect(value(await rig.forge.pull(first.number)).state).toBe('closed');
    });

    it('FORGE-22: the branch of a proposal that was merged carries the next one, which stays open', async () => {
      rig ??= await open();
      const head = branch('again');
      const propose = async (version: string) =>
        value(
          await rig.forge.propose({
            branch: head,
            base: 'main',
            files: { 'environments/again/checkout.yaml': `service: checkout\nversion: ${version}\n` },
            title: `To ${version}`,
            body: '',
            labels: [],
            autoMerge: false,
          }),
        );
      const first = await propose('4.0.0');
      value(await rig.forge.report(first, report(rig, first, { key: 'first' })));
      value(await rig.forge.merge(first));
      const second = await propose('4.1.0');
      expect(second.number).not.toBe(first.number);
      // Gitea once closed it seconds later, since its branch had been deleted on the way.
      await stays(LOOKS, async () => expect(value(await rig.forge.pull(second.number)).state).toBe('open'));
    });

    it('FORGE-20: what the base changed meanwhile is begun anew, and can be merged', async () => {
      rig ??= await open();
      const head = branch('revert');
      const change = (version: string) => ({
        branch: head,
        base: 'main',
        files: { 'environments/prod/checkout.yaml': `service: checkout\nversion: ${version}\n` },
        title: `To ${version}`,
        body: '',
        labels: [],
        autoMerge: false,
      });
      value(await rig.forge.propose(change('3.0.0')));
      const between = await opened({
        'environments/prod/checkout.yaml': 'service: checkout\nversion: 2.5.0\n',
      });
      value(await rig.forge.report(between, report(rig, between, { key: 'between' })));
      value(await rig.forge.merge(between));
      const renewed = value(await rig.forge.propose(change('3.1.0')));
      value(await rig.forge.report(renewed, report(rig, renewed, { key: 'renewed' })));
      expect(await rig.forge.merge(value(await rig.forge.pull(renewed.number)))).toEqual({
        ok: true,
        value: 'merged',
      });
    });

    it('FORGE-24: a time that is yet to come is no newer look, not even where we posted it ourselves', async () => {
      const pull = await opened({ 'g.txt': 'g\n' });
      const ahead = report(rig, pull, { key: 'ahead', evaluatedAt: Date.now() + YEAR_MS });
      expect(value(await rig.forge.report(pull, ahead))).toMatchObject({ post: 'posted' });
      const now = report(rig, pull, { state: 'failure', key: 'now', evaluatedAt: Date.now() });
      expect(value(await rig.forge.report(pull, now))).toMatchObject({ post: 'posted' });
      expect((await rig.states(pull.head.sha))[rig.check]).toBe('failure');
    });

    it('FORGE-24: our key under another state is not our outcome', async () => {
      const pull = await opened({ 'h.txt': 'h\n' });
      value(await rig.forge.report(pull, report(rig, pull, { key: 'same', state: 'success' })));
      const denied = report(rig, pull, { key: 'same', state: 'failure', evaluatedAt: 2_000 });
      expect(value(await rig.forge.report(pull, denied))).toMatchObject({ post: 'posted' });
      expect((await rig.states(pull.head.sha))[rig.check]).toBe('failure');
    });

    if (options.strangers) {
      /** Whom ours takes the place of; beside ours nobody's counts. */
      const foreign = (state: string) =>
        options.strangers === 'replace' ? { by: rig.stranger!.login, state } : null;

      it.each([
        ['with our key', (now: number) => `${now} spent`],
        ['from the future', () => `${Date.now() + YEAR_MS} whatever`],
        ['with our key, from the future', () => `${Date.now() + YEAR_MS} spent`],
      ])(
        'FORGE-23: somebody else’s success %s is not taken for ours: ours is posted, over theirs, and theirs is named',
        async (what, mark) => {
          const pull = await opened({ 'i.txt': `${what}\n` });
          const now = Date.now();
          const denied = report(rig, pull, { state: 'failure', key: 'spent', evaluatedAt: now });
          await rig.stranger!.post(pull.head.sha, 'success', mark(now));
          expect(value(await rig.forge.report(pull, denied))).toEqual({
            post: 'posted',
            foreign: foreign('success'),
            untold: null,
          });
          expect((await rig.states(pull.head.sha))[rig.check]).toBe('failure');
          expect((await rig.forge.merge(pull)).ok).toBe(false);
          expect(value(await rig.forge.report(pull, denied))).toEqual({ post: 'unchanged', ...QUIET });
          // Posted over ours, it does not last.
          await rig.stranger!.post(pull.head.sha, 'success', mark(now));
          const again = value(await rig.forge.report(pull, denied));
          expect(again.post).toBe(options.strangers === 'replace' ? 'posted' : 'unchanged');
          expect(again.foreign).toEqual(foreign('success'));
          expect((await rig.forge.merge(pull)).ok).toBe(false);
        },
      );

      it('FORGE-25: a comment that begins with our mark is somebody else’s if they wrote it: it stays, and ours stands beside it', async () => {
        const pull = await opened({ 'j.txt': 'j\n' });
        const told = report(rig, pull, { summary: `${COMMENT_MARK}\nDenied`, state: 'failure' });
        const theirs = `${COMMENT_MARK}\n**Allowed**\n<!-- ${told.key} -->`;
        await rig.stranger!.comment(pull.number, theirs);
        expect(value(await rig.forge.report(pull, told)).untold).toBeNull();
        expect(await said(pull.number)).toEqual([`${COMMENT_MARK}\n**Allowed**`, `${COMMENT_MARK}\nDenied`]);
        const later = report(rig, pull, {
          summary: `${COMMENT_MARK}\nAllowed now`,
          key: 'later',
          evaluatedAt: 2_000,
        });
        value(await rig.forge.report(pull, later));
        expect((await said(pull.number)).at(-1)).toBe(`${COMMENT_MARK}\nAllowed now`);
        value(await rig.forge.comment(pull, '<!-- other -->', 'a word'));
        await rig.stranger!.comment(pull.number, '<!-- other -->\ntheirs');
        value(await rig.forge.comment(pull, '<!-- other -->', 'another word'));
        expect(await rig.comments(pull.number)).toHaveLength(4);
        expect((await rig.comments(pull.number))[2]).toBe('<!-- other -->\nanother word');
      });

      it('FORGE-27: ours is found among more of them than a page holds', async () => {
        const pull = await opened({ 'k.txt': 'k\n' });
        const mine = report(rig, pull, { evaluatedAt: 2_000 });
        expect(value(await rig.forge.report(pull, mine))).toMatchObject({ post: 'posted' });
        await rig.stranger!.others(pull.head.sha, 130);
        for (let n = 0; n < 130; n++) await rig.stranger!.comment(pull.number, `${COMMENT_MARK}\n${n}`);
        expect(value(await rig.forge.report(pull, mine))).toEqual({ post: 'unchanged', ...QUIET });
        expect(await rig.comments(pull.number)).toHaveLength(131);
      });
    }

    it('FORGE-10: everything ends with the test', async () => {
      await rig?.close();
      expect(rig).toBeDefined();
    });
  });
}
