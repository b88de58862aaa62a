import { describe, expect, it } from 'vitest';
import type { PortCall } from '../controller/flow/counting.ts';
import { fail, ok } from '../kit/result.ts';
import { countedWiring } from './counted.ts';
import { type Wiring, wiring } from './wiring.ts';

/** Opened without a port that is called while a server runs, or without a server. */
const UNCOUNTED = [
  'openExistingLedger',
  'openKeptPolicy',
  'openLog',
  'openMemoryLedger',
  'openTracing',
  'readVerdictToken',
];

/** A port of which every method answers. */
const port = () => ({ ask: async () => ok(1), name: 'port' });

/** Adapters that answer whatever they are asked. */
const answering = {
  ...wiring,
  openLedger: async () => ok({ ...port(), history: port(), snapshots: port() }),
  openDesired: async () => ok({ repository: port(), anchors: port() }),
  openStack: async () => ok({ environments: [{ name: 'dev', delivery: port() }], heal: async () => {} }),
  openClusters: async () => ok({ delivery: port, standing: async () => null, close: async () => {} }),
  openMetrics: async () => ok(port()),
  openSync: async () => ok({ port: port(), webhookToken: 'hook' }),
  openLoad: async () => port(),
  openForge: async () => ok(port()),
  openPolicy: async () => ok({ port: port(), wasm: null }),
  openReader: async () => port(),
  openReceivers: async () => ok([{ declared: 'ops', sender: port() }]),
  openSignIn: async () => ok(port()),
};

type Port = ReturnType<typeof port>;
interface Anything {
  readonly ok?: boolean;
  readonly value?: unknown;
}

/** Every port in what was opened. */
function portsIn(found: unknown): Port[] {
  if (typeof found !== 'object' || found === null) return [];
  const own = 'ask' in found ? [found as Port] : [];
  return [...own, ...Object.values(found).flatMap(portsIn)];
}

function rig(adapters: object) {
  const seen: PortCall[] = [];
  const calls = { call: (one: PortCall) => void seen.push(one) };
  const counted = countedWiring(adapters as Wiring, calls) as unknown as Record<
    string,
    (...given: unknown[]) => Promise<Anything>
  >;
  return { seen, counted };
}

describe('adapters where they are chosen', () => {
  it('METRIC-1: each is wrapped that a server calls while it runs', () => {
    const { counted } = rig(wiring);
    const same = Object.entries(wiring).filter(([name, open]) => (counted[name] as unknown) === open);
    expect(same.map(([name]) => name).sort()).toEqual(UNCOUNTED);
  });

  it.each([
    ['openLedger', ['ledger', 'ledger history', 'ledger snapshots']],
    ['openDesired', ['git', 'anchors']],
    ['openStack', ['delivery']],
    ['openMetrics', ['prometheus']],
    ['openSync', ['sync']],
    ['openLoad', ['load test']],
    ['openForge', ['forge']],
    ['openPolicy', ['policy']],
    ['openReader', ['reader']],
    ['openReceivers', ['receiver']],
    ['openSignIn', ['sign-in']],
  ])('METRIC-1: %s: every call of its ports is told by port and operation', async (name, ports) => {
    const { seen, counted } = rig(answering);
    for (const one of portsIn(await counted[name]!())) await one.ask();
    expect(seen.map((call) => [call.port, call.verb, call.outcome])).toEqual(
      ports.map((one) => [one, 'ask', 'answered']),
    );
  });

  it('METRIC-1: a cluster and each of its environments are one port', async () => {
    const { seen, counted } = rig(answering);
    const opened = (await counted['openClusters']!()) as {
      value: { delivery(environment: string): Port; standing(): Promise<null> };
    };
    await opened.value.standing();
    await opened.value.delivery('prod').ask();
    expect(seen.map(({ port: of, verb }) => `${of} ${verb}`)).toEqual(['delivery standing', 'delivery ask']);
  });

  it('METRIC-1: what cannot be opened is told as before, and no forge is no forge', async () => {
    const refused = rig({ ...answering, openForge: async () => fail('no token') });
    expect(await refused.counted['openForge']!()).toEqual(fail('no token'));
    const none = rig({ ...answering, openForge: async () => ok(null) });
    expect(await none.counted['openForge']!()).toEqual(ok(null));
  });
});
