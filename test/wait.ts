/** Waits for a condition, looking often; the error says what was waited for. Never a bare sleep. */
export async function until<T>(
  what: string,
  limitMs: number,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  everyMs = 50,
): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + limitMs; Date.now() < end; ) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(
    `${what}: not within ${limitMs} ms${last ? ` (${last instanceof Error ? last.message : String(last)})` : ''}`,
  );
}
