import type { ForgeFailure, ForgeHint, ForgePort, Posted, PullRequest } from '../../gitops/forge.ts';
import { heedingLimits } from '../../gitops/forge-backoff.ts';
import type { Decision } from '../../governance/decision.ts';
import type { Facts } from '../../governance/facts.ts';
import { type Actor, SYSTEM } from '../../kit/actor.ts';
import { wellFormed } from '../../kit/json.ts';
import { laneName } from '../../kit/lane.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import { createRunner } from '../flow/runner.ts';
import { FORGE_PATIENCE } from '../forge-call.ts';
import type { GateParts } from './parts.ts';
import { openPulls, type Pulls } from './pulls.ts';
import type { Watched } from './watched.ts';

/** A pull request as the gate last saw it. */
interface PullState {
  readonly pull: PullRequest;
  readonly decision: Decision | null;
  readonly facts: Facts | null;
  /** What failed in its latest evaluation; null: nothing. */
  readonly trouble: ForgeFailure | null;
  /** The latest foreign post under the name of our check that ours replaced. */
  readonly foreign?: Posted['foreign'];
}

export interface Gate {
  /** Evaluates one pull request now, records the decision and posts it. */
  evaluate(number: number, trigger: string, actor?: Actor): Promise<Result<PullState, ForgeFailure>>;
  /** Takes a hint that something changed; it is confirmed at the source in the next tick. */
  hint(hint: ForgeHint): void;
  /** Finds pull requests without a webhook, and evaluates those again whose inputs changed. */
  tick(now: number): Promise<void>;
  pulls(): readonly PullState[];
  /** A pull request as last seen; null: never. */
  seen(number: number): PullRequest | null;
  /** Whether that head may merge; null: nothing was decided of it yet. */
  allowed(number: number, headSha: string): boolean | null;
  /** The pull request that brings an artefact into a lane, of those that are known. */
  bringing(lane: string, digest: string): number | null;
  readonly forge: ForgePort;
}

export type { GateParts } from './parts.ts';

const stateOf = (pulls: Pulls, { subject, pull, decision, facts, foreign }: Watched): PullState => ({
  pull,
  decision,
  facts,
  trouble: pulls.trouble(subject),
  ...(foreign ? { foreign } : {}),
});

/** The gate: finds pull requests, decides on them and posts the decision, each separately. */
export function createGate(parts: GateParts): Gate {
  const now = () => parts.now();
  const patience = parts.patience ?? FORGE_PATIENCE;
  const forge = heedingLimits(parts.forge, now);
  const runner = parts.runner ?? createRunner({ now, warn: (d, m) => parts.warn(d, m) });
  const pulls = openPulls({ ...parts, forge, patience, runner });
  const all = () => [...pulls.open(), ...pulls.closed()].map((one) => stateOf(pulls, one));
  const found = (number: number) => pulls.of(number);

  return {
    forge,
    pulls: all,
    seen: (number) => found(number)?.pull ?? null,
    allowed(number, headSha) {
      const one = found(number);
      return one?.decision && one.facts?.pullRequest.headSha === headSha ? one.decision.allow : null;
    },
    bringing: (lane, digest) =>
      all().find(({ facts }) =>
        facts?.changes.some((c) => laneName(c.service, c.environment) === lane && c.to?.digest === digest),
      )?.pull.number ?? null,
    hint: (hint) => pulls.hint(hint),
    async evaluate(number, trigger, actor = SYSTEM) {
      const read = await forge.pull(number);
      if (!read.ok) return read;
      if (read.value.state !== 'open')
        return fail({ code: 'REFUSED', message: `pull request ${number} is ${read.value.state}` });
      const error = await pulls.evaluate(wellFormed(read.value), { trigger, actor, urgent: true });
      return error ? fail(error) : ok(stateOf(pulls, found(number)!));
    },
    tick: () => pulls.tick(),
  };
}
