import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../../kit/result.ts';
import { git } from './program.ts';

export interface RemoteOptions {
  /** The bare copy that is kept on this machine. */
  readonly directory: string;
  readonly url: string;
  /** For the HTTP header; never on a command line, where others could read it. */
  authorization(): Promise<string>;
  readonly pollMs: number;
  now(): number;
  warn(details: object, message: string): void;
}

/** Refs of ours where the repository lives. */
export interface RemoteRefs {
  /** The commit that a ref is at there; null: it is not there. */
  at(ref: string): Promise<string | null>;
  /** Brings what a ref holds there to a ref of this copy, in place of what that held. */
  take(ref: string, into: string): Promise<void>;
  /** Refused where it would drop a commit that is there. */
  push(commit: string, ref: string): Promise<void>;
}

export interface Remote {
  /** Fetches when due. Only the very first fetch is waited for. */
  before(): Promise<void>;
  hint(): void;
  readonly refs: RemoteRefs;
}

/** Anchors of ours are left alone: they are pushed, never fetched. */
const BRANCHES = '+refs/heads/*:refs/heads/*';

interface Copy {
  readonly options: RemoteOptions;
  /** When the last fetch was begun, in milliseconds since 1970. */
  fetchedAt: number;
  fetching: Promise<void> | null;
  /** The last fetch failed, and it was said. */
  failing: boolean;
  firstTry: boolean;
}

const isThere = (directory: string): boolean => existsSync(join(directory, 'HEAD'));

async function envOf({ url, authorization }: RemoteOptions): Promise<Readonly<Record<string, string>>> {
  return {
    GIT_CONFIG_COUNT: '2',
    // The token is for this address alone. Git sends its extra headers to wherever it is redirected, too: it is not.
    GIT_CONFIG_KEY_0: `http.${url}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: ${await authorization()}`,
    GIT_CONFIG_KEY_1: 'http.followRedirects',
    GIT_CONFIG_VALUE_1: 'false',
  };
}

/** Git in the copy, which is made first; with the token in its environment. */
async function inCopy(options: RemoteOptions, ...args: string[]): Promise<string> {
  const { directory } = options;
  if (!isThere(directory)) {
    mkdirSync(dirname(directory), { recursive: true });
    await git(dirname(directory), ['init', '--quiet', '--bare', directory]);
  }
  return git(directory, args, { env: await envOf(options) });
}

async function fetch(copy: Copy): Promise<void> {
  const { options } = copy;
  try {
    await inCopy(options, 'fetch', '--quiet', '--prune', options.url, BRANCHES);
    copy.failing = false;
  } catch (thrown) {
    const told = { url: options.url, error: messageOf(thrown) };
    if (!copy.failing) options.warn(told, 'the desired state cannot be fetched');
    copy.failing = true;
  } finally {
    copy.fetching = null;
    copy.firstTry = false;
  }
}

const refsOf = (options: RemoteOptions): RemoteRefs => ({
  async at(ref) {
    const listed = await inCopy(options, 'ls-remote', options.url, ref);
    const line = listed.split('\n').find((one) => one.endsWith(`\t${ref}`));
    return line?.split('\t')[0] ?? null;
  },
  take: async (ref, into) => void (await inCopy(options, 'fetch', '--quiet', options.url, `+${ref}:${into}`)),
  push: async (commit, ref) =>
    void (await inCopy(options, 'push', '--quiet', options.url, `${commit}:${ref}`)),
});

/** A copy of a repository that lives elsewhere: fetched in the background, so that nothing waits for a slow forge. */
export function remoteCopy(options: RemoteOptions): Remote {
  const copy: Copy = {
    options,
    fetchedAt: Number.NEGATIVE_INFINITY,
    fetching: null,
    failing: false,
    // Asked before anything is begun: the folder is made long before it is filled.
    firstTry: !isThere(options.directory),
  };
  return {
    async before() {
      if (options.now() - copy.fetchedAt >= options.pollMs) {
        copy.fetchedAt = options.now();
        copy.fetching ??= fetch(copy);
      }
      if (copy.firstTry) await copy.fetching;
    },
    hint: () => {
      copy.fetchedAt = Number.NEGATIVE_INFINITY;
    },
    refs: refsOf(options),
  };
}
