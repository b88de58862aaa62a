import type { Dispatcher } from 'undici';

/** The longest answer that is read: an hour of samples of the services of a whole company, three times over. */
const LONGEST_BYTES = 256 << 20;

/** The text of an answer. Throws where it is longer than any of a Prometheus; the rest of it is not read. */
export async function textOf(
  { body }: Pick<Dispatcher.ResponseData, 'body'>,
  longestBytes = LONGEST_BYTES,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early ends the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > longestBytes) throw new Error(`the answer is longer than ${longestBytes >> 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
