import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { inputOf } from './mutate.ts';
import { PARSERS, polluted } from './parsers.ts';

/** What a thread is asked: a parser, and which of its inputs. */
export interface FuzzJob {
  readonly parser: string;
  readonly from: number;
  readonly count: number;
  /** Where the number of the input that is being read is kept: one that hangs or ends the thread is known by it. */
  readonly at: SharedArrayBuffer;
}

/** An input that was not answered as it must be. */
export interface Finding {
  readonly number: number;
  readonly why: string;
}

const CORPORA = join(import.meta.dirname, 'corpora');
const MOST_FINDINGS = 5;

export const corpusOf = (parser: string): string[] =>
  readdirSync(join(CORPORA, parser))
    .sort()
    .map((file) => readFileSync(join(CORPORA, parser, file), 'utf8'));

async function run({ parser, from, count, at }: FuzzJob): Promise<Finding[]> {
  const { read } = PARSERS.find(({ name }) => name === parser)!;
  const corpus = corpusOf(parser);
  const place = new Int32Array(at);
  const findings: Finding[] = [];
  for (let number = from; number < from + count && findings.length < MOST_FINDINGS; number++) {
    Atomics.store(place, 0, number);
    try {
      await read(inputOf(corpus, number));
    } catch (thrown) {
      findings.push({
        number,
        why: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
      });
    }
    const why = polluted();
    if (why !== null) return [...findings, { number, why }];
  }
  return findings;
}

if (parentPort !== null) parentPort.postMessage(await run(workerData as FuzzJob));
