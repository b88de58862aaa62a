import { DOCUMENTS, type Gets, type LinesPath, type Posts } from '../api/client/operations.ts';

/** What an operation is given beside its path: parameters, a query, a body. */
type Given<O> = Omit<O, 'answer'>;
type Arguments<O> = Record<never, never> extends Given<O> ? [given?: Given<O>] : [given: Given<O>];

/** Read as text, by whoever passes it on: these need no parameters. */
export type PlainPath = '/metrics' | '/readyz' | '/api/v1/overview' | '/api/v1/pipeline';

/** The API of a server, as it describes itself. */
export interface Client {
  get<P extends keyof Gets>(path: P, ...given: Arguments<Gets[P]>): Promise<Gets[P]['answer']>;
  text(path: PlainPath): Promise<string>;
  /** The answer line by line, as it comes. */
  lines(path: LinesPath): AsyncIterable<string>;
  /** An order: known by a key of its own, and given once more where its answer is lost. */
  post<P extends keyof Posts>(path: P, ...given: Arguments<Posts[P]>): Promise<Posts[P]['answer']>;
}

/** The same, whatever the operation is. */
export interface AnyGiven {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
}

/** Where an operation is asked: names in its path are filled in, and what is not said is left out of the query. */
export function addressOf(path: string, { params = {}, query = {} }: AnyGiven = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
  return asked.size > 0 ? `${filled}?${asked}` : filled;
}

/** How the answer of an operation names itself. */
export const documentNamed = (method: keyof typeof DOCUMENTS, path: string): string | undefined =>
  (DOCUMENTS[method] as Readonly<Record<string, string>>)[path];
