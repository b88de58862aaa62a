import { distance } from 'fastest-levenshtein';

/** Nobody mistypes a longer name, and comparing takes the product of both lengths. */
const LONGEST_WORD = 100;

/** How many letters differ between two words, whatever their case. */
const editDistance = (a: string, b: string): number => distance(a.toLowerCase(), b.toLowerCase());

/** The candidate that was probably meant, by the letters that differ whatever their case; undefined: none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const reach = Math.max(2, Math.floor(word.length / 2));
  const ranked = candidates
    .filter((candidate) => Math.abs(candidate.length - word.length) <= reach)
    .map((candidate) => ({ candidate, far: editDistance(word, candidate) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best && best.far <= reach ? best.candidate : undefined;
}

/** What to say to somebody who named what is not there: the one that was probably meant, else all that there are. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  if (near !== undefined) return `did you mean "${near}"?`;
  return candidates.length > 0 ? `known: ${candidates.join(', ')}` : 'there are none';
}

/** The candidate that is one slip of the fingers away; names that differ by their numbers alone are meant to differ. */
export function slipOf(word: string, candidates: readonly string[]): string | undefined {
  const letters = (text: string) => text.replace(/\d+/g, '#');
  const reach = Math.min(2, word.length / 4);
  return candidates.find(
    (one) =>
      Math.abs(one.length - word.length) <= reach &&
      letters(one) !== letters(word) &&
      distance(one, word) <= reach,
  );
}
