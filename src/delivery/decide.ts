import { invariant, never } from '../kit/result.ts';
import { burnWord } from '../runtime/burn.ts';
import { type Event, evolve, type Lane } from './events.ts';
import { following } from './following.ts';
import { type Context, isRelease } from './moves.ts';
import { aborting, canary, deploying, evaluating, promoting, rollingBack } from './releasing.ts';
import { degraded, recovering, resting, waiting } from './resting.ts';
import type { LaneSettings, Seen } from './seen.ts';

const MAX_ROUNDS = 8;

function next(c: Context): Event[] {
  const { state, release } = c.lane;
  if (release && !release.enforced && isRelease(state)) return following(c);
  switch (state) {
    case 'Idle':
    case 'Stable':
      return resting(c);
    case 'Deploying':
      return deploying(c);
    case 'Canary':
      return canary(c);
    case 'Evaluating':
      return evaluating(c);
    case 'Promote':
      return promoting(c);
    case 'Abort':
      return aborting(c);
    case 'Rollback':
      return rollingBack(c);
    case 'Degraded':
      return degraded(c);
    case 'Recovery':
      return recovering(c);
    default:
      return never(state);
  }
}

/** The look's own record: counts, verdict and burn, once per look and release. */
function lookRecord(c: Context): Event[] {
  const { lane, seen, settings } = c;
  const release = lane.release;
  const { look, assessment } = seen;
  if (!release || !look || !assessment || !isRelease(lane.state)) return [];
  const pairFalse = burnWord(look.burn, settings.burn) === 'false';
  const changed = JSON.stringify(release.verdict?.reasons) !== JSON.stringify(assessment.verdict.reasons);
  const arming = pairFalse && !release.burnArmed;
  if (look.intervals.length === 0 && !changed && !arming) return [];
  const data = {
    release: release.id,
    step: release.step,
    intervals: assessment.intervals,
    cursors: { ...look.cursors } as Record<string, [number, number]>,
    burn: look.burn,
    burnArmed: release.burnArmed || pairFalse,
    verdict: {
      verdict: assessment.verdict.verdict,
      reasons: [...assessment.verdict.reasons],
      numbers: assessment.verdict.numbers.map((n) => ({ ...n })),
    },
    queries: [...look.queries],
  };
  return [{ type: 'release.looked', data }];
}

/**
 * What one look leads to: the events to record, effects inside them. Pure; the same input gives the same
 * events. A verdict is used for one move: the next step is judged by its own look.
 */
export function decide(lane: Lane, seen: Seen, settings: LaneSettings, now: number): Event[] {
  const out: Event[] = [];
  let c: Context = { lane, seen, settings, now };
  const take = (events: Event[]) => {
    out.push(...events);
    c = { ...c, lane: events.reduce((state, event) => evolve(state, event, now), c.lane) };
  };
  take(lookRecord(c));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const events = next(c);
    if (events.length === 0) {
      take(waiting(c));
      return out;
    }
    const movedTo = events.find((e) => e.type === 'lane.moved')?.data;
    take(events);
    // A look and its verdict speak for the state they were taken in; only being judged leads on at once.
    const keeps = !movedTo || (movedTo.from === 'Canary' && movedTo.to === 'Evaluating');
    if (!keeps) c = { ...c, seen: { ...c.seen, look: null, assessment: null } };
    if (events.some((e) => e.type === 'lane.quiet')) c = { ...c, seen: { ...c.seen, look: null } };
    if (events.some((e) => e.type === 'release.opened')) return out;
  }
  invariant(false, `${lane.lane} comes to rest within ${MAX_ROUNDS} rounds`);
}
