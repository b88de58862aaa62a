import { describe, expect, it } from 'vitest';
import { laneOf, NOW, revision } from '../../../test/lane.ts';
import type { Platform } from '../../declaration/platform.ts';
import type { Lane } from '../../delivery/lane.ts';
import type { DesiredState } from '../../gitops/port.ts';
import { standsOf } from './order.ts';

const platform = {
  services: [],
  environments: [{ name: 'prod', after: ['stage'], promotion: { soakMs: 60_000 } }],
} as unknown as Platform;
const standOf = (lane: Partial<Lane> | null, desired: DesiredState | null = null) =>
  standsOf(platform, 'checkout', new Map(lane ? [['checkout/prod', laneOf(lane)]] : []), desired)[0];
const rejected = (name: string, digest: string) =>
  ({ revision: name, digest, reason: 'HARM_SHOWN', identity: null, release: 'r' }) as const;

describe('how a service stands in an environment', () => {
  it.each([
    ['Stable', NOW],
    ['Degraded', null],
    ['Recovery', null],
    ['Evaluating', null],
    ['Idle', null],
  ] as const)('ORDER-3: it is at rest while it is Stable: %s', (state, restSince) =>
    expect(standOf({ state, since: NOW })).toMatchObject({ state, restSince }),
  );

  it('ORDER-3: what is condemned there is what was condemned, but for the digest that serves', () =>
    expect(
      standOf({ rejected: [rejected('two', 'sha256:two'), rejected('one-b', 'sha256:one')] })?.rejected,
    ).toEqual(['sha256:two']));

  it('ORDER-3: what Git asks for there is read from Git, and nothing is known of it without', () => {
    const desired = { lanes: new Map([['checkout/prod', revision('two')]]) } as unknown as DesiredState;
    expect(standOf({}, desired)?.desired).toMatchObject({ digest: 'sha256:two' });
    expect(standOf({}, null)?.desired).toBeNull();
  });

  it('ORDER-3: a lane that was never seen is idle', () =>
    expect(standOf(null)).toMatchObject({
      state: 'Idle',
      stable: null,
      restSince: null,
      served: [],
      rejected: [],
    }));
});
