import { type Body, LONGEST_BYTES, TooLong } from './answer.ts';

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

/**
 * The lines of a text that comes in pieces, each once it has ended; returns what is left, which has no end. Only a line
 * feed ends one, after a carriage return or not: readers of lines in Node end them at U+2028 and U+2029, too, which JSON
 * leaves as they are within a text, so that a record with one would come in two halves. Throws at one of more than
 * `longest` characters.
 */
async function* endedLines(
  pieces: AsyncIterable<string | Uint8Array>,
  longest = Number.POSITIVE_INFINITY,
): AsyncGenerator<string, string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const lines = (typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true })).split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    if (rest.length > longest) throw new TooLong(longest);
    for (const line of lines) yield withoutReturn(line);
  }
  return rest + decoder.decode();
}

/** The lines of a text, the last of which may have no end. */
export async function* linesOf(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const rest = yield* endedLines(pieces);
  if (rest !== '') yield withoutReturn(rest);
}

/**
 * The lines of an answer that does not end, without those that are empty; throws at one that is too long. What is cut
 * off in the middle of a line is no line.
 */
export async function* streamedLines(
  { body }: { readonly body: Body },
  longestBytes: number = LONGEST_BYTES,
): AsyncGenerator<string> {
  if (body) for await (const line of endedLines(body, longestBytes)) if (line !== '') yield line;
}
