import { OUTCOMES, type Outcome } from '../../../src/api/lane.ts';

/** Never colour alone: each outcome has a word and a shape. `more` is set behind the word. */
export function Chip({ outcome, more }: { outcome: Outcome; more?: string | undefined }) {
  const { word, shape, family } = OUTCOMES[outcome];
  return (
    <span className="chip" data-family={family}>
      <span aria-hidden="true">{shape}</span>
      {word}
      {more ? ` ${more}` : ''}
    </span>
  );
}
