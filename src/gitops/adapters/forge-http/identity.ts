import { ok } from '../../../kit/result.ts';
import type { Author, ForgeResult } from '../../forge.ts';

/** Our identity on a forge. */
export interface Identity {
  /** Null: the forge does not say, and nothing was posted yet from whose answer it could be learned. */
  me(): ForgeResult<Author | null>;
  /** The author that the forge names in its answer to a post of ours. */
  learn(author: Author | null | undefined): void;
}

/** A token that may not ask is not asked again. */
const NEVER: readonly string[] = ['FORBIDDEN', 'NOT_FOUND', 'INVALID'];

/**
 * Asked once of the forge. Some tokens may not ask (one that a workflow runs with, one that is limited to a
 * repository): those learn it from the answer to their first post.
 */
export function identityOf(ask: () => ForgeResult<Author>): Identity {
  let known: Author | null = null;
  let refused = false;
  return {
    async me() {
      if (known || refused) return ok(known);
      const answer = await ask();
      if (answer.ok) known = answer.value;
      else if (NEVER.includes(answer.error.code)) refused = true;
      else return answer;
      return ok(known);
    },
    learn(author) {
      if (author) known ??= author;
    },
  };
}

/** By number where that is known: names change hands. */
export const isSame = (author: Author | null | undefined, me: Author | null): boolean => {
  if (!author || !me) return false;
  return me.id !== null && author.id !== null
    ? me.id === author.id
    : me.login.toLowerCase() === author.login.toLowerCase();
};
