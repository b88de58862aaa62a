import { request } from 'undici';
import type { z } from 'zod';
import { TooLong, textOf } from '../../../io/answer.ts';
import { parseForeign } from '../../../kit/json.ts';
import { fail, ok, type Result } from '../../../kit/result.ts';
import type { Author, ForgeFailure, ForgeResult } from '../../forge.ts';
import { A_PAGE, failureOf, isPage, retrying, unavailable } from '../forge-http/calls.ts';
import { messageSchema, userSchema } from './schemas.ts';

export interface GiteaAccess {
  readonly address: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly token: string;
  readonly timeoutMs?: number;
  readonly retryMs?: number;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Calls of one repository on a Gitea: an answer that is not as documented counts as none. */
export interface GiteaApi {
  once<T>(method: Method, path: string, schema: z.ZodType<T>, body?: object): ForgeResult<T>;
  /** A read, tried again where there was no answer. */
  get<T>(path: string, schema: z.ZodType<T>): ForgeResult<T>;
  /** A text, such as a file; null: it is longer than so many bytes. */
  text(path: string, most: number): ForgeResult<string | null>;
  /** All pages of a list, up to a bound; `all`: there are no more. */
  pages<T>(path: string, schema: z.ZodType<T[]>, most: number): ForgeResult<{ items: T[]; all: boolean }>;
  /** Whose token it is. */
  user(): ForgeResult<Author>;
  retry<T>(operation: () => ForgeResult<T>, attempts?: number): ForgeResult<T>;
}

const TIMEOUT_MS = 10_000;
const PAGE = 50;
/** A page of pull requests, whose texts people write as long as they like. */
const LONGEST_ANSWER = 64 << 20;
const MAX_PAGES = 200;

interface Answer<T> {
  readonly value: T;
  /** How many items the whole list has, where it is one. */
  readonly total: number | null;
}

/** JSON, or nothing where it is none: an answer may be half of one. */
function safely(text: string): unknown {
  if (text === '') return null;
  try {
    return parseForeign(text);
  } catch {
    return undefined;
  }
}

/** A path as part of an address: its slashes stay. */
export const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

const rootOf = ({ address }: GiteaAccess): string => `${address}/api/v1`;
const oursOf = (access: GiteaAccess): string => `${rootOf(access)}/repos/${access.repository}`;

/** What is asked, without the address and the repository: for people. */
function nameOf(access: GiteaAccess, method: Method, url: string): string {
  const known = url.startsWith(oursOf(access)) ? oursOf(access) : rootOf(access);
  return `${method} ${url.slice(known.length).split('?')[0]}`;
}

interface Asked {
  readonly method: Method;
  readonly url: string;
  readonly body?: object | undefined;
  /** In bytes: a longer answer is not read to its end. */
  readonly most?: number;
}

type Headers = Awaited<ReturnType<typeof request>>['headers'];

async function ask(
  access: GiteaAccess,
  { method, url, body, most }: Asked,
): Promise<Result<{ readonly text: string | null; readonly headers: Headers }, ForgeFailure>> {
  const what = nameOf(access, method, url);
  try {
    const answer = await request(url, {
      method,
      headers: {
        authorization: `token ${access.token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(access.timeoutMs ?? TIMEOUT_MS),
    });
    const text = await textOf(answer, most ?? LONGEST_ANSWER).catch((thrown: unknown) => {
      if (thrown instanceof TooLong && most !== undefined) return null;
      throw thrown;
    });
    if (answer.statusCode >= 300) {
      const said = messageSchema.safeParse(safely(text ?? ''));
      const message = `${what}: ${said.success ? said.data.message : answer.statusCode}`;
      return fail(failureOf(answer.statusCode, message, answer.headers));
    }
    return isPage(answer.headers) ? unavailable(what, A_PAGE) : ok({ text, headers: answer.headers });
  } catch (thrown) {
    // Asked again it would be as long.
    if (thrown instanceof TooLong) return fail({ code: 'INVALID', message: `${what}: ${thrown.message}` });
    return unavailable(what, thrown);
  }
}

async function call<T>(
  access: GiteaAccess,
  method: Method,
  url: string,
  schema: z.ZodType<T>,
  body?: object,
): Promise<Result<Answer<T>, ForgeFailure>> {
  const answer = await ask(access, { method, url, body });
  if (!answer.ok) return answer;
  const said = safely(answer.value.text ?? '');
  const parsed = schema.safeParse(said);
  // Half an answer to what only has to be done says nothing about whether it was.
  if (said === undefined || !parsed.success)
    return unavailable(nameOf(access, method, url), 'the answer is not as documented');
  const total = Number(answer.value.headers['x-total-count'] ?? Number.NaN);
  return ok({ value: parsed.data, total: Number.isInteger(total) ? total : null });
}

async function pagesOf<T>(
  access: GiteaAccess,
  path: string,
  schema: z.ZodType<T[]>,
  most: number,
): ForgeResult<{ items: T[]; all: boolean }> {
  const items: T[] = [];
  const join = path.includes('?') ? '&' : '?';
  for (let page = 1; page <= MAX_PAGES; page++) {
    const url = `${oursOf(access)}${path}${join}page=${page}&limit=${PAGE}`;
    const answer = await retrying(() => call(access, 'GET', url, schema), access.retryMs);
    if (!answer.ok) return answer;
    const { value, total } = answer.value;
    items.push(...value);
    if (items.length > most) return ok({ items: items.slice(0, most), all: false });
    // A server may give shorter pages than were asked for: only its own count, or an empty page, ends a list.
    if (value.length === 0 || (total !== null && items.length >= total)) return ok({ items, all: true });
  }
  return ok({ items, all: false });
}

export function giteaApi(access: GiteaAccess): GiteaApi {
  const once: GiteaApi['once'] = async (method, path, schema, body) => {
    const answer = await call(access, method, `${oursOf(access)}${path}`, schema, body);
    return answer.ok ? ok(answer.value.value) : answer;
  };
  const retry: GiteaApi['retry'] = (operation, attempts) => retrying(operation, access.retryMs, attempts);
  return {
    once,
    retry,
    get: (path, schema) => retry(() => once('GET', path, schema)),
    text: (path, most) =>
      retry(async () => {
        const answer = await ask(access, { method: 'GET', url: `${oursOf(access)}${path}`, most });
        return answer.ok ? ok(answer.value.text) : answer;
      }),
    pages: (path, schema, most) => pagesOf(access, path, schema, most),
    async user() {
      const answer = await call(access, 'GET', `${rootOf(access)}/user`, userSchema);
      return answer.ok ? ok(answer.value.value) : answer;
    },
  };
}
