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
  /** Fetches where that is due. It waits for the very first try only. */
  before(): Promise<void>;
  hint(): void;
  readonly refs: RemoteRefs;
}

/** Anchors of ours are left alone: they are pushed, never fetched. */
const BRANCHES = '+refs/heads/*:refs/heads/*';

/** A copy of a repository that lives elsewhere: fetched in the background, so that nothing waits for a slow forge. */
export function remoteCopy(options: RemoteOptions): Remote {
  const { directory, url } = options;
  const env = async () => ({
    GIT_CONFIG_COUNT: '2',
    // The token is for this address alone. Git sends its extra headers to wherever it is redirected, too: it is not.
    GIT_CONFIG_KEY_0: `http.${url}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: ${await options.authorization()}`,
    GIT_CONFIG_KEY_1: 'http.followRedirects',
    GIT_CONFIG_VALUE_1: 'false',
  });
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | null = null;
  let failing = false;
  const there = () => existsSync(join(directory, 'HEAD'));
  // Asked before anything is begun: the folder is made long before it is filled.
  let firstTry = !there();

  /** Git in the copy, which is made first; with the token in its environment. */
  async function inCopy(...args: string[]): Promise<string> {
    if (!there()) {
      mkdirSync(dirname(directory), { recursive: true });
      await git(dirname(directory), ['init', '--quiet', '--bare', directory]);
    }
    return git(directory, args, { env: await env() });
  }

  async function fetch(): Promise<void> {
    await inCopy('fetch', '--quiet', '--prune', url, BRANCHES);
    failing = false;
  }

  function begin(): void {
    fetchedAt = options.now();
    fetching ??= fetch()
      .catch((thrown: unknown) => {
        if (!failing) options.warn({ url, error: messageOf(thrown) }, 'the desired state cannot be fetched');
        failing = true;
      })
      .finally(() => {
        fetching = null;
        firstTry = false;
      });
  }

  return {
    async before() {
      if (options.now() - fetchedAt >= options.pollMs) begin();
      if (firstTry) await fetching;
    },
    hint: () => {
      fetchedAt = Number.NEGATIVE_INFINITY;
    },
    refs: {
      async at(ref) {
        const listed = await inCopy('ls-remote', url, ref);
        return (
          listed
            .split('\n')
            .find((line) => line.endsWith(`\t${ref}`))
            ?.split('\t')[0] ?? null
        );
      },
      take: async (ref, into) => void (await inCopy('fetch', '--quiet', url, `+${ref}:${into}`)),
      push: async (commit, ref) => void (await inCopy('push', '--quiet', url, `${commit}:${ref}`)),
    },
  };
}
