import { z } from 'zod';
import { lanesOf, type Platform } from '../declaration/platform.ts';
import type { LedgerPort } from '../ledger/port.ts';

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
const stateOf = (status: string, startsAt: string): string => `${status}@${startsAt}`;

/**
 * Deliveries of Alertmanager as events: once a change, across restarts. What they say is confirmed at the
 * source: the environment is looked at again at once, and its look is what freezes and moves the machine.
 */
export async function openAlerts(
  platform: Platform,
  ledger: LedgerPort,
  hint: (environment: string) => void,
  now: () => number,
): Promise<(body: unknown) => Promise<void>> {
  const known = new Map<string, Set<string>>();
  const keep = ({ id, status, startsAt }: Kept) => {
    const states = known.get(id) ?? new Set<string>();
    states.add(stateOf(status, startsAt));
    known.set(id, states);
  };
  for (const record of await ledger.read({ type: 'alert.received' })) keep(record.data as Kept);
  const lanes = new Set(
    lanesOf(platform).map(({ service, environment }) => `${service.name}/${environment.name}`),
  );
  const seen = (id: string, status: string, startsAt: string): boolean => {
    const states = known.get(id);
    // A firing that comes after its own resolution is late, and says nothing new.
    return Boolean(
      states?.has(stateOf(status, startsAt)) ||
        (status === 'firing' && states?.has(stateOf('resolved', startsAt))),
    );
  };
  return async (body) => {
    const { alerts } = deliverySchema.parse(body);
    for (const { status, labels, startsAt, fingerprint } of alerts) {
      const environment = labels['environment'] ?? '';
      const lane = `${labels['service']}/${environment}`;
      if (!lanes.has(lane) || seen(fingerprint, status, startsAt)) continue;
      const data = {
        id: fingerprint,
        status,
        startsAt,
        alert: labels['alertname'] ?? '',
        slo: labels['slo'] ?? '',
      };
      keep(data);
      await ledger.append([
        {
          at: now(),
          type: 'alert.received',
          v: 1,
          subject: lane,
          actor: { id: 'alertmanager', kind: 'machine' },
          cause: null,
          data,
        },
      ]);
      hint(environment);
    }
  };
}
