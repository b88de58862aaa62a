import type { Environment } from '../../../declaration/platform.ts';
import { AWAY_ALERT, STATE_METRIC, UNANSWERED_ALERT, UNANSWERED_METRIC } from '../../series.ts';
import type { PrometheusRule } from './text.ts';

/** How long nobody need answer before somebody is told. */
const MISSING_FOR = '5m';
/** A Sluice that was never scraped is not missed. */
const MISSED_FOR = '1d';

/** What people on call are told of Sluice: that it is away, or has no numbers to go by. */
export function missingRules({ name }: Environment, m: string): PrometheusRule[] {
  const state = `${STATE_METRIC}${m}`;
  const labels = { environment: name, severity: 'page' };
  return [
    {
      alert: AWAY_ALERT,
      expr: `group(last_over_time(${state}[${MISSED_FOR}])) unless group(${state})`,
      for: MISSING_FOR,
      labels,
      annotations: {
        summary: `Sluice is away: releases in ${name} wait, and Rollouts get no answer`,
        description: `No Sluice server was scraped for ${MISSING_FOR}. Rollouts ask again every ten seconds; a release that waits for longer than strategy.hold is stopped and its version is not blamed. The burn-rate analyses beside them continue. Next: check the pods of Sluice and their logs.`,
      },
    },
    {
      alert: UNANSWERED_ALERT,
      expr: `min(${UNANSWERED_METRIC}${m}) == 1`,
      for: MISSING_FOR,
      labels,
      annotations: {
        summary: `Sluice has no answers from the Prometheus of ${name}: releases there wait`,
        description: `For ${MISSING_FOR}, Prometheus answered no evaluation of Sluice, or only in part. Nothing is promoted or blamed meanwhile. Next: sluice status shows the error; sluice doctor --prometheus asks again.`,
      },
    },
  ];
}
