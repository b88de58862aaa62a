import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createBudgetEvaluator } from '../../src/controller/budgets/budget-evaluator.ts';
import { createPromoter } from '../../src/controller/promotion/promoter.ts';
import type { SignIn } from '../../src/declaration/platform.ts';
import { gitDesired } from '../../src/gitops/adapters/git/desired.ts';
import { revisionOf } from '../../src/gitops/desired.ts';
import type { Grant } from '../../src/kit/actor.ts';
import { ok } from '../../src/kit/result.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import type { MetricsPort } from '../../src/runtime/port.ts';
import { createAnswered } from '../../src/server/answered.ts';
import { createApp } from '../../src/server/app.ts';
import { loadTokens } from '../../src/server/auth.ts';
import { createBudgetQueries } from '../../src/server/budgets.ts';
import { createGovernanceQueries } from '../../src/server/governance.ts';
import type { AppParts } from '../../src/server/http.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createQueries } from '../../src/server/queries.ts';
import { createSignIn } from '../../src/server/sign-in.ts';
import { NO_GITOPS } from '../contract/no-gitops.ts';
import { digest, gateHouse, openKept } from '../gate/harness.ts';
import { wasStable } from '../lane.ts';
import { createHouse } from '../sim/harness.ts';
import { WHOLE_CHAIN } from '../whole-chain.ts';

const ADMIN = { id: 'tester', kind: 'person', scopes: ['admin'] } as const;

/** Gives every SLO 100,000 requests with 12 bad ones. */
const COUNTS: MetricsPort = {
  raw: async () => ok([]),
  instant: async (query) =>
    ok([
      {
        labels: { __name__: 'slo:requests:increase_window', slo: 'checkout-availability' },
        samples: [[0, /bad/.test(query) ? 12 : 100_000]],
      },
    ]),
};

/** An HTTP server on a free port of loopback. */
export async function listening(): Promise<{ server: Server; url: string; close(): Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** The governance plane of a server, with a promoter that opens real pull requests. */
async function governed() {
  const house = await gateHouse({ clock: Date.now });
  const desired = gitDesired(house.repository.remote, [
    { service: 'checkout', environment: 'stage', branch: 'main' },
    { service: 'checkout', environment: 'prod', branch: 'main' },
  ]);
  const read = await desired.read();
  if (!read) throw new Error('the repository of the test cannot be read');
  // What is stable on stage is newer than what prod has: there is something to promote.
  const newer = revisionOf({ version: '1.1.0', digest: digest('b'), config: {} });
  const state = { ...read, lanes: new Map([...read.lanes, ['checkout/stage', newer]]) };
  for (const [name, stable] of state.lanes) {
    const lane = house.lanes.get(name);
    if (lane) house.lanes.set(name, { ...lane, stable, ...wasStable(stable), since: house.now() - 60_000 });
  }
  const promoter = createPromoter({
    platform: house.platform,
    forge: house.forge,
    journal: house.ledger,
    lanes: house.lanes,
    desired: () => state,
    gate: house.gate,
    authors: () => [],
    budgetLeft: () => 0.8,
    warn: () => {},
  });
  await house.tick();
  await promoter.tick(house.now());
  return { house, promoter };
}

/** A real server of the API over a simulated controller, a real gate and a real Git repository, listening on loopback. */
export async function served(
  signInOf: (url: string) => SignIn,
  now: () => number = Date.now,
  more: Partial<AppParts> = {},
) {
  const sim = await createHouse({ seed: 3 });
  sim.world.push('1.0.0', { errorRate: 0 });
  await sim.until(() => sim.state().state === 'Stable');
  sim.world.push('1.1.0', { errorRate: 0 });
  await sim.until(() => sim.state().state === 'Evaluating');
  // Some intervals have been judged.
  await sim.until(() => Object.values(sim.state().release?.intervals ?? {}).some((one) => one.length > 2));
  const { house, promoter } = await governed();
  const { server, url, close } = await listening();
  const tokens = await loadTokens(memoryLedger('tokens'));
  const [platform, controller, journal] = [sim.platform, sim.controller(), sim.journal()];
  const evaluator = createBudgetEvaluator({ platform, journal, metrics: (e) => controller.metrics(e) });
  const { gate, governance } = house;
  const signIn = createSignIn(signInOf(url), null, now);
  const app = createApp({
    ...NO_GITOPS,
    queries: createQueries({
      platform,
      controller,
      journal,
      statuses: evaluator.statuses,
      now: sim.world.clock.now,
    }),
    budgets: createBudgetQueries({
      platform,
      journal,
      budgets: evaluator,
      metricsOf: () => COUNTS,
      now: sim.world.clock.now,
    }),
    platform,
    controller,
    ledger: sim.ledger,
    tokens,
    metrics: createMetrics(controller, WHOLE_CHAIN),
    unready: () => null,
    consoleDir: null,
    alertmanagerToken: 'am',
    allowedHosts: [],
    openReads: true,
    verdictToken: null,
    onAlerts: async () => {},
    signIn,
    governance,
    governanceQueries: createGovernanceQueries({
      platform: house.platform,
      ledger: house.ledger,
      governance,
      gate,
      openKept,
      now,
    }),
    gate,
    promoter,
    branch: 'main',
    publicUrl: () => url,
    now,
    answered: createAnswered(now),
    newId: () => crypto.randomUUID(),
    ...more,
  });
  server.on(
    'request',
    getRequestListener((request) => app.fetch(request)),
  );
  let made = 0;
  return {
    url,
    app,
    signIn,
    sim,
    house,
    tokens,
    /** The secret of a new token. */
    token: async (grant: Grant, expiresAt: number | null = null): Promise<string> => {
      const scopes = 'scopes' in grant ? grant.scopes : grant;
      const name = `${scopes.join('-')}-${made++}`;
      return (await tokens.create(name, grant, ADMIN, now(), expiresAt, `carrier of ${name}`)).token;
    },
    close: async () => {
      await close();
      house.close();
    },
  };
}
