import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { announce } from './app/announce.ts';
import { createBrokenMark } from './app/broken-mark.ts';
import type { AppContext } from './app/context.ts';
import { createHealth, type Health } from './app/health.ts';
import { serveHttp } from './app/http.ts';
import { keepLeading, standBy } from './app/leadership.ts';
import { createLifecycle, type Lifecycle } from './app/lifecycle.ts';
import { isEverywhere, listen, namesOf } from './app/listener.ts';
import { createLogSubjects } from './app/log-subjects.ts';
import { openLedger } from './app/open-ledger.ts';
import { opened } from './app/opened.ts';
import { openPlanes, type Planes } from './app/planes.ts';
import { tickUntilEnd } from './app/ticking.ts';
import { type Io, progress } from './cli/io.ts';
import type { ServerPlaces } from './cli/parts.ts';
import { type Anchoring, createAnchoring } from './controller/anchoring.ts';
import type { Tracing } from './controller/flow/tracing.ts';
import type { Platform } from './declaration/platform.ts';
import { steadyClock } from './io/steady-clock.ts';
import { guarded } from './ledger/guarded.ts';
import { type Journal, openJournal } from './ledger/journal.ts';
import { isShared, LedgerUnavailable } from './ledger/port.ts';
import { newSecret } from './server/auth.ts';
import { SERVER_FOLDS, SNAPSHOTS } from './server/folds.ts';
import { createMeasured, withNode } from './server/metrics/measured.ts';
import { onlyThisMachine } from './server/reads.ts';
import type { WiringContext } from './wiring/context.ts';
import { countedWiring } from './wiring/counted.ts';
import { removeServeFile } from './wiring/serve-file.ts';
import { wiring as allAdapters, type Wiring } from './wiring/wiring.ts';

/** Why a server ended: it was told to, or another one leads. */
export type End = 'stopped' | 'not leading';

/** A server that runs. */
export interface App {
  readonly url: string;
  /** Token of the local administrator. */
  readonly token: string;
  readonly health: Health;
  readonly planes: Planes;
  /** Settles once everything is stopped. */
  readonly ended: Promise<End>;
  /** Stops everything, last in, first out. */
  stop(): Promise<End>;
}

const HEAL_EVERY_MS = 5_000;
const GATE_EVERY_MS = 500;

const tickOf = (platform: Platform): number =>
  Math.max(100, Math.min(1_000, ...platform.environments.map((e) => e.prometheus.scrapeIntervalMs / 4)));

/** A secret of this work folder: made once, readable by its owner alone. */
function keepSecret(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const secret = newSecret();
  writeFileSync(file, secret, { mode: 0o600 });
  chmodSync(file, 0o600);
  return secret;
}

/** What is done beside the loop, each at its own pace: what hangs must not hold up an abort. */
function startChores(context: AppContext, planes: Planes, anchoring: Anchoring): void {
  const { lifecycle, now } = context;
  const { gate, gitops } = planes;
  lifecycle.every('heal', HEAL_EVERY_MS, 'a part does not start again', () => planes.delivering.heal());
  for (const { name, everyMs, failing, work } of gitops.chores)
    lifecycle.every(name, everyMs, failing, () => work(now()));
  if (gate)
    lifecycle.every('gate', GATE_EVERY_MS, 'the gate could not evaluate pull requests', () =>
      gate.tick(now()),
    );
  const { promoter } = gitops;
  if (promoter)
    lifecycle.every('promotions', GATE_EVERY_MS, 'promotions could not be evaluated', () =>
      promoter.tick(now()),
    );
  lifecycle.every('anchors', anchoring.everyMs, 'the ledger could not be anchored', async () => {
    await anchoring.tick(now());
    const { trouble } = anchoring.status();
    if (trouble?.code === 'CHAIN_BROKEN') context.chain.found(trouble.message);
  });
}

/** Opens what a leading server is made of, one part after another; each says how it is stopped. */
async function lead(context: AppContext, journal: Journal) {
  const { io, platform, work, wiring, lifecycle, now } = context;
  const line = progress(io);
  const credentialsFile = join(work, 'alertmanager.token');
  const alertmanagerToken = keepSecret(credentialsFile);
  const desired = opened(await wiring.openDesired(context));
  const anchoring = createAnchoring({ ledger: journal, store: desired.anchors, warn: context.warn });
  const publicUrl = () => platform.signIn.people?.publicUrl ?? context.listener.url;
  const planes = await openPlanes(context, {
    journal,
    repository: desired.repository,
    credentialsFile,
    publicUrl,
    progress: (what) => line.say(`starting ${what} …`),
  });
  const { tokens } = await serveHttp(context, planes, {
    journal,
    alertmanagerToken,
    anchoring,
    publicUrl,
  });
  line.done();
  announce(context, planes.delivering.environments, tokens.local);
  lifecycle.onStop(() => removeServeFile(work, context.listener.url));
  startChores(context, planes, anchoring);
  const lookOver = async () => {
    await planes.controller.tick();
    await planes.budgets.tick(now());
    await planes.governance.tick(now());
  };
  const tick = () => context.tracing.span('tick', {}, lookOver);
  const ticking = tickUntilEnd(context, tick, tickOf(platform), context.measured);
  return { planes, token: tokens.local, ticking };
}

/** The same, where each run of repeated work is a trace. */
const tracedLifecycle = (inner: Lifecycle, tracing: Tracing): Lifecycle => ({
  ...inner,
  every: (name, ms, failing, work) =>
    inner.every(name, ms, failing, () => tracing.span(name, {}, async () => work())),
});

/** Opens the ledger, which is locked from here on, or refused: what there is before anything listens. */
async function openContext(io: Io, options: ServerPlaces, adapters: Wiring) {
  const { platform, directory, work, root } = options;
  mkdirSync(work, { recursive: true, mode: 0o700 });
  const measured = withNode(createMeasured());
  const log = await adapters.openLog(io.env, io.err);
  const subjects = createLogSubjects();
  const warn: WiringContext['warn'] = (details, message) =>
    log.warn({ ...subjects.of(details), ...details }, message);
  const { tracing, close: closeTracing } = opened(await adapters.openTracing(io.env, warn));
  const wiring = countedWiring(adapters, { call: measured.call, tracing });
  const clock = steadyClock((byMs) =>
    warn({ byMs }, 'the clock of this machine jumped: not followed until it has lasted for 10 minutes'),
  );
  const wired = { platform, directory, work, root, env: io.env, clock, now: () => clock.now(), warn };
  const health = createHealth();
  const mark = createBrokenMark(work);
  const { ledger: store, chain } = guarded(await openLedger(wired, wiring), (why) => {
    const { next } = new LedgerUnavailable('LEDGER_BROKEN', why);
    mark.set();
    health.set('chain', `${why}; nothing is decided. Next: ${next}`);
    warn({ error: why, next }, 'the ledger is broken: nothing is decided any more');
  });
  const lifecycle = tracedLifecycle(createLifecycle(warn, measured.worked), tracing);
  lifecycle.onStop(closeTracing);
  let open: { close(): Promise<void> } = store;
  lifecycle.onStop(() => open.close());
  /** Reads the ledger; it closes it as well, since it may have a snapshot to write. */
  const openServerJournal = async (): Promise<Journal> => {
    await mark.check(store);
    const journal = await openJournal(store, SERVER_FOLDS, { ...SNAPSHOTS, now: wired.now, warn }, measured);
    open = journal;
    return journal;
  };
  return { openServerJournal, lifecycle, log, subjects, wired, wiring, health, chain, measured, tracing };
}

/**
 * Starts a server: it listens, waits until it leads where servers share a ledger, opens every part and begins to
 * tick. A part that cannot be opened stops what was started before it, and the reason is thrown as a `CliError`.
 */
export async function startApp(io: Io, options: ServerPlaces, adapters: Wiring = allAdapters): Promise<App> {
  const { openServerJournal, wired, ...parts } = await openContext(io, options, adapters);
  const { lifecycle } = parts;
  const end = new AbortController();
  const forward = () => end.abort();
  if (io.signal.aborted) forward();
  io.signal.addEventListener('abort', forward, { once: true });
  let lost = false;
  try {
    const context: AppContext = {
      ...wired,
      ...parts,
      io,
      listener: await listen(options.host, options.port, lifecycle),
      allowedHosts: namesOf(options),
      openReads: onlyThisMachine(options.host, options.allowedHosts),
      ending: end.signal,
      lost: () => lost,
    };
    if (isEverywhere(options.host) && options.allowedHosts.length === 0)
      io.err('note: requests from elsewhere are refused until --allow-host gives the name that they use\n');
    // It answers that it lives while a long ledger is read.
    const journal = await openServerJournal();
    if (isShared(journal)) {
      await standBy(context, journal);
      keepLeading(context, journal, () => {
        lost = true;
        end.abort();
      });
    }
    // What the leader before wrote last.
    await journal.follow();
    const { planes, token, ticking } = await lead(context, journal);
    const ended = ticking.then(async (): Promise<End> => {
      await lifecycle.stop();
      io.signal.removeEventListener('abort', forward);
      return lost ? 'not leading' : 'stopped';
    });
    const stop = () => {
      end.abort();
      return ended;
    };
    return { url: context.listener.url, token, health: context.health, planes, ended, stop };
  } catch (thrown) {
    await lifecycle.stop();
    throw thrown;
  }
}
