import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { obstacle } from '../../../src/delivery/retry.ts';
import { type Machine, machine } from '../cluster/machine.ts';
import { aborted, crashing } from '../cluster/objects.ts';
import { sceneOf } from '../cluster/scene.ts';
import { type Again, canaryPods, FAULTS, type Fault, faultsPage, ONE, recorded, stablePods } from './rows.ts';

const HALF_AN_HOUR = 1_800_000;
const scene = (fault: Fault) => sceneOf(fault.scene, null, fault.promotedInFull ?? null);
const atRest = sceneOf(recorded({ asked: ONE, stable: ONE, stepIndex: 4 }, stablePods));
const atGate = sceneOf(recorded({ stepIndex: 0 }, stablePods));
const begun = sceneOf(recorded({ weight: 10 }, [...stablePods, ...canaryPods(undefined)]));
const isBack = sceneOf(recorded({ abort: true, conditions: [aborted()] }, stablePods));

/** Brings a release to where the fault befalls it. */
function released(at: Fault['at']): Machine {
  const m = machine();
  m.look(atRest);
  m.look(atGate);
  expect(m.lane().state).toBe('Deploying');
  if (at === 'start') return m;
  m.look(begun);
  m.look(begun);
  m.look(begun, { verdict: 'inconclusive' });
  expect(m.lane().state).toBe('Evaluating');
  return m;
}

const opened = (m: Machine) => m.events.filter((e) => e.type === 'release.opened').length;

/** What becomes of it once the cluster is as it was before. */
function afterwards(m: Machine): Again {
  const lane = m.lane();
  if (lane.state === 'Stable' || lane.state === 'Promote') return 'it continues';
  if (lane.state !== 'Abort' && lane.state !== 'Rollback' && lane.state !== 'Degraded') {
    const before = lane.release!.step;
    for (let i = 0; i < 3; i++) m.look(begun, { verdict: 'pass' });
    expect(m.lane().release!.step).toBeGreaterThanOrEqual(before);
    return lane.release!.verdict?.reasons.some((r) => r.endsWith('_UNAVAILABLE') || r === 'PARTIAL_DATA') ||
      lane.state === 'Deploying'
      ? 'it waits'
      : 'it continues';
  }
  for (let i = 0; i < 8; i++) m.look(isBack);
  if (opened(m) > 1) return 'retried automatically';
  expect(m.lane().state).toBe('Stable');
  const target = lane.release!.target;
  const why = obstacle(m.lane(), target) ?? '';
  return why.includes('release lift')
    ? 'retried after a lift'
    : why.includes('release retry')
      ? 'retried on request'
      : 'it continues';
}

describe('d06, d11: whose fault it is', () => {
  it.each(FAULTS.map((fault) => [fault.name, fault] as const))('FAULT-1: %s', (_, fault) => {
    const m = released(fault.at);
    const told = fault.told ?? { verdict: 'inconclusive' };
    m.look(scene(fault), told);
    if (fault.lasts) {
      // Before its time to start is over nothing is said of it.
      expect(m.moves().at(-1)!.to).toBe('Deploying');
      m.wait(HALF_AN_HOUR);
    }
    m.look(scene(fault), told);
    m.look(scene(fault), told);
    const [end] = m.moves().filter((move) => move.to === 'Abort' || move.to === 'Promote');
    expect({ called: end?.reason ?? null, blamed: end?.blamed ?? false }).toEqual({
      called: fault.called,
      blamed: fault.blamed,
    });
    expect(m.lane().rejected.map((r) => r.digest)).toEqual(
      fault.blamed ? [m.lane().release!.target.digest] : [],
    );
    expect(afterwards(m)).toBe(fault.again);
  });

  it('FAULT-3: an abort that its controller has not taken up yet blames nobody, whatever fails meanwhile', () => {
    const m = released('canary');
    const crashed = { ready: false, containers: { app: crashing() } };
    const early = sceneOf(
      recorded({ abort: true, phase: 'Progressing', weight: 10 }, [...stablePods, ...canaryPods(crashed)]),
    );
    for (let i = 0; i < 3; i++) m.look(early, { unreachableLooks: 3 });
    expect(m.moves().filter((move) => move.to === 'Abort')).toEqual([]);
    m.look(isBack, { unreachableLooks: 3 });
    expect(m.moves().find((move) => move.to === 'Abort')).toMatchObject({
      reason: 'OPERATOR',
      blamed: false,
    });
    expect(m.lane().rejected).toEqual([]);
  });

  it('FAULT-2: the page in the docs is made of these rows', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/faults.md'), 'utf8');
    expect(page).toBe(faultsPage());
  });
});
