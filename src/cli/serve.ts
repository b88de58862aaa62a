import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { z } from 'zod';
import { openBudgets } from '../controller/budgets.ts';
import { type Controller, createController } from '../controller/loop.ts';
import { lanesOf, type Platform } from '../declaration/platform.ts';
import { writeAtomic } from '../delivery/adapters/process/files.ts';
import type { Revision } from '../delivery/events.ts';
import type { Stack, StackOptions } from '../embedded/stack.ts';
import type { DesiredPort } from '../gitops/port.ts';
import { messageOf, type Result } from '../kit/result.ts';
import { systemClock } from '../kit/time.ts';
import { type LedgerPort, LedgerUnavailable } from '../ledger/port.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { createApp } from '../server/app.ts';
import { loadTokens, newSecret } from '../server/auth.ts';
import { createBudgetHouse } from '../server/budgets.ts';
import { createHouseViews } from '../server/house.ts';
import { createMetrics } from '../server/metrics.ts';
import { runningServer, serveFile } from './client.ts';
import { readPlatform } from './files.ts';
import { CliError, EXIT, type Exit, type Io, progress } from './io.ts';

interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** What the composition root hands to the server. */
export interface ServeAdapters {
  readonly root: string;
  openLedger(work: string, id: string): Promise<LedgerPort>;
  startStack(options: StackOptions): Promise<Result<Stack, string>>;
  openDesired(platform: Platform, work: string, directory: string): Promise<DesiredPort>;
  openMetrics(
    platform: Platform,
    environment: string,
    address: string,
    env: Io['env'],
  ): Promise<Result<MetricsPort, string>>;
  log(io: Io): Promise<Log>;
}

export interface ServeOptions {
  readonly work?: string;
  readonly port: string;
  readonly host: string;
  readonly allowHost: string[];
}

const alertsSchema = z.object({
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
    .max(10_000),
});

async function openLedger(work: string, platform: Platform, adapters: ServeAdapters): Promise<LedgerPort> {
  try {
    return await adapters.openLedger(work, platform.name);
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

const tickOf = (platform: Platform): number =>
  Math.max(100, Math.min(1_000, ...platform.environments.map((e) => e.prometheus.scrapeIntervalMs / 4)));

/** Deliveries of Alertmanager are hints: recorded once a change, and confirmed at the next look. */
function alertRecorder(platform: Platform, ledger: LedgerPort, now: () => number) {
  const known = new Map<string, string>();
  const lanes = new Set(
    lanesOf(platform).map(({ service, environment }) => `${service.name}/${environment.name}`),
  );
  return async (body: unknown): Promise<void> => {
    const { alerts } = alertsSchema.parse(body);
    for (const alert of alerts) {
      const state = `${alert.status}@${alert.startsAt}`;
      if (known.get(alert.fingerprint) === state) continue;
      known.set(alert.fingerprint, state);
      const lane = `${alert.labels['service']}/${alert.labels['environment']}`;
      if (!lanes.has(lane)) continue;
      const { status, labels, startsAt, fingerprint } = alert;
      await ledger.append([
        {
          at: now(),
          type: 'alert.received',
          v: 1,
          subject: lane,
          actor: { id: 'alertmanager', kind: 'machine' },
          cause: null,
          data: {
            id: fingerprint,
            status,
            startsAt,
            alert: labels['alertname'] ?? '',
            slo: labels['slo'] ?? '',
          },
        },
      ]);
    }
  };
}

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
  const ledger = await openLedger(work, platform, adapters);
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

const STARTING = { type: 'about:blank', title: 'Starting', status: 503, detail: 'the server is starting' };

/** Listens before anything else starts: Alertmanager must know the address. Until then every answer is 503. */
async function listenEarly(places: Places, closing: Closing) {
  let handler: Handler = () =>
    new Response(JSON.stringify(STARTING), {
      status: 503,
      headers: { 'content-type': 'application/problem+json' },
    });
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

async function openStack(options: StackOptions, adapters: ServeAdapters, closing: Closing): Promise<Stack> {
  const started = await adapters.startStack(options);
  if (!started.ok)
    throw new CliError(EXIT.unreachable, {
      code: 'PROGRAMS_MISSING',
      message: started.error,
      next: 'then run this again',
    });
  closing.push(() => started.value.stop());
  return started.value;
}

async function openMetricsPorts(io: Io, platform: Platform, stack: Stack, adapters: ServeAdapters) {
  const ports = new Map<string, MetricsPort>();
  for (const { name, prometheus } of stack.environments) {
    const opened = await adapters.openMetrics(platform, name, prometheus, io.env);
    if (!opened.ok)
      throw new CliError(EXIT.usage, {
        code: 'SECRET_MISSING',
        message: `Prometheus of ${name}: ${opened.error}`,
        next: 'set it and start again',
      });
    ports.set(name, opened.value);
  }
  return ports;
}

/** Tells where everything is: people on stdout, the command line in a file that only its owner reads. */
function announce(io: Io, platform: Platform, work: string, url: string, token: string, stack: Stack): void {
  const { path } = platform.repository;
  const repository = path === 'embedded' ? join(work, 'desired') : path;
  const edges = Object.fromEntries(
    stack.environments.map((e) => [
      e.name,
      Object.fromEntries(platform.services.map((s) => [s.name, e.edgeOf(s.name)])),
    ]),
  );
  const prometheus = Object.fromEntries(stack.environments.map((e) => [e.name, e.prometheus]));
  const file = { pid: process.pid, url, token, startedAt: systemClock.now(), edges, prometheus, repository };
  writeAtomic(serveFile(work), JSON.stringify(file), 0o600);
  io.out(`Sluice serves ${platform.name} at ${url}\n`);
  io.out(`Desired state: ${repository} (commit a version there to release it)\n`);
  for (const [name, services] of Object.entries(edges)) {
    const list = Object.entries(services).map(([service, address]) => `${service} ${address}`);
    io.out(`Edge of ${name}: ${list.join(', ')}\n`);
  }
}

/** What a revision is, by what the lane remembers of it. */
function revisionIn(controller: Controller | null, lane: string, revision: string): Revision | null {
  const state = controller?.lanes().find((v) => v.state.lane === lane)?.state;
  const known = [state?.release?.target, state?.stable, state?.release?.from];
  return known.find((r) => r?.revision === revision) ?? null;
}

async function serveWith(
  io: Io,
  platform: Platform,
  places: Places,
  ledger: LedgerPort,
  adapters: ServeAdapters,
  closing: Closing,
): Promise<Exit> {
  const { work } = places;
  const line = progress(io);
  const log = await adapters.log(io);
  const now = () => systemClock.now();
  const { url, answer } = await listenEarly(places, closing);
  const credentialsFile = join(work, 'alertmanager.token');
  const alertmanagerToken = keepSecret(credentialsFile);
  const desired = await adapters.openDesired(platform, work, places.directory);
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
  const stack = await openStack(stackOptions, adapters, closing);
  const metricsPorts = await openMetricsPorts(io, platform, stack, adapters);
  const delivery = (environment: string) => stack.environments.find((e) => e.name === environment)!.delivery;
  const ports = {
    clock: systemClock,
    ledger,
    desired,
    metrics: (e: string) => metricsPorts.get(e)!,
    delivery,
  };
  const controller = createController(platform, ports, log);
  running = controller;
  await controller.load();
  const tokens = await loadTokens(ledger);
  const metrics = createMetrics(controller);
  controller.onRecords((records) => metrics.records(records));
  let unready: string | null = null;
  const keeper = await openBudgets({ platform, ledger, metrics: (e) => controller.metrics(e) });
  const metricsOf = (e: string) => metricsPorts.get(e);
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
    allowedHosts: places.allowHost,
    onAlerts: alertRecorder(platform, ledger, now),
    now,
    newId: () => randomUUID(),
  });
  answer((req) => app.fetch(req));
  line.done();
  announce(io, platform, work, url, tokens.local, stack);
  closing.push(async () => rmSync(serveFile(work), { force: true }));
  const healing = setInterval(() => {
    const told = (error: unknown) => log.warn({ error: messageOf(error) }, 'a part does not start again');
    stack.heal().catch(told);
  }, HEAL_EVERY_MS);
  closing.push(async () => clearInterval(healing));
  const tick = async () => {
    await controller.tick();
    await keeper.look(now());
  };
  await loop(io, tick, tickOf(platform), metrics, log, (why) => {
    unready = why;
  });
  return EXIT.yes;
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
