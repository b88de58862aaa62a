/** What somebody said holds for so long, and that they do not answer for so long. */
const KEPT_MS = 60 * 60_000;
const FAILURE_KEPT_MS = 5_000;

/** Asks others seldom, and once at a time: however often a stranger makes us ask, they are not flooded by us. */
export function seldom<T>(ask: () => Promise<T>, now: () => number): () => Promise<T> {
  let kept: { readonly answer: Promise<T>; until: number } | null = null;
  return () => {
    if (kept && now() < kept.until) return kept.answer;
    const asked = { answer: ask(), until: now() + KEPT_MS };
    kept = asked;
    asked.answer.catch(() => {
      asked.until = Math.min(asked.until, now() + FAILURE_KEPT_MS);
    });
    return asked.answer;
  };
}
