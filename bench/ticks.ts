import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Revision } from '../src/delivery/events.ts';
import { gitDesired } from '../src/gitops/adapters/git/desired.ts';
import type { DesiredState } from '../src/gitops/port.ts';
import { systemClock } from '../src/io/clock.ts';
import { simulatedClock } from '../src/kit/time.ts';
import { ENVIRONMENTS, fleetHouse, revision, serviceNames } from './harness.ts';

const START = 1_700_000_000_000;
const TICK_MS = 1_000;

const cpuMs = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

/** What Git asks for everywhere. */
const asking = (services: readonly string[], version: string): DesiredState => {
  const lanes = services.flatMap((s) => {
    const wanted: Revision = revision(s, version);
    return ENVIRONMENTS.map((e) => [`${s}/${e}`, wanted] as const);
  });
  return { commit: version, problems: [], lanes: new Map(lanes) };
};

export interface TickCost {
  readonly lanes: number;
  /** CPU of one tick in which nothing is read but what is always read, in milliseconds. */
  readonly atRest: number;
  /** CPU of one tick in which the metrics of all environments arrive. */
  readonly withMetrics: number;
}

/** A fleet at rest. */
export async function ticksAtRest(services: number): Promise<TickCost> {
  const names = serviceNames(services);
  const clock = simulatedClock(START);
  const state = asking(names, '1.0.0');
  const house = await fleetHouse(names, clock, { read: async () => state });
  for (let i = 0; i < 60; i++) {
    clock.advance(TICK_MS);
    await house.tick();
  }
  if (house.count('Stable') !== names.length * ENVIRONMENTS.length)
    throw new Error('the fleet is not at rest');
  let looked = house.controller.metrics('prod').at;
  const [plain, metrics]: [number[], number[]] = [[], []];
  for (let i = 0; i < 120; i++) {
    clock.advance(TICK_MS);
    const ms = await cpuMs(house.tick);
    const at = house.controller.metrics('prod').at;
    (at === looked ? plain : metrics).push(ms);
    looked = at;
  }
  return { lanes: names.length * ENVIRONMENTS.length, atRest: mean(plain), withMetrics: median(metrics) };
}

export interface FlightCost {
  readonly inFlight: number;
  /** CPU of a tick, in milliseconds, over all of them. */
  readonly tick: number;
  readonly withMetrics: number;
}

/** Every lane of a fleet in the middle of a release. */
export async function ticksInFlight(services: number): Promise<FlightCost> {
  const names = serviceNames(services);
  const clock = simulatedClock(START);
  let state = asking(names, '1.0.0');
  const house = await fleetHouse(names, clock, { read: async () => state });
  const lanes = names.length * ENVIRONMENTS.length;
  const run = async (ticks: number) => {
    for (let i = 0; i < ticks; i++) {
      clock.advance(TICK_MS);
      await house.tick();
    }
  };
  await run(30);
  house.release();
  state = asking(names, '1.1.0');
  for (let i = 0; i < 60 && house.count('Stable') > 0; i++) await run(1);
  const inFlight = lanes - house.count('Stable');
  const times: number[] = [];
  const metrics: number[] = [];
  let looked = house.controller.metrics('prod').at;
  for (let i = 0; i < 45; i++) {
    clock.advance(TICK_MS);
    const ms = await cpuMs(house.tick);
    times.push(ms);
    const at = house.controller.metrics('prod').at;
    if (at !== looked) metrics.push(ms);
    looked = at;
  }
  return { inFlight, tick: mean(times), withMetrics: median(metrics) };
}

const fileOf = (service: string, version: string) => {
  const { digest } = revision(service, version);
  return `service: ${service}\nversion: ${version}\ndigest: ${digest}\nconfig: {}\n`;
};

export interface CommitGap {
  readonly lanes: number;
  /** The longest time without a tick after the commit, and until the abort was carried out; of the wall, in milliseconds. */
  readonly silentMs: number;
  readonly abortMs: number;
}

/** A commit in a real repository of so many services, while a release is on its way that a person stops. */
export async function gapAfterCommit(services: number): Promise<CommitGap> {
  const names = serviceNames(services);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ticks-'));
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
  const write = (version: string, of: readonly string[]) => {
    for (const environment of ENVIRONMENTS)
      for (const service of of)
        writeFileSync(join(folder, 'environments', environment, `${service}.yaml`), fileOf(service, version));
    git('add', '.');
    git('-c', 'user.name=b', '-c', 'user.email=b@b', 'commit', '-qm', version);
  };
  try {
    for (const environment of ENVIRONMENTS)
      mkdirSync(join(folder, 'environments', environment), { recursive: true });
    git('init', '-q', '-b', 'main');
    write('1.0.0', names);
    const all = names.flatMap((service) =>
      ENVIRONMENTS.map((environment) => ({ service, environment, branch: 'main' })),
    );
    const house = await fleetHouse(names, systemClock, gitDesired(folder, all));
    const until = async (what: () => boolean) => {
      while (!what()) await house.tick();
    };
    const lane = () => house.controller.lane('s0/prod')!.state;
    await until(() => house.count('Stable') === all.length);
    house.release();
    write('1.1.0', ['s0']);
    await until(() => lane().state === 'Canary' || lane().state === 'Evaluating');
    write('1.1.0', names);
    const begun = performance.now();
    let [silentMs, abortMs, last, ordered] = [0, 0, begun, false];
    while (performance.now() - begun < 10_000 || abortMs === 0) {
      await house.tick();
      const now = performance.now();
      silentMs = Math.max(silentMs, now - last);
      last = now;
      if (!ordered && now - begun > 200) {
        ordered = true;
        const actor = { id: 'ops', kind: 'person', scopes: [] } as const;
        await house.controller.command('s0/prod', 'abort', 'bench', actor, 'c1');
      }
      if (ordered && abortMs === 0 && lane().state !== 'Canary' && lane().state !== 'Evaluating')
        abortMs = performance.now() - begun - 200;
      await systemClock.sleep(50);
    }
    return { lanes: all.length, silentMs, abortMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
