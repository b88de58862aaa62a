import { quote } from '../../../promql/scope.ts';
import type { BurnValues, ServiceValues } from '../helm/values.ts';

/** How far back a release is looked for: one that has burned for longer was stopped when that began, or never will be. */
const SINCE = '1h';
/** A canary not seen for this long is gone, and comes anew. */
const GONE = '2m';

/** A selector, which ends in its brace, with one matcher more. */
const narrowed = (selector: string, matcher: string): string => `${selector.slice(0, -1)},${matcher}}`;

/**
 * What the burn rates say about a canary, asked in PromQL alone, so that it is known where our server is away:
 * 1 where every declared window of one of the SLOs is at or above its threshold, and was not all the time since the
 * canary came (evidence.md, "edge-triggered per release"); 0 where none is, or where it was before the canary came;
 * 0.5 where that cannot be told, since a canary or an SLO is not seen; and nothing where nothing is.
 * An SLO without data counts as not burning when it comes to how a release began, and as unknown now.
 *
 * A service is seen by its targets, as our charts label them, or by the series that its SLOs count: the targets of
 * another team's monitors have no such labels, and a counter is absent until the first request.
 */
export function burnQuery({ service, environment, sluice }: ServiceValues): string {
  const { fast, slow } = sluice.burn;
  // Without its service: one that this service answers for may be another one's.
  const slos = `environment=${quote(environment)},slo=~${quote(sluice.slos.join('|'))}`;
  const over = ({ series, threshold }: BurnValues) =>
    `(max by (slo) (${series}{${slos}}) >= bool ${threshold})`;
  const pair = slow ? `(${over(fast)} * ${over(slow)})` : over(fast);
  const seen = [`up{service=${quote(service)},environment=${quote(environment)}}`, ...sluice.series];
  const canary = seen
    .map((one) => `last_over_time(${narrowed(one, `${sluice.revisionLabel}="{{args.revision}}"`)}[${GONE}])`)
    .join(' or ');
  const apart = seen.map((one) => narrowed(one, `${sluice.revisionLabel}!=""`)).join(' or ');
  const unburned = sluice.slos.map((slo) => `label_replace(vector(1), "slo", ${quote(slo)}, "", "")`);
  const within = `[${SINCE}:${sluice.interval}]`;
  return `max(
  ${pair}
  * clamp_min(
    max_over_time((time() * (
      1 - ${pair}
      or (
        ${unburned.join('\n        or ')}
      ) * on () group_left () group(${seen.join(' or ')})
    ))${within})
    >= bool scalar(
      max_over_time((time() * (group(${apart}) unless on () group(${canary})))${within})
      or vector(1)
    ),
    scalar(max(0.5 * absent(group(${canary})) or vector(0)))
  )
  or 0.5 * (count(${pair}) < bool ${sluice.slos.length})
)`;
}
