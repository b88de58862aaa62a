import { gitopsEntry } from '../../gitops/events.ts';
import type { ForgeFailure, PullRequest } from '../../gitops/forge.ts';
import { backoffOf } from '../../gitops/forge-backoff.ts';
import { failureBody, OUTCOME_MARK } from '../../gitops/pull-request-text.ts';
import type { Backoff } from '../../kit/backoff.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { Ms } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { Runner } from '../flow/runner.ts';
import { type Handler, Refused } from '../flow/types.ts';
import { answered, FORGE_PATIENCE, forgeCall } from '../forge-call.ts';
import {
  COMPARE,
  type CompareTarget,
  type Comparison,
  MERGE,
  type MergeTarget,
  PROPOSE,
  type ProposeTarget,
  READ,
  type ReadTarget,
  TELL,
  type TellTarget,
  WITHDRAW,
  type WithdrawTarget,
} from './planner.ts';
import { compare, type Proposed, type ProposingParts, propose, proposedEntries } from './proposing.ts';

/** Receives what is learnt about our pull requests. */
export interface LearntBy {
  read(number: number, pull: PullRequest): void;
  compared(number: number, comparison: Comparison, head: string): void;
  written(pull: PullRequest): void;
  merged(number: number): void;
  conflict(number: number): void;
}

interface PromotionHandlers extends ProposingParts {
  readonly journal: Journal;
  now(): Ms;
  readonly learnt: LearntBy;
}

/** When a plan without changes is tried again, unless another commit arrives before. */
const NOTHING_MS = 60_000;

const CALL = forgeCall(FORGE_PATIENCE, ({ code }) => backoffOf({ code: code as ForgeFailure['code'] }));

/** What a forge tells may be older than what was written there a moment ago. */
const AGAIN: Backoff = { firstMs: 5_000, longestMs: 300_000 };

const reading = <T, R>(
  apply: (target: T) => Promise<R>,
  settled: (target: T, result: R) => void | Promise<void>,
): Handler<T, R> => ({
  ...CALL,
  apply: async ({ target }) => ({ done: await apply(target) }),
  settled: ({ target }, result) => settled(target, result),
});

/** Reads our pull requests and compares them with the files that they change. */
function handleReading(handle: Runner['handle'], parts: PromotionHandlers): void {
  const { forge, learnt } = parts;
  handle(
    READ,
    reading<ReadTarget, PullRequest>(
      ({ number }) => answered(() => forge.pull(number)),
      ({ number }, pull) => learnt.read(number, pull),
    ),
  );
  handle(
    COMPARE,
    reading<CompareTarget, Comparison>(
      (target) => compare(parts, target),
      ({ kept, pull }, comparison) => learnt.compared(kept.number, comparison, pull.head.sha),
    ),
  );
}

/** Pull requests are written and withdrawn. */
function handleWriting(handle: Runner['handle'], parts: PromotionHandlers): void {
  const { forge, journal, learnt } = parts;
  const now = () => parts.now();
  handle<ProposeTarget, Proposed | null>(PROPOSE, {
    ...CALL,
    again: AGAIN,
    async apply({ target, urgent }) {
      const made = await propose(parts, target);
      // A person who waits is told that there is nothing to do; others try again later.
      return made === null && !urgent ? { again: NOTHING_MS } : { done: made };
    },
    async settled({ target }, made) {
      if (!made) return;
      learnt.written(made.pull);
      await journal.append(proposedEntries(target, made, now()));
    },
  });
  handle(
    WITHDRAW,
    reading<WithdrawTarget, null>(
      async ({ number, why }) => {
        const found = await forge.pull(number);
        // A pull request that is gone needs no withdrawal; one that could not be read is read again.
        if (!found.ok && found.error.code === 'NOT_FOUND') return null;
        const pull = await answered(async () => found);
        return pull.state === 'open' ? answered(() => forge.withdraw(pull, `${why}.`)) : null;
      },
      async ({ lane, number, why }) => {
        const data = { number, how: 'withdrawn' as const, why };
        await journal.append([gitopsEntry('proposal.ended', lane, data, now())]);
      },
    ),
  );
}

/** Requests merges and comments on pull requests. */
function handleAsking(handle: Runner['handle'], parts: PromotionHandlers): void {
  const { forge, journal, learnt } = parts;
  handle<MergeTarget, 'merged'>(MERGE, {
    ...CALL,
    again: AGAIN,
    // Only a request: the required check of the forge decides.
    async apply({ target }) {
      try {
        return { done: await answered(() => forge.merge(target.pull)) };
      } catch (thrown) {
        // Another commit arrived: evaluated again from the current head of the branch.
        if (thrown instanceof Refused && thrown.refusal.code === 'CONFLICT')
          learnt.conflict(target.pull.number);
        throw thrown;
      }
    },
    settled: ({ target }) => learnt.merged(target.pull.number),
  });
  handle(
    TELL,
    reading<TellTarget, null>(
      ({ lane, release, pull }) => {
        const [service, environment] = partsOfLane(lane);
        return answered(() =>
          forge.comment({ number: pull }, OUTCOME_MARK, failureBody(service, environment, release)),
        );
      },
      async ({ lane, release, pull }) => {
        await journal.append([gitopsEntry('author.told', lane, { release: release.id, pull }, parts.now())]);
      },
    ),
  );
}

/** Registers the operations on the forge for promotions and reverts; each records its result. */
export function handlePromotions(handle: Runner['handle'], parts: PromotionHandlers): void {
  handleReading(handle, parts);
  handleWriting(handle, parts);
  handleAsking(handle, parts);
}
