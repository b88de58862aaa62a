import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { openAlerts } from '../controller/alerts.ts';
import { type BudgetKeeper, openBudgets } from '../controller/budgets.ts';
import { type Asked, followCluster } from '../controller/followed.ts';
import { createGatekeeper, type Gatekeeper } from '../controller/gate/keeper.ts';
import { keepPolicy, type OpenKept } from '../controller/gate/kept-policy.ts';
import type { PullReader } from '../controller/gate/reading.ts';
import { type GovernanceKeeper, openGovernance } from '../controller/governance.ts';
import { type Controller, createController } from '../controller/loop.ts';
import { lastEnvironments, MEASURED_MS } from '../controller/measures.ts';
import type { Platform } from '../declaration/platform.ts';
import { writeAtomic } from '../delivery/adapters/process/files.ts';
import type { Revision } from '../delivery/events.ts';
import type { DeliveryPort } from '../delivery/port.ts';
import type { Stack, StackOptions } from '../embedded/stack.ts';
import type { ForgePort } from '../gitops/forge.ts';
import type { LoadPort } from '../gitops/load.ts';
import type { DesiredRepository } from '../gitops/port.ts';
import type { SyncPort } from '../gitops/sync.ts';
import type { PolicyPort } from '../governance/port.ts';
import { messageOf, type Result } from '../kit/result.ts';
import { systemClock } from '../kit/time.ts';
import { isShared, type LedgerPort, LedgerUnavailable, type SharedLedger } from '../ledger/port.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { createApp } from '../server/app.ts';
import { loadTokens, newSecret } from '../server/auth.ts';
import { createBudgetHouse } from '../server/budgets.ts';
import { createGovernanceHouse } from '../server/governance.ts';
import { createHouseViews } from '../server/house.ts';
import { createMetrics } from '../server/metrics.ts';
import type { NotifierParts } from '../server/notify/notifier.ts';
import type { SignInDesk } from '../server/sign-in.ts';
import { runningServer, serveFile } from './client.ts';
import { readPlatform } from './files.ts';
import { CliError, EXIT, type Exit, type Io, progress } from './io.ts';
import { repositoryOf, secretMissing } from './places.ts';
import {
  addressIn,
  type DeliveredEnvironment,
  type Delivering,
  openDelivering,
} from './serving/delivering.ts';
import { openGitops, orderHoldOf } from './serving/gitops.ts';
import { standBy } from './serving/standing-by.ts';

interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** A policy engine, and the compiled policy that is kept in the ledger beside its decisions. */
export interface OpenPolicy {
  readonly port: PolicyPort;
  readonly wasm: Uint8Array | null;
}

/** The desired state, and how refs of ours get to where it lives; null: it lives here. */
export interface OpenDesired {
  readonly repository: DesiredRepository;
  readonly push: ((refspec: string) => Promise<void>) | null;
}

/** Rollouts of every environment that a cluster delivers. */
export interface Clusters {
  delivery(environment: string): DeliveryPort;
  readonly asked: Asked;
  close(): Promise<void>;
}

export interface OpenSync {
  readonly port: SyncPort;
  /** What Argo CD's notifications carry; null: none are taken. */
  readonly webhookToken: string | null;
  close(): Promise<void>;
}

/** What the composition root hands to the server. */
export interface ServeAdapters {
  readonly root: string;
  openLedger(work: string, platform: Platform, env: Io['env']): Promise<Result<LedgerPort, string>>;
  startStack(options: StackOptions): Promise<Result<Stack, string>>;
  /** The clusters in which Argo Rollouts delivers. */
  openClusters(platform: Platform, env: Io['env'], warn: Log['warn']): Promise<Result<Clusters, string>>;
  openDesired(
    platform: Platform,
    work: string,
    directory: string,
    env: Io['env'],
    warn: Log['warn'],
  ): Promise<Result<OpenDesired, string>>;
  /** Null: no forge is declared. */
  openForge(platform: Platform, work: string, env: Io['env']): Promise<Result<ForgePort | null, string>>;
  openPolicy(platform: Platform, directory: string, env: Io['env']): Promise<Result<OpenPolicy, string>>;
  /** Reads what pull requests bring, away from what decides. */
  openReader(platform: Platform): Promise<PullReader>;
  openSignIn(platform: Platform, env: Io['env'], now: () => number): Promise<Result<SignInDesk, string>>;
  readonly openKept: OpenKept;
  /** Puts the head of the ledger where a cut tail would be missed. */
  anchor(
    repository: string,
    ledger: LedgerPort,
    now: number,
    push: OpenDesired['push'],
  ): Promise<Result<null, string>>;
  openMetrics(
    platform: Platform,
    environment: string,
    address: string,
    env: Io['env'],
  ): Promise<Result<MetricsPort, string>>;
  /** Who sends requests of our own, and where services answer. */
  openLoad(
    work: string,
    env: Io['env'],
    addressOf: (environment: string, service: string) => string | null,
  ): Promise<LoadPort>;
  /** Who applies Git to the environments. */
  openSyncPort(
    platform: Platform,
    delivery: (environment: string) => DeliveryPort,
    repository: DesiredRepository,
    env: Io['env'],
    warn: Log['warn'],
  ): Promise<Result<OpenSync, string>>;
  openReceivers(platform: Platform, env: Io['env']): Promise<Result<NotifierParts['receivers'], string>>;
  log(io: Io): Promise<Log>;
}

export interface ServeOptions {
  readonly work?: string;
  readonly port: string;
  readonly host: string;
  readonly allowHost: string[];
}

async function openLedger(
  io: Io,
  work: string,
  platform: Platform,
  adapters: ServeAdapters,
): Promise<LedgerPort> {
  try {
    const opened = await adapters.openLedger(work, platform, io.env);
    if (!opened.ok) throw secretMissing(opened.error);
    return opened.value;
  } catch (thrown) {
    if (!(thrown instanceof LedgerUnavailable)) throw thrown;
    const holder = runningServer(work);
    const who = holder ? `process ${holder.pid} at ${holder.url} holds it` : 'another process holds it';
    const locked = thrown.code === 'LEDGER_LOCKED';
    throw new CliError(locked ? EXIT.no : EXIT.unreachable, {
      code: thrown.code,
      message: locked ? `the ledger in ${work} has its writer already: ${who}` : thrown.message,
      next: locked
        ? 'use that server, or choose another folder with --work'
        : 'free the disk or make the folder writable',
    });
  }
}

async function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  return new Promise((resolvePort, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new CliError(EXIT.no, {
              code: 'PORT_TAKEN',
              message: `port ${port} on ${host} is taken`,
              next: 'choose another with --port, or 0 for any free one',
            })
          : error,
      ),
    );
    server.listen(port, host, () => {
      const address = server.address();
      resolvePort(address && typeof address === 'object' ? address.port : port);
    });
  });
}

function keepSecret(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const secret = newSecret();
  writeFileSync(file, secret, { mode: 0o600 });
  chmodSync(file, 0o600);
  return secret;
}

const HEAL_EVERY_MS = 5_000;
const GATE_EVERY_MS = 500;
/** An anchor is at most so far behind. */
const ANCHOR_EVERY_MS = 8_000;

const tickOf = (platform: Platform): number =>
  Math.max(100, Math.min(1_000, ...platform.environments.map((e) => e.prometheus.scrapeIntervalMs / 4)));

/** `sluice serve [dir]`: the loop, the API and the console, over everything this machine needs. */
export async function serveCommand(
  io: Io,
  where: string,
  options: ServeOptions,
  adapters: ServeAdapters,
): Promise<Exit> {
  const platform = readPlatform(io, where);
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new CliError(EXIT.usage, {
      code: 'BAD_PORT',
      message: `--port is a number from 0 to 65535, not "${options.port}"`,
    });
  const directory = resolve(io.cwd, where);
  const work = resolve(io.cwd, options.work ?? join(where, '.sluice'));
  mkdirSync(work, { recursive: true, mode: 0o700 });
  const ledger = await openLedger(io, work, platform, adapters);
  const closing: (() => Promise<void>)[] = [() => ledger.close()];
  try {
    return await serveWith(
      io,
      platform,
      { directory, work, port, host: options.host, allowHost: options.allowHost },
      ledger,
      adapters,
      closing,
    );
  } finally {
    for (const close of closing.reverse())
      await close().catch((error: unknown) => io.err(`${messageOf(error)}\n`));
  }
}

interface Places {
  readonly directory: string;
  readonly work: string;
  readonly port: number;
  readonly host: string;
  readonly allowHost: readonly string[];
}

type Handler = (req: Request) => Response | Promise<Response>;
type Closing = (() => Promise<void>)[];

const starting = (title: string, detail: string): Handler => {
  const body = JSON.stringify({ type: 'about:blank', title, status: 503, detail });
  const headers = { 'content-type': 'application/problem+json' };
  // It lives: whoever restarts what does not answer must not restart a server that stands by.
  return (req) =>
    new URL(req.url).pathname === '/healthz'
      ? new Response(JSON.stringify({ ok: true }), { headers: { 'content-type': 'application/json' } })
      : new Response(body, { status: 503, headers });
};

/** Listens before anything else starts: Alertmanager must know the address. Until then every answer is 503. */
async function listenEarly(places: Places, closing: Closing) {
  let handler: Handler = starting('Starting', 'the server is starting');
  const server = createServer(getRequestListener((req) => handler(req)));
  const port = await listen(server, places.host, places.port);
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return {
    url: `http://${places.host}:${port}`,
    answer: (next: Handler) => {
      handler = next;
    },
  };
}

const LEAD_EVERY_MS = 1_500;

/** Goes on leading. Once another server leads, this one ends at once: what it knows is no longer what is so. */
function keepLeading(io: Io, ledger: SharedLedger, closing: Closing, log: Log): { io: Io; lost(): boolean } {
  const stop = new AbortController();
  io.signal.addEventListener('abort', () => stop.abort(), { once: true });
  let lost = false;
  closing.push(
    repeat(
      LEAD_EVERY_MS,
      async () => {
        if (await ledger.lead()) return;
        lost = true;
        log.warn({}, 'another server leads: this one ends');
        stop.abort();
      },
      (error) => log.warn({ error: messageOf(error) }, 'the ledger cannot be led now'),
    ),
  );
  return { io: { ...io, signal: stop.signal }, lost: () => lost };
}

async function openMetricsPorts(
  io: Io,
  platform: Platform,
  { environments }: Delivering,
  adapters: ServeAdapters,
) {
  const ports = new Map<string, MetricsPort>();
  for (const { name, prometheus } of environments) {
    const opened = await adapters.openMetrics(platform, name, prometheus, io.env);
    if (!opened.ok) throw secretMissing(`Prometheus of ${name}: ${opened.error}`);
    ports.set(name, opened.value);
  }
  return ports;
}

/** Tells where everything is: people on stdout, the command line in a file that only its owner reads. */
function announce(
  io: Io,
  platform: Platform,
  work: string,
  url: string,
  token: string,
  delivering: Delivering,
): void {
  const repository = repositoryOf(platform, work);
  const edgesOf = (e: DeliveredEnvironment) =>
    platform.services.flatMap(({ name }): [string, string][] => {
      const edge = e.edgeOf(name);
      return edge === null ? [] : [[name, edge]];
    });
  const edges = Object.fromEntries(
    delivering.environments.map((e) => [e.name, Object.fromEntries(edgesOf(e))]),
  );
  const prometheus = Object.fromEntries(delivering.environments.map((e) => [e.name, e.prometheus]));
  const file = { pid: process.pid, url, token, startedAt: systemClock.now(), edges, prometheus, repository };
  writeAtomic(serveFile(work), JSON.stringify(file), 0o600);
  io.out(`Sluice serves ${platform.name} at ${url}\n`);
  const how =
    platform.forge?.at.kind === 'local'
      ? 'clone it, push a branch, then: sluice pull open'
      : platform.forge
        ? 'it changes by pull request'
        : 'commit a version there to release it';
  io.out(`Desired state: ${repository} (${how})\n`);
  for (const [name, services] of Object.entries(edges)) {
    const list = Object.entries(services).map(([service, address]) => `${service} ${address}`);
    if (list.length > 0) io.out(`Edge of ${name}: ${list.join(', ')}\n`);
  }
}

/** What a revision is, by what the lane remembers of it. */
function revisionIn(controller: Controller | null, lane: string, revision: string): Revision | null {
  const state = controller?.lanes().find((v) => v.state.lane === lane)?.state;
  const known = [state?.release?.target, state?.stable, state?.release?.from];
  return known.find((r) => r?.revision === revision) ?? null;
}

async function serveWith(
  given: Io,
  platform: Platform,
  places: Places,
  ledger: LedgerPort,
  adapters: ServeAdapters,
  closing: Closing,
): Promise<Exit> {
  const { work } = places;
  const line = progress(given);
  const log = await adapters.log(given);
  const now = () => systemClock.now();
  const { url, answer } = await listenEarly(places, closing);
  const { allowHost: allowedHosts } = places;
  const warn: Log['warn'] = (details, message) => log.warn(details, message);
  if (isShared(ledger))
    await standBy({ io: given, platform, ledger, root: adapters.root, allowedHosts, warn, answer });
  const { io, lost } = isShared(ledger)
    ? keepLeading(given, ledger, closing, log)
    : { io: given, lost: () => false };
  const credentialsFile = join(work, 'alertmanager.token');
  const alertmanagerToken = keepSecret(credentialsFile);
  const opened = await adapters.openDesired(platform, work, places.directory, io.env, warn);
  if (!opened.ok) throw secretMissing(opened.error);
  const { push } = opened.value;
  let running: Controller | null = null;
  const stackOptions: StackOptions = {
    platform,
    directory: places.directory,
    work,
    root: adapters.root,
    env: io.env,
    webhook: { url: `${url}/webhooks/alertmanager`, credentialsFile },
    revisionOf: (lane, revision) => revisionIn(running, lane, revision),
    progress: (what) => line.say(`starting ${what} …`),
  };
  const delivering = await openDelivering(io, stackOptions, adapters, warn, closing, lost);
  const followed = followCluster(platform, opened.value.repository, delivering.asked);
  const desired = followed.repository;
  const metricsPorts = await openMetricsPorts(io, platform, delivering, adapters);
  const delivery = (environment: string) => delivering.of(environment).delivery;
  let governance: GovernanceKeeper | null = null;
  const ports = {
    clock: systemClock,
    ledger,
    desired,
    metrics: (e: string) => metricsPorts.get(e)!,
    delivery,
    wanted: followed.wanted,
    hold: (lane: string, target: Revision, at: number) =>
      governance?.hold(lane, target, at) ?? orderHoldOf(platform, running, lane, target),
  };
  const controller = createController(platform, ports, log);
  running = controller;
  await controller.load();
  const tokens = await loadTokens(ledger);
  const metrics = createMetrics(controller);
  controller.onRecords((records) => metrics.records(records));
  let unready: string | null = null;
  const look = (e: string) => controller.metrics(e);
  const keeper = await openBudgets({ platform, ledger, metrics: look });
  governance = await openGovernance({ platform, ledger, metrics: look });
  const metricsOf = (e: string) => metricsPorts.get(e);
  const publicUrl = () => platform.signIn.people?.publicUrl ?? url;
  const gate = await openGate({
    io,
    platform,
    places,
    adapters,
    closing,
    ledger,
    governance,
    controller,
    keeper,
    metricsOf,
    log,
    now,
    publicUrl,
  });
  const receivers = await adapters.openReceivers(platform, io.env);
  if (!receivers.ok) throw secretMissing(receivers.error);
  const sync = await adapters.openSyncPort(platform, delivery, desired, io.env, warn);
  if (!sync.ok) throw secretMissing(sync.error);
  closing.push(() => sync.value.close());
  const gitops = await openGitops({
    platform,
    controller,
    ledger,
    repository: desired,
    sync: sync.value.port,
    gate,
    receivers: receivers.value,
    openLoad: () => adapters.openLoad(work, io.env, addressIn(platform, delivering)),
    publicUrl,
    now,
    warn,
  });
  metrics.watch({
    freezes: () => governance?.freezes(now()) ?? [],
    pulls: () => gate?.pulls() ?? [],
    measures: (service) => gitops.measures(service, now(), MEASURED_MS),
    inSync: (lane) => gitops.sync.of(lane)?.word ?? null,
  });
  const signIn = await adapters.openSignIn(platform, io.env, now);
  if (!signIn.ok) throw secretMissing(signIn.error);
  const house = { platform, ledger, governance, gate, now, openKept: adapters.openKept };
  const app = createApp({
    house: createHouseViews({ platform, controller, ledger, now }),
    budgets: createBudgetHouse({ platform, controller, ledger, keeper, metricsOf, now }),
    slos: platform.slos.map((slo) => slo.name),
    controller,
    ledger,
    tokens,
    metrics,
    unready: () => unready,
    consoleDir: join(adapters.root, 'console', 'dist'),
    alertmanagerToken,
    allowedHosts,
    onAlerts: await openAlerts(platform, ledger, (e) => controller.hint(e), now),
    signIn: signIn.value,
    governance,
    governanceHouse: createGovernanceHouse(house),
    gate,
    promoter: gitops.promoter,
    sync: gitops.sync,
    measures: gitops.measures,
    lastEnvironments: lastEnvironments(platform),
    onPush: () => desired.hint(),
    argoCdToken: sync.value.webhookToken,
    onSync: () => gitops.sync.look(now()),
    branch: platform.forge?.branch ?? platform.repository.branch,
    publicUrl,
    now,
    newId: () => randomUUID(),
  });
  answer((req) => app.fetch(req));
  line.done();
  announce(io, platform, work, url, tokens.local, delivering);
  closing.push(async () => (lost() ? undefined : rmSync(serveFile(work), { force: true })));
  const every = (ms: number, what: string, work: () => Promise<unknown>) =>
    closing.push(repeat(ms, work, (error) => log.warn({ error: messageOf(error) }, what)));
  every(HEAL_EVERY_MS, 'a part does not start again', () => delivering.heal());
  for (const { everyMs, failing, work } of gitops.chores) every(everyMs, failing, () => work(now()));
  // A forge that hangs must not hold up an abort: the gate has a loop of its own.
  if (gate)
    every(GATE_EVERY_MS, 'the gate could not look', async () => {
      await gate.look(now());
      await gitops.promoter?.look(now());
    });
  const repository = repositoryOf(platform, work);
  every(ANCHOR_EVERY_MS, 'the ledger could not be anchored', async () => {
    const anchored = await adapters.anchor(repository, ledger, now(), push);
    if (!anchored.ok) log.warn({ error: anchored.error }, 'the ledger could not be anchored');
  });
  const tick = async () => {
    await controller.tick();
    await keeper.look(now());
    await governance?.look(now());
  };
  await loop(io, tick, tickOf(platform), metrics, log, (why) => {
    unready = why;
  });
  return lost() ? EXIT.no : EXIT.yes;
}

/** Does some work again and again, one at a time; what it gives ends that, and waits for what is under way. */
function repeat(
  ms: number,
  work: () => Promise<unknown>,
  failed: (error: unknown) => void,
): () => Promise<void> {
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      await work().catch(failed);
      await systemClock.sleep(ms, stop.signal);
    }
  };
  const running = run();
  return async () => {
    stop.abort();
    await running;
  };
}

interface GateWiring {
  readonly io: Io;
  readonly platform: Platform;
  readonly places: Places;
  readonly adapters: ServeAdapters;
  readonly closing: Closing;
  readonly ledger: LedgerPort;
  readonly governance: GovernanceKeeper;
  readonly controller: Controller;
  readonly keeper: BudgetKeeper;
  metricsOf(environment: string): MetricsPort | undefined;
  readonly log: Log;
  now(): number;
  publicUrl(): string;
}

/** The gate over the declared forge and policy; null where no forge is declared. */
async function openGate(w: GateWiring): Promise<Gatekeeper | null> {
  const { io, platform, places, adapters, governance } = w;
  const forge = await adapters.openForge(platform, places.work, io.env);
  if (!forge.ok) throw secretMissing(forge.error);
  const policy = await adapters.openPolicy(platform, places.directory, io.env);
  if (!policy.ok) throw new CliError(EXIT.usage, { code: 'POLICY', message: policy.error });
  if (!forge.value) return null;
  const reader = await adapters.openReader(platform);
  w.closing.push(() => reader.close());
  const { port, wasm } = policy.value;
  const identity = await port.identity();
  if (identity.ok && wasm) {
    await keepPolicy(governance, await w.ledger.read({ type: 'policy.kept' }), identity.value, wasm, w.now());
  }
  return createGatekeeper({
    platform,
    forge: forge.value,
    policy: port,
    reader,
    governance,
    metricsPort: (e) => w.metricsOf(e),
    look: (e) => w.controller.metrics(e),
    lanes: () => w.controller.lanes().map((v) => v.state),
    adjustments: (slo, e) => w.keeper.adjustments(slo, e),
    pullUrl: (number) => `${w.publicUrl()}/pulls/${number}`,
    now: w.now,
    warn: (details, message) => w.log.warn(details, message),
  });
}

/** Ticks until asked to stop. A ledger that takes no record stops all deciding until it does again. */
async function loop(
  io: Io,
  tick: () => Promise<void>,
  tickMs: number,
  metrics: { tick(seconds: number): void },
  log: { warn(details: object, message: string): void },
  setUnready: (why: string | null) => void,
): Promise<void> {
  while (!io.signal.aborted) {
    const begun = performance.now();
    try {
      await tick();
      setUnready(null);
    } catch (thrown) {
      const why = messageOf(thrown);
      setUnready(why);
      log.warn(
        { error: why },
        thrown instanceof LedgerUnavailable
          ? 'the ledger takes no record: nothing is decided until it does'
          : 'a look failed; the next one tries again',
      );
    }
    const took = performance.now() - begun;
    metrics.tick(took / 1_000);
    await systemClock.sleep(Math.max(20, tickMs - took), io.signal);
  }
}
