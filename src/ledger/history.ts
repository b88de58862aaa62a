import type { LedgerRecord, Verification } from './record.ts';

/** One of several, each looked up by its own index: there should be few. */
export interface AnyOf {
  readonly subjects?: readonly string[];
  /** What the subject begins with. */
  readonly prefixes?: readonly string[];
  readonly types?: readonly string[];
}

/** Which records of the past are asked for; all conditions hold together. */
export interface HistoryQuery {
  readonly limit: number;
  /** Oldest first, after this seq; without it newest first. */
  readonly after?: number | undefined;
  /** Only records before this seq. */
  readonly before?: number | undefined;
  readonly subject?: string | undefined;
  readonly type?: string | undefined;
  readonly anyOf?: AnyOf | undefined;
  readonly exceptTypes?: readonly string[] | undefined;
  /** The time of the record, both ends included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** The past as people ask for it: by index, on a connection of its own, off the thread that decides where it can. */
export interface History {
  /** The stored texts, exactly as written. */
  page(query: HistoryQuery): Promise<readonly string[]>;
  /** Walks the whole chain. Asked while one is under way, that one's result is given. */
  verify(): Promise<Verification>;
  close(): Promise<void>;
}

const CHUNK = 500;

/** The number that a stored text says it has; 0: it is no record. */
function seqIn(text: string): number {
  try {
    return Number((JSON.parse(text) as LedgerRecord | null)?.seq) || 0;
  } catch {
    return 0;
  }
}

/** Every text, oldest first, chunk by chunk: whoever reads slowly holds up nobody, and no more than a chunk is held. */
export async function* chunksOf(history: History, chunk = CHUNK): AsyncGenerator<readonly string[]> {
  for (let after = 0; ; ) {
    const texts = await history.page({ after, limit: chunk });
    if (texts.length > 0) yield texts;
    const last = texts.at(-1);
    if (texts.length < chunk || last === undefined) return;
    // Whatever somebody made of a text, the next chunk begins after this one.
    after = Math.max(seqIn(last), after + texts.length);
  }
}

/** One at a time: whoever asks meanwhile is given the same answer. */
export function singleFlight<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () => {
    running ??= work().finally(() => {
      running = null;
    });
    return running;
  };
}
