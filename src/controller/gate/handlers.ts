import type { Platform } from '../../declaration/platform.ts';
import type { CheckReport, ForgePort, Posted, PullRequest } from '../../gitops/forge.ts';
import type { Decision } from '../../governance/decision.ts';
import type { Facts } from '../../governance/facts.ts';
import type { PolicyPort } from '../../governance/port.ts';
import type { Actor } from '../../kit/actor.ts';
import type { Backoff } from '../../kit/backoff.ts';
import { messageOf } from '../../kit/result.ts';
import type { Ms } from '../../kit/time.ts';
import { isFatal } from '../flow/fatal.ts';
import { type Errand, type Handler, Refused } from '../flow/types.ts';
import { answered, type ForgePatience, forgeCall } from '../forge-call.ts';
import { decideFacts } from './decide.ts';
import { type FactSources, gatherFacts } from './facts.ts';

export interface DecideTarget {
  readonly pull: PullRequest;
  readonly trigger: string;
  readonly actor: Actor;
}

export interface PostTarget {
  readonly pull: PullRequest;
  readonly decision: Decision;
  readonly facts: Facts;
}

interface Decided {
  readonly decision: Decision;
  readonly facts: Facts;
  readonly asked: object;
}

/** Delays of retries. */
const BACKOFF: Backoff = { firstMs: 5_000, longestMs: 300_000 };
const gateCall = (patience: ForgePatience) => forgeCall(patience, () => BACKOFF);

/** Gathers the facts and evaluates the policy, both for one moment. */
export function decideHandler(
  parts: {
    readonly platform: Platform;
    readonly forge: ForgePort;
    readonly policy: PolicyPort;
    readonly sources: FactSources;
    readonly patience: ForgePatience;
    now(): Ms;
  },
  settled: (errand: Errand<DecideTarget>, decided: Decided) => void,
  failed: (errand: Errand<DecideTarget>) => void,
): Handler<DecideTarget, Decided> {
  const { platform, forge, policy, sources } = parts;
  async function decide(pull: PullRequest): Promise<Decided> {
    const files = await answered(() => forge.files(pull));
    const facts = await answered(() => gatherFacts(sources, pull, files, parts.now()));
    return { ...(await decideFacts(platform, policy, facts)), facts };
  }
  return {
    ...gateCall(parts.patience),
    async apply({ target }) {
      try {
        return { done: await decide(target.pull) };
      } catch (thrown) {
        if (isFatal(thrown) || thrown instanceof Refused) throw thrown;
        const message = `it could not be evaluated: ${messageOf(thrown).toWellFormed()}`;
        throw new Refused({ code: 'UNAVAILABLE', message });
      }
    },
    settled,
    failed,
  };
}

/** Posts a decision that is not posted yet. The check counts even if its comment was refused. */
export function postHandler(
  parts: {
    readonly forge: ForgePort;
    readonly patience: ForgePatience;
    reportOf(target: PostTarget): CheckReport;
  },
  settled: (errand: Errand<PostTarget>, posted: Posted) => void,
  took: (errand: Errand<PostTarget>, posted: Posted) => void,
  failed: (errand: Errand<PostTarget>) => void,
): Handler<PostTarget, Posted> {
  return {
    ...gateCall(parts.patience),
    async apply(errand) {
      const { target } = errand;
      const posted = await answered(() => parts.forge.report(target.pull, parts.reportOf(target)));
      if (!posted.untold) return { done: posted };
      took(errand, posted);
      throw new Refused(posted.untold);
    },
    settled,
    failed,
  };
}

/** Reads from the forge: the list of open pull requests, or one of them. */
export const readHandler = <T, R>(
  patience: ForgePatience,
  ask: (errand: Errand<T>) => Promise<R>,
  settled: (errand: Errand<T>, answer: R) => void,
  failed?: (errand: Errand<T>, error: { readonly code: string }) => void,
): Handler<T, R> => ({
  ...gateCall(patience),
  apply: async (errand) => ({ done: await ask(errand) }),
  settled,
  ...(failed ? { failed } : {}),
});
