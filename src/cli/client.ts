import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Gets, Posts } from '../api/client/operations.ts';
import { linesOf } from '../io/lines.ts';
import { parseForeign } from '../kit/json.ts';
import { messageOf } from '../kit/result.ts';
import { type AnyGiven, addressOf, type Client, documentNamed } from './api.ts';
import { CliError, EXIT } from './io.ts';
import { remoteAt, type ServerAddress } from './server-address.ts';

/** What a running server leaves in its work folder, readable by its owner alone. */
export interface ServeFile {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  readonly startedAt: number;
  /** The desired-state repository: the ledger's head is anchored there. */
  readonly repository?: string;
}

/** A server that commands ask: on this machine, or elsewhere. */
interface Server {
  readonly url: string;
  /** Null: it is asked without one. */
  readonly token: string | null;
  /** When the sign-in at it ended, in milliseconds since 1970. */
  readonly signInEnded?: number | null;
  /** The desired-state repository, where that is on this machine. */
  readonly repository?: string;
}

/** Where the server of a work folder says that it runs. */
export const serveFile = (work: string): string => join(work, 'serve.json');

/** The server of a work folder, if one runs. */
export function runningServer(work: string): ServeFile | undefined {
  const file = serveFile(work);
  if (!existsSync(file)) return undefined;
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as ServeFile;
    process.kill(found.pid, 0);
    return found;
  } catch {
    return undefined;
  }
}

/** The server of a place, if there is one: one elsewhere is taken to be there. */
export const serverAt = (place: ServerAddress): Server | undefined =>
  remoteAt(place) ?? runningServer(place.work);

const TIMEOUT_MS = 15_000;

interface Asked {
  readonly method?: 'POST';
  readonly body?: string;
  readonly key?: string;
  /** Read as it comes: only a part that does not come is too late. */
  readonly streams?: boolean;
}

/** How somebody whom a server does not know becomes somebody. */
const signInAt = (url: string): string =>
  `sign in with sluice login --server ${url}, or put a token of that server into SLUICE_TOKEN`;

/** Whoever answers there is something else, or something before the server: nothing was said about what was asked. */
const notOurs = (what: string): CliError =>
  new CliError(EXIT.unreachable, {
    code: 'NOT_A_SERVER',
    message: `the address ${what}`,
    next: 'check the address and any proxy in front of the server',
  });

/** What an answer says that it is: every document of ours names its schema. */
const nameOf = (document: unknown): string =>
  typeof document === 'object' && document !== null && 'schema' in document ? String(document.schema) : '';

/** The document of an answer, which names itself as its operation says. */
function documentOf<T>(text: string, expected: string | undefined): T {
  let document: unknown;
  try {
    document = parseForeign(text);
  } catch {
    throw notOurs('answered with something other than JSON');
  }
  const name = nameOf(document);
  if (!name.startsWith('sluice.dev/')) throw notOurs("answered with what is no answer of Sluice's");
  if (name !== expected)
    throw new CliError(EXIT.unreachable, {
      code: 'OTHER_API',
      message: `the server answered with ${name}, and this version reads ${expected}`,
      next: 'use the command line of the version of the server; /openapi.json of the server describes its API',
    });
  return document as T;
}

/** What helps where the server itself does not say it. */
const NEXT_BY_STATUS: Readonly<Record<number, string>> = {
  403: 'ask for a token with the right to it',
  404: 'see sluice status for what there is',
  409: 'see sluice status for its current state, and run the command again',
};

const problemSchema = z.looseObject({
  title: z.string(),
  detail: z.string().default(''),
  next: z.string().optional(),
});

function problemIn(text: string): z.infer<typeof problemSchema> | null {
  try {
    return problemSchema.safeParse(parseForeign(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Who asked is not known: a token is wanted, or another one. */
function unauthorized({ url, token, signInEnded }: Server, why: string): CliError {
  const ended = signInEnded ? `the sign-in at ${url} ended at ${new Date(signInEnded).toISOString()}; ` : '';
  const refused = token === null ? '' : 'the server does not accept this token; ';
  return new CliError(EXIT.no, {
    code: 'HTTP_401',
    message: `Unauthorized: ${ended}${refused}${why}`,
    next: signInAt(url),
  });
}

function refusal(server: Server, status: number, text: string): CliError {
  const body = problemIn(text);
  if (!body) return notOurs(`answered ${status} with what is no answer of Sluice's`);
  if (status === 401) return unauthorized(server, body.detail);
  const exit = status >= 500 ? EXIT.unreachable : status === 400 ? EXIT.usage : EXIT.no;
  return new CliError(exit, {
    code: `HTTP_${status}`,
    message: `${body.title}: ${body.detail}`,
    next: body.next ?? NEXT_BY_STATUS[status] ?? 'see the log of the server',
  });
}

/** It is late, or it is away. */
function unreachable(url: string, thrown: unknown): CliError {
  if (thrown instanceof CliError) return thrown;
  const late =
    thrown instanceof Error && /^(TimeoutError|BodyTimeoutError|HeadersTimeoutError)$/.test(thrown.name);
  const told = late
    ? new CliError(EXIT.unreachable, {
        code: 'SERVER_TIMEOUT',
        message: `the server at ${url} did not answer within ${TIMEOUT_MS / 1_000} s`,
        next: 'ask again; if it stays so, see its log and /readyz: what was asked may be done all the same',
      })
    : new CliError(EXIT.unreachable, {
        code: 'SERVER_UNREACHABLE',
        message: `the server at ${url} does not answer: ${messageOf(thrown)}`,
        next: 'check its address and its log; on this machine, start it with `sluice serve`',
      });
  return Object.assign(told, { cause: thrown });
}

/** Nobody was there to be asked: nothing was carried out, and asking again would not help. */
const NOBODY = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'];

/** The question may have arrived, and its answer did not. */
const isLost = (thrown: unknown): boolean =>
  thrown instanceof CliError &&
  ['SERVER_UNREACHABLE', 'SERVER_TIMEOUT'].includes(thrown.failure.code) &&
  !NOBODY.includes((thrown.cause as { code?: string } | undefined)?.code ?? '');

/** The command line as a client of the server that holds the ledger. */
export function clientOf(server: Server, timeoutMs: number = TIMEOUT_MS): Client {
  const begin = async (path: string, init: Asked = {}) => {
    try {
      // Loaded here: most of what a gate without a server would cost is this client.
      const { request } = await import('undici');
      return await request(`${server.url}${path}`, {
        method: init.method ?? 'GET',
        // A connection that is kept may be closed by the server just as it is used again, which looks like a failure.
        reset: true,
        headers: {
          ...(server.token ? { authorization: `Bearer ${server.token}` } : {}),
          ...(init.body ? { 'content-type': 'application/json' } : {}),
          ...(init.key ? { 'idempotency-key': init.key } : {}),
        },
        ...(init.body ? { body: init.body } : {}),
        ...(init.streams ? { bodyTimeout: timeoutMs } : { signal: AbortSignal.timeout(timeoutMs) }),
      });
    } catch (thrown) {
      throw unreachable(server.url, thrown);
    }
  };
  /** A body that breaks off, or does not come, is no fault of ours either. */
  const whole = (answer: Awaited<ReturnType<typeof begin>>): Promise<string> =>
    answer.body.text().catch((thrown: unknown) => {
      throw unreachable(server.url, thrown);
    });
  const ask = async (path: string, init: Asked = {}): Promise<string> => {
    const answer = await begin(path, init);
    const text = await whole(answer);
    if (answer.statusCode >= 400) throw refusal(server, answer.statusCode, text);
    return text;
  };
  async function* lines(path: string): AsyncGenerator<string> {
    const answer = await begin(path, { streams: true });
    if (answer.statusCode >= 400) throw refusal(server, answer.statusCode, await whole(answer));
    if (!String(answer.headers['content-type']).startsWith('application/x-ndjson'))
      throw notOurs("answered with what is no export of Sluice's");
    try {
      for await (const line of linesOf(answer.body)) if (line !== '') yield line;
    } catch (thrown) {
      throw unreachable(server.url, thrown);
    }
  }
  return {
    get: async (path: keyof Gets, given?: AnyGiven) =>
      documentOf(await ask(addressOf(path, given)), documentNamed('GET', path)),
    text: (path) => ask(path),
    lines,
    post: async (path: keyof Posts, given?: AnyGiven) => {
      const order = { method: 'POST', body: JSON.stringify(given?.body ?? {}), key: randomUUID() } as const;
      const once = () => ask(addressOf(path, given), order);
      // It may have been carried out: under its key it is not carried out twice.
      const text = await once().catch((thrown) => (isLost(thrown) ? once() : Promise.reject(thrown)));
      return documentOf(text, documentNamed('POST', path));
    },
  };
}

export function needServer(place: ServerAddress): Client {
  const server = serverAt(place);
  if (!server)
    throw new CliError(EXIT.unreachable, {
      code: 'NO_SERVER',
      message: `no server runs in ${place.work}`,
      next: 'start one with `sluice serve`, or name its folder with --work or its address with --server; sluice login signs in at one elsewhere',
    });
  return clientOf(server);
}
