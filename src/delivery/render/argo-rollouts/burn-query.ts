import { quote } from '../../../promql/scope.ts';
import type { BurnValues, ServiceValues } from '../helm/values.ts';

/** How far back a release is looked for: one that has burned for longer was stopped when that began, or never will be. */
const SINCE = '1h';
/** A canary not seen for this long is gone, and comes anew. */
const GONE = '2m';

/**
 * What the burn rates say about a canary, asked in PromQL alone, so that it is known where our server is away:
 * 1 where every declared window of one of the SLOs is at or above its threshold, and was not all the time since the
 * canary came (evidence.md, "edge-triggered per release"); 0 where none is, or where it was before the canary came;
 * 0.5 where that cannot be told, since a canary or an SLO is not seen; and nothing where nothing is.
 * An SLO without data counts as not burning when it comes to how a release began, and as unknown now.
 */
export function burnQuery({ service, environment, sluice }: ServiceValues): string {
  const { fast, slow } = sluice.burn;
  const here = `service=${quote(service)},environment=${quote(environment)}`;
  // Without its service: one that this service answers for may be another one's.
  const slos = `environment=${quote(environment)},slo=~${quote(sluice.slos.join('|'))}`;
  const over = ({ series, threshold }: BurnValues) =>
    `(max by (slo) (${series}{${slos}}) >= bool ${threshold})`;
  const pair = slow ? `(${over(fast)} * ${over(slow)})` : over(fast);
  const canary = `up{${here},${sluice.revisionLabel}="{{args.revision}}"}[${GONE}]`;
  const watched = `group(up{${here},${sluice.revisionLabel}!=""})`;
  const unburned = sluice.slos.map((slo) => `label_replace(${watched}, "slo", ${quote(slo)}, "", "")`);
  const within = `[${SINCE}:${sluice.interval}]`;
  return `max(
  ${pair}
  * clamp_min(
    max_over_time((time() * (
      1 - ${pair}
      or ${unburned.join('\n      or ')}
    ))${within})
    >= bool scalar(
      max_over_time((time() * (${watched} unless on () group(last_over_time(${canary}))))${within})
      or vector(1)
    ),
    scalar(max(0.5 * absent_over_time(${canary}) or vector(0)))
  )
  or 0.5 * (count(${pair}) < bool ${sluice.slos.length})
)`;
}
