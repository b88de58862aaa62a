import { beginEvidence, evidenceDefaults, observe, ruleOf } from '../src/delivery/evidence/evidence.ts';
import { fleetLoop } from '../test/fleet-loop.ts';

/** Intervals a second of one SLO on one core. */
export function intervalsPerSecond(): number {
  const rule = ruleOf({ ...evidenceDefaults(2), objective: 0.999, steps: 3 });
  if (!rule.ok) throw new Error(rule.error);
  const n = 300_000;
  const intervals = Array.from({ length: 1_000 }, (_, i) => ({
    step: 0,
    canary: { total: 100, bad: i % 97 === 0 ? 1 : 0 },
    stable: { total: 400, bad: i % 89 === 0 ? 1 : 0 },
  }));
  let e = beginEvidence(rule.value, []);
  const begun = performance.now();
  for (let i = 0; i < n; i++) e = observe(e, intervals[i % 1_000]!);
  return n / ((performance.now() - begun) / 1_000);
}

/** Milliseconds of one look over so many releases in flight: counted, judged, decided and recorded. */
export async function lookOver(releases: number): Promise<{ ms: number; queries: number; inFlight: number }> {
  const fleet = await fleetLoop(releases);
  await fleet.until('Stable', 80);
  fleet.push('1.1.0');
  await fleet.until('Evaluating', 40);
  const inFlight = fleet.count('Evaluating');
  const times: number[] = [];
  let used = 0;
  for (let i = 0; i < 5; i++) {
    fleet.clock.advance(5_000);
    const [before, begun] = [fleet.queries(), performance.now()];
    await fleet.controller.tick();
    await fleet.controller.tick();
    times.push(performance.now() - begun);
    used = Math.max(used, fleet.queries() - before);
  }
  return { ms: times.sort((a, b) => a - b)[2]!, queries: used, inFlight };
}
