import { declaredPaces } from '../controller/live-traffic.ts';
import type { Platform } from '../declaration/platform.ts';
import { lateStep, type Pace } from '../delivery/pace.ts';
import { humanSpan } from '../kit/time.ts';
import { type Io, palette, table } from './io.ts';

const perSecond = (rate: number): string => Number(rate.toPrecision(2)).toString();

/** What a person should know of one service's releases; empty: nothing. */
function noteOf(pace: Pace): string {
  const late = lateStep(pace);
  if (!late) return '';
  const at = `at ${late.weight}%`;
  const came =
    late.takesMs === null
      ? `nobody asks: ${late.needed} good requests ${at} never come`
      : `${late.needed} good requests ${at} take ${humanSpan(late.takesMs)}, and a step may take ${humanSpan(pace.deadlineMs)}`;
  return `${came}; declare strategy.lowTraffic`;
}

/** How long releases take at the traffic that a Prometheus has seen. */
export function printPaces(io: Io, paces: readonly Pace[]): void {
  if (paces.length === 0) return;
  const rows = paces.map((pace) => [
    pace.service,
    pace.environment,
    pace.rate === null ? '–' : perSecond(pace.rate),
    pace.takesMs === null ? 'never' : humanSpan(pace.takesMs),
    noteOf(pace),
  ]);
  io.out(table([['SERVICE', 'ENV', 'REQUESTS/S', 'A RELEASE TAKES', 'NOTE'], ...rows]));
}

/** Where no Prometheus is asked: the service that needs most. */
export function printNeeds(io: Io, platform: Platform): void {
  const [most] = declaredPaces(platform).sort((a, b) => b.enoughRate - a.enoughRate);
  if (!most) return;
  const { service, environment, steps, deadlineMs, enoughRate } = most;
  io.err(
    `${palette(io).yellow('note')} ${service} in ${environment} needs most requests: ${steps[0]!.needed} good ones a step, so ${perSecond(enoughRate)} a second to pass its first step within ${humanSpan(deadlineMs)}. sluice validate --prometheus says how long releases take at the traffic you have.\n`,
  );
}
