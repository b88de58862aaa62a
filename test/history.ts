import type { Entry, LedgerRecord } from '../src/ledger/record.ts';
import { createHouse, LANE } from './sim/harness.ts';

const [SERVICE] = LANE.split('/') as [string];

const entryOf = ({ at, type, v, subject, actor, cause, data }: LedgerRecord): Entry => ({
  at,
  type,
  v,
  subject,
  actor,
  cause,
  data,
});

/** What one lane went through in the real loop, from at rest to at rest: one release that passed and one that failed. */
export interface Shapes {
  /** Up to the first time at rest. */
  readonly first: readonly Entry[];
  /** May follow itself any number of times. */
  readonly again: readonly Entry[];
}

/** Plays the releases in the simulator. The same seed gives the same shapes. */
export async function releaseShapes(seed = 11): Promise<Shapes> {
  const house = await createHouse({
    seed,
    recoveryFor: '1m',
    dwell: '60s',
    dwellAtFull: '60s',
    warmUp: '10s',
  });
  const rest = async () => {
    await house.until(() => house.state().state === 'Stable' && house.state().pending.length === 0);
    return (await house.ledger.head()).seq;
  };
  house.world.push('1.0.0', { errorRate: 0 });
  const before = await rest();
  const pass = house.world.push('1.1.0', { errorRate: 0.0002 });
  await house.until(() => house.state().stable?.revision === pass.revision);
  await rest();
  house.world.push('1.2.0', { errorRate: 0.2 });
  await house.until(() => house.state().failures.length > 0);
  await rest();
  const entries = (await house.ledger.read()).map(entryOf);
  return { first: entries.slice(0, before), again: entries.slice(before) };
}

const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;

type Make = (type: string, subject: string, data: unknown) => Entry;

/** What is rarer in a lane, at the end of its releases. */
function atRest(of: Make, lane: string, round: number): Entry[] {
  const release = lane.replace('/', '.');
  const load = {
    run: 'l',
    tool: 'k6',
    outcome: 'passed',
    requests: 9,
    failed: 0,
    p95Ms: 3,
    thresholds: [],
    note: '',
  };
  return [
    of('command.accepted', lane, { id: `c${round}`, command: 'pause', reason: 'to look' }),
    of('release.paused', lane, { release, paused: true, reason: 'to look' }),
    of('command.done', lane, { id: `c${round}`, outcome: 'paused' }),
    of('command.accepted', lane, { id: `e${round}`, command: 'resume', reason: 'seen' }),
    of('release.held', lane, { release, held: true }),
    of('release.held', lane, { release, held: false }),
    of('release.loaded', lane, { release, ...load, startedAt: 1, endedAt: 2 }),
    of('lane.drifted', lane, { seen: 'r9', wanted: 'r1', generation: 7, effects: [] }),
    of('lane.lifted', lane, { digest: digest(round), reason: 'it was the test' }),
    of('lane.returned', lane, {
      from: { revision: 'r2', version: '1.2.0', digest: digest(round), config: {} },
      to: { revision: 'r1', version: '1.1.0', digest: digest(1), config: { a: 1 } },
      reason: 'it was the wrong one',
    }),
    of('lane.retried', lane, { revision: 'r2', reason: 'it was the cable' }),
    of('lane.adopted', lane, {
      stable: { revision: 'r1', version: '1.1.0', digest: digest(1), config: { a: 1 } },
    }),
  ];
}

/** What the other planes write around the releases of a lane: once a round, at a time, about a pull request. */
export function surroundings(service: string, environment: string, round: number, at: number): Entry[] {
  const lane = `${service}/${environment}`;
  const slo = `${service}-availability`;
  const pull = `pull/${round + 1}`;
  const id = `d-${round.toString(16).padStart(16, '0')}`;
  const artefact = { version: `1.${round}.0`, digest: digest(round + 1) };
  const of = (type: string, subject: string, data: unknown, cause: string | null = null): Entry => ({
    at,
    type,
    v: 1,
    subject,
    actor: { id: 'sluice', kind: 'system' },
    cause,
    data,
  });
  const change = { service, environment, kind: 'release', from: null, to: artefact };
  const frozen = { code: 'FROZEN', msg: `${lane} is frozen`, evidence: { service, environment }, docs: '' };
  const decision = {
    schema: 'sluice.dev/decision/v1',
    id,
    allow: true,
    deny: [],
    warn: [],
    recorded: [{ ...frozen, service, environment, by: ['w'] }],
    waiversUsed: ['w'],
    policy: { revision: 'r', digest: digest(0) },
    inputDigest: digest(round),
    evaluatedAt: at,
    validUntil: at + 600_000,
  };
  const facts = {
    changes: [change],
    pullRequest: { number: round + 1, title: `Release ${artefact.version}` },
  };
  const proposal = {
    kind: 'promotion',
    number: round + 1,
    artefact,
    from: ['stage'],
    why: 'it is stable in stage',
    basis: digest(7),
  };
  const scope = { service, environment };
  const waiver = {
    codes: ['FROZEN'],
    reason: 'a fix',
    expiresAt: at + 1,
    singleUse: true,
    pullRequest: null,
    needsSecond: true,
  };
  const moved = { overruled: false, calmSince: null, fast: 20, slow: 4, reason: 'it burns' };
  const receiver = {
    receiver: 'team',
    thread: pull,
    rev: round + 1,
    kind: 'proposed',
    ref: 'r',
    failure: null,
  };
  const alert = { id: `fp${round}`, startsAt: new Date(at).toISOString(), alert: 'SloBurn', slo };
  return [
    of('desired.changed', 'main', {
      commit: digest(round).slice(7, 47),
      kind: 'release',
      author: 'developer',
      authoredAt: at,
      message: `Release ${artefact.version}`,
      changes: [{ lane, kind: 'release', from: null, to: artefact }],
      objections: [],
      rewritten: false,
      merge: false,
    }),
    of('waiver.granted', lane, { ...waiver, id: `w${round}`, scope }),
    of('waiver.approved', lane, { id: `w${round}`, reason: 'seen' }),
    of('gate.decided', pull, { decision, facts, engine: 'wasm', forge: 'local', trigger: 'opened' }, id),
    of('waiver.used', pull, { id: `w${round}`, pullRequest: round + 1, decision: id }, id),
    of('gate.posted', pull, { decision: id, headSha: 'abc', state: 'success' }, id),
    of('proposal.opened', lane, proposal),
    of('proposal.ended', lane, {
      number: round + 1,
      how: (['merged', 'closed', 'withdrawn'] as const)[round % 3],
      why: 'it ended',
    }),
    of('freeze.set', lane, { id: `f${round}`, scope, reason: 'quarter end', until: at + 1_000 }),
    of('freeze.lifted', lane, { id: `f${round}`, reason: 'over' }),
    of('freeze.moved', lane, { slo, cause: 'burn', left: 0.1, ...moved }),
    of('freeze.moved', lane, { slo, cause: null, left: 0.5, ...moved }),
    of('budget.moved', lane, { slo, from: 'stable', to: 'burning', reason: 'BURNS_FAST', left: 0.4 }),
    of('budget.adjusted', lane, {
      id: `a${round}`,
      slo,
      fromMs: at - 1,
      toMs: at,
      requests: 10,
      bad: 3,
      reason: 'a drill',
      approver: 'lead',
    }),
    of('sync.moved', lane, { to: round % 2 ? 'Synced' : 'OutOfSync', why: 'by hand' }),
    of('author.told', lane, { release: `${service}.${environment}.${round}`, pull: round + 1 }),
    of('alert.received', lane, { ...alert, status: 'firing' }),
    of('alert.received', lane, { ...alert, status: 'resolved' }),
    of('notice.sent', pull, receiver),
    of('queries.kept', 'queries:0', {
      digest: digest(round % 7),
      queries: ['up', `up{round="${round % 7}"}`],
    }),
    of('policy.kept', 'policy', { revision: 'r', digest: digest(0), wasm: '' }),
    of('proposal.opened', lane, { ...proposal, number: 10_000 + round }),
    of('proposal.updated', lane, { ...proposal, number: 10_000 + round, kind: 'revert' }),
    of('waiver.granted', 'prod', { ...waiver, id: `v${round}`, scope: { service: '*', environment } }),
    of('waiver.revoked', 'prod', { id: `v${round}`, reason: 'not needed' }),
    ...atRest(of, lane, round),
  ];
}

export interface HistoryOptions {
  readonly services: number;
  readonly environments: readonly string[];
  /** How often every lane goes through its releases after the first one. */
  readonly rounds: number;
}

/** Real shapes, repeated over many lanes: batches of entries as they would have been appended, in order of time. */
export function* repeated(shapes: Shapes, options: HistoryOptions): Generator<Entry[]> {
  const again = JSON.stringify(shapes.again);
  const first = JSON.stringify(shapes.first);
  const end = shapes.again.at(-1)!.at;
  const length = end - shapes.first.at(-1)!.at;
  const releases = new Set(again.match(/"checkout\.prod\.\d+"/g)).size;
  for (let round = -1; round < options.rounds; round++)
    for (let service = 0; service < options.services; service++)
      for (const environment of options.environments) {
        const name = `${SERVICE}-${service}`;
        const text = (round < 0 ? first : again)
          .replaceAll(
            /checkout\.prod\.(\d+)/g,
            (_, n: string) => `${name}.${environment}.${Number(n) + Math.max(0, round) * releases}`,
          )
          .replaceAll(LANE, `${name}/${environment}`);
        const moved = (JSON.parse(text) as Entry[]).map((e) => ({
          ...e,
          at: e.at + Math.max(0, round) * length,
        }));
        yield moved;
        if (round >= 0)
          yield surroundings(name, environment, round * options.services + service, moved.at(-1)!.at);
      }
}
