import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { request } from 'undici';
import { messageOf } from '../kit/result.ts';
import { CliError, EXIT } from './io.ts';

/** What a running server leaves in its work folder, readable by its owner alone. */
export interface ServeFile {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  readonly startedAt: number;
  /** The desired-state repository: the ledger's head is anchored there. */
  readonly repository?: string;
}

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

export interface Client {
  get<T>(path: string): Promise<T>;
  text(path: string): Promise<string>;
  /** The answer line by line, as it comes. */
  lines(path: string): AsyncIterable<string>;
  post<T>(path: string, body: object, key?: string): Promise<T>;
}

const TIMEOUT_MS = 15_000;

interface Asked {
  readonly method?: 'POST';
  readonly body?: string;
  readonly key?: string;
  /** Read as it comes: only a part that does not come is too late. */
  readonly streams?: boolean;
}

interface ProblemBody {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly next?: string;
}

function refusal(status: number, text: string): CliError {
  let body: ProblemBody;
  try {
    body = JSON.parse(text) as ProblemBody;
  } catch {
    body = { title: 'Unexpected answer', status, detail: text.slice(0, 200) };
  }
  const exit = status >= 500 ? EXIT.unreachable : status === 400 ? EXIT.usage : EXIT.no;
  return new CliError(exit, {
    code: `HTTP_${status}`,
    message: `${body.title}: ${body.detail}`,
    ...(body.next ? { next: body.next } : {}),
  });
}

/** The command line as a client of the server that holds the ledger. */
export function clientOf(server: ServeFile): Client {
  const begin = async (path: string, init: Asked = {}) => {
    try {
      return await request(`${server.url}${path}`, {
        method: init.method ?? 'GET',
        // A connection that is kept may be closed by the server just as it is used again, which looks like a failure.
        reset: true,
        headers: {
          authorization: `Bearer ${server.token}`,
          ...(init.body ? { 'content-type': 'application/json' } : {}),
          ...(init.key ? { 'idempotency-key': init.key } : {}),
        },
        ...(init.body ? { body: init.body } : {}),
        ...(init.streams ? { bodyTimeout: TIMEOUT_MS } : { signal: AbortSignal.timeout(TIMEOUT_MS) }),
      });
    } catch (thrown) {
      throw new CliError(EXIT.unreachable, {
        code: 'SERVER_UNREACHABLE',
        message: `the server at ${server.url} does not answer: ${messageOf(thrown)}`,
        next: 'look at its log, or start it again with `sluice serve`',
      });
    }
  };
  const ask = async (path: string, init: Asked = {}): Promise<string> => {
    const answer = await begin(path, init);
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw refusal(answer.statusCode, text);
    return text;
  };
  async function* lines(path: string): AsyncGenerator<string> {
    const answer = await begin(path, { streams: true });
    if (answer.statusCode >= 400) throw refusal(answer.statusCode, await answer.body.text());
    for await (const line of createInterface({ input: answer.body, crlfDelay: Number.POSITIVE_INFINITY }))
      if (line !== '') yield line;
  }
  return {
    get: async <T>(path: string) => JSON.parse(await ask(path)) as T,
    text: (path) => ask(path),
    lines,
    post: async <T>(path: string, body: object, key?: string) =>
      JSON.parse(
        await ask(path, { method: 'POST', body: JSON.stringify(body), ...(key ? { key } : {}) }),
      ) as T,
  };
}

export function needServer(work: string): Client {
  const server = runningServer(work);
  if (!server)
    throw new CliError(EXIT.unreachable, {
      code: 'NO_SERVER',
      message: `no server runs in ${work}`,
      next: 'start one with `sluice serve`, or name its folder with --work',
    });
  return clientOf(server);
}
