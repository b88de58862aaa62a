import { distance } from 'fastest-levenshtein';

/** Nobody mistypes a longer name, and comparing takes the product of both lengths. */
const LONGEST_WORD = 100;

/** What differs in more letters is another name, however long it is. */
const MOST = 4;

const inOrder = (word: string): string => [...word].sort().join('');

/** How many letters differ between two words, whatever their case; two that changed places count as one. */
function editDistance(a: string, b: string): number {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  const far = distance(one, other);
  return far === 2 && inOrder(one) === inOrder(other) ? 1 : far;
}

/** In how many letters a word may differ from what was meant: a third of it, and of a short one a letter or two. */
const reachOf = ({ length }: string): number =>
  length <= 3 ? 1 : Math.min(MOST, Math.max(2, Math.floor(length / 3)));

/** The candidate that was probably meant, by the letters that differ whatever their case; undefined: none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // Nothing is near to nothing, and another number is no slip of the fingers.
  if (word.length > LONGEST_WORD || /^\d*$/.test(word)) return undefined;
  const reach = reachOf(word);
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
