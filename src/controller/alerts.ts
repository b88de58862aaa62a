import { z } from 'zod';
import { lanesOf } from '../declaration/layout.ts';
import type { Platform } from '../declaration/platform.ts';
import { laneName } from '../kit/lane.ts';
import { PersistentMap } from '../kit/persistent-map.ts';
import { type Fold, mapsCodec } from '../ledger/fold.ts';
import type { Journal } from '../ledger/journal.ts';

const MAX_ALERTS = 10_000;

const deliverySchema = z.object({
  status: z.enum(['firing', 'resolved']),
  alerts: z
    .array(
      z.object({
        status: z.string(),
        labels: z.record(z.string(), z.string()),
        startsAt: z.string(),
        endsAt: z.string().optional(),
        fingerprint: z.string(),
      }),
    )
    .max(MAX_ALERTS),
});

interface Kept {
  readonly id: string;
  readonly status: string;
  readonly startsAt: string;
}

/** An alert fires once and is resolved once, however often and in whatever order it is delivered. */
const stateOf = (id: string, status: string, startsAt: string): string => `${id} ${status}@${startsAt}`;

const ALERT_VERSION = 1;
/** The number of remembered states; Alertmanager repeats an alert for hours, not for years. */
const MAX_STATES = 50_000;

/** Every state of an alert that was recorded. */
export const alertsFold: Fold<{ readonly known: PersistentMap<string, true> }> = {
  name: 'alerts',
  version: 1,
  reads: { 'alert.received': ALERT_VERSION },
  ...mapsCodec({ known: new PersistentMap<string, true>() }),
  apply({ known }, { data }) {
    const { id, status, startsAt } = data as Kept;
    return { known: known.asNewest(stateOf(id, status, startsAt), true, MAX_STATES) };
  },
};

/**
 * Deliveries of Alertmanager as events: once a change, across restarts. What they say is confirmed at the
 * source: the environment is evaluated again at once, and that evaluation freezes and moves the machine.
 */
export function alertReceiver(
  platform: Platform,
  journal: Journal,
  hint: (environment: string) => void,
  now: () => number,
): (body: unknown) => Promise<void> {
  const lanes = new Set(
    lanesOf(platform).map(({ service, environment }) => laneName(service.name, environment.name)),
  );
  const seen = (id: string, status: string, startsAt: string): boolean => {
    const { known } = journal.state(alertsFold);
    // A firing alert that arrives after its own resolution is late and contains nothing new.
    return (
      known.has(stateOf(id, status, startsAt)) ||
      (status === 'firing' && known.has(stateOf(id, 'resolved', startsAt)))
    );
  };
  const receive = async (body: unknown): Promise<void> => {
    const { alerts } = deliverySchema.parse(body);
    for (const { status, labels, startsAt, fingerprint } of alerts) {
      const environment = labels['environment'] ?? '';
      const lane = `${labels['service']}/${environment}`;
      if (!lanes.has(lane) || seen(fingerprint, status, startsAt)) continue;
      const alert = labels['alertname'] ?? '';
      const data = { id: fingerprint, status, startsAt, alert, slo: labels['slo'] ?? '' };
      const actor = { id: 'alertmanager', kind: 'machine' };
      await journal.append([
        { at: now(), type: 'alert.received', v: ALERT_VERSION, subject: lane, actor, cause: null, data },
      ]);
      hint(environment);
    }
  };
  // Deliveries may come at the same moment: each is compared with what the one before recorded.
  let last: Promise<unknown> = Promise.resolve();
  return (body) => {
    const next = last.then(() => receive(body));
    last = next.catch(() => undefined);
    return next;
  };
}
