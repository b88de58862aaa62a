import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { z } from 'zod';
import { wellFormed } from '../../../kit/json.ts';
import { fail, ok, type Result } from '../../../kit/result.ts';
import type { ForgeFailure, ForgeResult } from '../../forge.ts';
import { A_PAGE, failureOf, isPage, retrying, unavailable } from '../forge-http/calls.ts';

export type GithubAuth =
  | { readonly token: string }
  | { readonly appId: number; readonly installation: number; readonly privateKey: string };

export interface GithubAccess {
  readonly address: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly auth: GithubAuth;
  readonly timeoutMs?: number;
  readonly retryMs?: number;
  /** For tests: another way to reach the address. */
  readonly fetch?: typeof fetch;
}

/** Calls of one repository on GitHub: an answer that is not as documented counts as none. */
export interface GithubApi {
  readonly owner: string;
  readonly repo: string;
  once<T>(route: string, parameters: object, schema: z.ZodType<T>): ForgeResult<T>;
  /** A read, tried again where there was no answer. */
  get<T>(route: string, parameters: object, schema: z.ZodType<T>): ForgeResult<T>;
  /** All pages of a list, up to a bound, or up to the page on which `found` sees what was looked for. */
  all<T>(
    route: string,
    parameters: object,
    schema: z.ZodType<T>,
    most: number,
    found?: (items: readonly T[]) => boolean,
  ): ForgeResult<T[]>;
  retry<T>(operation: () => ForgeResult<T>): ForgeResult<T>;
}

const TIMEOUT_MS = 10_000;
const PAGE = 100;
const NO_CONTENT = 204;
const NOT_AS_DOCUMENTED = 'the answer is not as documented';
const API_VERSION = '2022-11-28';

interface RequestFailure {
  readonly status?: number;
  readonly message?: string;
  readonly response?: { readonly headers?: Record<string, unknown> };
}

function failed(what: string, thrown: unknown): Result<never, ForgeFailure> {
  const { status, message, response } = thrown as RequestFailure;
  return status !== undefined && status >= 400
    ? fail(failureOf(status, `${what}: ${message ?? status}`, response?.headers ?? {}))
    : unavailable(what, thrown);
}

async function connect({ auth, address, timeoutMs = TIMEOUT_MS, fetch }: GithubAccess) {
  const signIn =
    'appId' in auth
      ? {
          authStrategy: (await import('@octokit/auth-app')).createAppAuth,
          auth: { appId: auth.appId, installationId: auth.installation, privateKey: auth.privateKey },
        }
      : { auth: auth.token };
  const quiet = () => {};
  const Paged = Octokit.plugin(paginateRest);
  const client = new Paged({
    ...signIn,
    baseUrl: address,
    userAgent: 'sluice',
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    request: fetch ? { fetch } : {},
  });
  // Of every request: the pages of a list and the token of an App are asked for by plugins, which pass on no signal.
  client.hook.before('request', (options) => {
    options.request = { ...options.request, signal: AbortSignal.timeout(timeoutMs) };
  });
  // What is no JSON is given as its text, and what ended in its middle as an empty one: of a list, the plugin would make
  // an empty list of that.
  client.hook.after('request', ({ status, headers, data }) => {
    if (isPage(headers)) throw new Error(A_PAGE);
    if (typeof data === 'string' && status !== NO_CONTENT) throw new Error(NOT_AS_DOCUMENTED);
  });
  return client;
}

type Client = Awaited<ReturnType<typeof connect>>;

/** One repository, and the client that is made when it is first needed. */
interface Repository {
  readonly owner: string;
  readonly repo: string;
  client(): Promise<Client>;
}

const parametersOf = ({ owner, repo }: Repository, route: string, parameters: object) => ({
  ...(route.includes('{owner}') ? { owner, repo } : {}),
  headers: { 'x-github-api-version': API_VERSION },
  ...parameters,
});

async function ask<T>(
  repository: Repository,
  route: string,
  parameters: object,
  schema: z.ZodType<T>,
): ForgeResult<T> {
  try {
    const client = await repository.client();
    const answer = await client.request(route, parametersOf(repository, route, parameters));
    const parsed = schema.safeParse(wellFormed(answer.data));
    return parsed.success ? ok(parsed.data) : unavailable(route, NOT_AS_DOCUMENTED);
  } catch (thrown) {
    return failed(route, thrown);
  }
}

async function askAll<T>(
  repository: Repository,
  route: string,
  parameters: object,
  schema: z.ZodType<T>,
  most: number,
  found: (items: readonly T[]) => boolean,
): ForgeResult<T[]> {
  try {
    const items: T[] = [];
    const { paginate } = await repository.client();
    const asked = parametersOf(repository, route, { per_page: PAGE, ...parameters });
    for await (const { data } of paginate.iterator(route as never, asked as never)) {
      const parsed = z.array(schema).safeParse(wellFormed(data));
      if (!parsed.success) return unavailable(route, NOT_AS_DOCUMENTED);
      items.push(...parsed.data);
      if (items.length >= most || found(parsed.data)) break;
    }
    return ok(items.slice(0, most));
  } catch (thrown) {
    return failed(route, thrown);
  }
}

export function githubApi(access: GithubAccess): GithubApi {
  const [owner, repo] = access.repository.split('/') as [string, string];
  let made: ReturnType<typeof connect> | null = null;
  const client = () => {
    made ??= connect(access);
    return made;
  };
  const repository: Repository = { owner, repo, client };
  const once: GithubApi['once'] = (route, parameters, schema) => ask(repository, route, parameters, schema);
  const retry: GithubApi['retry'] = (operation) => retrying(operation, access.retryMs);
  return {
    owner,
    repo,
    once,
    retry,
    get: (route, parameters, schema) => retry(() => once(route, parameters, schema)),
    all: (route, parameters, schema, most, found = () => false) =>
      retry(() => askAll(repository, route, parameters, schema, most, found)),
  };
}
