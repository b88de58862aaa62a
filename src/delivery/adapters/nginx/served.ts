import { request } from 'undici';
import { textOf } from '../../../io/answer.ts';
import { systemClock } from '../../../io/clock.ts';
import { parseForeign } from '../../../kit/json.ts';
import type { EdgeState } from '../../edge-port.ts';
import { givenUp, lastSaid, masterOf, oldWorkerAccepts, PATIENCE_MS } from './program.ts';

export const POLL_MS = 20;
const STATUS_TIMEOUT_MS = 2_000;
/** New connections may still reach an old worker for a moment: this many consecutive answers must be new. */
const CONFIRMATIONS = 3;
/** nginx has ended if no master process is found this many times in a row: at its start there is none for a moment. */
const LOOKS_WITHOUT = 50;
const OLD_ANSWERS = 25;

/** The generation that one worker reports. */
async function ask(statusPort: number): Promise<EdgeState> {
  const answer = await request(`http://127.0.0.1:${statusPort}/`, {
    signal: AbortSignal.timeout(STATUS_TIMEOUT_MS),
    reset: true,
  });
  return parseForeign(await textOf(answer)) as EdgeState;
}

/** An old worker may still answer right after a change: it is asked again until the new one does. */
export async function served(edge: { readonly intended: EdgeState }): Promise<EdgeState> {
  let state = await ask(edge.intended.statusPort);
  for (let tries = 0; state.generation < edge.intended.generation && tries < OLD_ANSWERS; tries++) {
    await systemClock.sleep(POLL_MS);
    state = await ask(edge.intended.statusPort);
  }
  return state;
}

/**
 * Resolves once a generation is what is served, by every worker; throws as soon as nginx has ended or given it up.
 * `since`: how long its log of errors was before it was asked for.
 */
export async function confirm(
  directory: string,
  { statusPort, generation }: Pick<EdgeState, 'statusPort' | 'generation'>,
  since: number,
): Promise<void> {
  let [seen, without] = [0, 0];
  for (
    const end = performance.now() + PATIENCE_MS;
    performance.now() < end;
    await systemClock.sleep(POLL_MS)
  ) {
    const why = givenUp(directory, since);
    if (why !== null) throw new Error(`nginx does not take configuration ${generation}: ${why}`);
    without = masterOf(directory) === undefined ? without + 1 : 0;
    if (without >= LOOKS_WITHOUT)
      throw new Error(
        `nginx ended before it served configuration ${generation}${lastSaid(directory, since)}`,
      );
    const state = await ask(statusPort).catch(() => null);
    seen = state?.generation === generation && !oldWorkerAccepts(directory) ? seen + 1 : 0;
    if (seen >= CONFIRMATIONS) return;
  }
  throw new Error(
    `nginx does not serve configuration ${generation} after ${PATIENCE_MS / 1_000} s${lastSaid(directory, since)}`,
  );
}
