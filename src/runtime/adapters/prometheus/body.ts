import type { Dispatcher } from 'undici';

/** The longest answer that is read: a hundred times that of a thousand services with an hour of samples each. */
const LONGEST_BYTES = 64 << 20;

/** The text of an answer. Throws where it is longer than any of a Prometheus; the rest of it is not read. */
export async function textOf({ body }: Pick<Dispatcher.ResponseData, 'body'>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early ends the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_BYTES) throw new Error(`the answer is longer than ${LONGEST_BYTES >> 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
