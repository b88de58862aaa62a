const MIB = 1 << 20;
/** The longest answer that is read where nobody says how long one may be. */
export const LONGEST_BYTES = 8 * MIB;

/** An answer that is longer than any that is wanted. */
export class TooLong extends Error {
  constructor(longestBytes: number) {
    const most = longestBytes >= MIB ? `${Math.floor(longestBytes / MIB)} MiB` : `${longestBytes} bytes`;
    super(`the answer is longer than ${most}`);
    this.name = 'TooLong';
  }
}

export type Body = AsyncIterable<Uint8Array> | null;

/** The pieces of a body as they come; throws as soon as they are more than `longestBytes`. */
async function* bounded(body: Body, longestBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  // Leaving the loop early ends the connection.
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > longestBytes) throw new TooLong(longestBytes);
    yield chunk;
  }
}

/**
 * The bytes of an answer of others. Throws where they are more than `longestBytes`; the rest of them is not read: whoever
 * answers, or wrote what is answered, must not fill the memory of a server that holds and returns releases.
 */
export async function bytesOf(
  { body }: { readonly body: Body },
  longestBytes: number = LONGEST_BYTES,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounded(body, longestBytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The text of an answer of others, within the same bound. */
export const textOf = async (answer: { readonly body: Body }, longestBytes?: number): Promise<string> =>
  (await bytesOf(answer, longestBytes)).toString('utf8');
