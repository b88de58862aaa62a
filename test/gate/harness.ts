import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBudgetEvaluator } from '../../src/controller/budgets/budget-evaluator.ts';
import { compile } from '../../src/controller/compile.ts';
import type { ForgePatience } from '../../src/controller/forge-call.ts';
import { createGate, type Gate } from '../../src/controller/gate/gate.ts';
import { keepPolicy, type OpenKept } from '../../src/controller/gate/kept-policy.ts';
import { type PullReader, readerHere } from '../../src/controller/gate/reading.ts';
import { createGovernance } from '../../src/controller/governance/governance.ts';
import { type MetricsSnapshot, NO_SNAPSHOT } from '../../src/controller/metrics-snapshot.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import { emptyLane, type Lane } from '../../src/delivery/lane.ts';
import { protect } from '../../src/gitops/adapters/forge-local/bare.ts';
import { localForge } from '../../src/gitops/adapters/forge-local/forge.ts';
import { revisionOf } from '../../src/gitops/desired.ts';
import type { ForgePort } from '../../src/gitops/forge.ts';
import { keptPolicy } from '../../src/governance/adapters/opa-wasm/policy.ts';
import type { Decision } from '../../src/governance/decision.ts';
import { fail, ok } from '../../src/kit/result.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import type { Journal } from '../../src/ledger/journal.ts';
import type { MetricsFailure, MetricsPort } from '../../src/runtime/port.ts';
import type { SloReading } from '../../src/runtime/slo-status.ts';
import { bareRepository, type TestRepository } from '../contract/forge/repository.ts';
import { journalOver } from '../journal.ts';
import { wasStable } from '../lane.ts';
import { POLICY, wasm } from '../policy/engines.ts';
import { availabilitySlo } from '../slo.ts';

export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
export const desired = (version: string, letter: string, service = 'checkout'): string =>
  `service: ${service}\nversion: ${version}\ndigest: ${digest(letter)}\nconfig: {}\n`;

/** What a lane remembers where these artefacts, without a configuration, were stable in it. */
export const stableIn = (...letters: readonly string[]) =>
  wasStable(...letters.map((letter) => revisionOf({ version: letter, digest: digest(letter), config: {} })));

export const SLOS = availabilitySlo('checkout');
export const platformText = (more = '', environment = ''): string => `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: gate }
spec:
  environments:
    - { name: stage, prometheus: { address: 'http://prometheus.invalid' } }
    - { name: prod, prometheus: { address: 'http://prometheus.invalid' }${environment ? `, ${environment}` : ''} }
  services: [{ name: checkout, slos: [checkout-availability] }]
  forge: { local: true, declaration: platform }
${more}`;

/** What Prometheus would say of checkout, in both environments. */
export interface Numbers {
  left: number | null;
  fast: number | null;
  slow: number | null;
  failure: MetricsFailure | null;
}

export const NOW = Date.parse('2026-03-02T10:00:00Z');

export interface GateHouse {
  readonly platform: Platform;
  readonly repository: TestRepository;
  readonly forge: ReturnType<typeof localForge>;
  readonly gate: Gate;
  readonly ledger: Journal;
  readonly governance: Awaited<ReturnType<typeof createGovernance>>;
  readonly numbers: Numbers;
  readonly lanes: Map<string, Lane>;
  /** Moves time on and looks, as the server does twice a second. */
  tick(ms?: number): Promise<void>;
  now(): number;
  setNow(at: number): void;
  open(
    files: Record<string, string | null>,
    more?: { labels?: string[]; autoMerge?: boolean },
  ): Promise<number>;
  decision(number: number): Decision;
  status(number: number): Promise<string | undefined>;
  close(): void;
}

export interface HouseOptions {
  readonly spec?: string;
  /** Further fields of prod. */
  readonly environments?: string;
  /** The forge as the gate sees it: faults go in here. */
  readonly wrap?: (forge: ForgePort) => ForgePort;
  /** What the gate warns of. */
  readonly warned?: string[];
  /** Time goes by by itself. */
  readonly clock?: () => number;
  readonly patience?: ForgePatience;
  /** Who reads what pull requests bring; this thread where left out. */
  readonly reader?: (platform: Platform) => PullReader;
}

/** What the repository holds at first. */
export const seedFiles = (declared: string): Record<string, string> => ({
  'environments/stage/checkout.yaml': desired('1.0.0', 'a'),
  'environments/prod/checkout.yaml': desired('1.0.0', 'a'),
  'platform/platform.yaml': declared,
  'platform/slos.yaml': SLOS,
  'README.md': 'hello\n',
});

/** The gate over a real repository, the real policy and the real ledger code; Prometheus is a few numbers. */
export async function gateHouse(options: HouseOptions = {}): Promise<GateHouse> {
  const declared = platformText(options.spec, options.environments);
  const compiled = compile([
    { file: 'platform/platform.yaml', text: declared },
    { file: 'platform/slos.yaml', text: SLOS },
  ]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const platform = compiled.value;
  const repository = await bareRepository(seedFiles(declared));
  protect(repository.remote, 'main');
  let simulated = NOW;
  const clock = options.clock ?? (() => simulated);
  const numbers: Numbers = { left: 0.8, fast: 0.2, slow: 0.2, failure: null };
  const forge = localForge({
    repository: repository.remote,
    file: join(repository.remote, '..', 'pulls.json'),
    branch: 'main',
    check: 'sluice/gate',
    webhookSecret: 's',
    now: clock,
  });
  const series = (name: string, value: number | null) =>
    value === null
      ? []
      : [{ labels: { __name__: name, slo: 'checkout-availability' }, samples: [[clock(), value]] as const }];
  const port: MetricsPort = {
    raw: async () => ok([]),
    instant: async () =>
      numbers.failure
        ? fail(numbers.failure)
        : ok([
            ...series('slo:error_budget_remaining:ratio', numbers.left),
            ...series('slo:burn_rate_5m', numbers.fast),
            ...series('slo:burn_rate_1h', numbers.slow),
            ...series('slo:requests:increase_window', 100_000),
            ...series(
              'slo:bad_requests:increase_window',
              numbers.left === null ? null : Math.round(100 * (1 - numbers.left)),
            ),
            ...series('slo:error_budget_coverage:ratio', 1),
          ]),
  };
  const reading = (): SloReading => ({
    ...numbers,
    requests: 100_000,
    bad: numbers.left === null ? null : Math.round(100 * (1 - numbers.left)),
    coverage: 1,
  });
  const look = (): MetricsSnapshot => {
    return {
      ...NO_SNAPSHOT,
      at: clock(),
      failure: numbers.failure,
      slos: new Map([['checkout-availability', reading()]]),
    };
  };
  const lanes = new Map(
    ['checkout/stage', 'checkout/prod'].map((lane) => [
      lane,
      { ...emptyLane(lane), state: 'Stable' as const, ...stableIn('a', 'b') },
    ]),
  );
  const ledger = await journalOver(memoryLedger('gate'));
  const budgets = createBudgetEvaluator({ platform, journal: ledger, metrics: look });
  const { statuses } = budgets;
  const governance = createGovernance({ platform, journal: ledger, statuses });
  const policy = wasm();
  const identity = await policy.identity();
  if (identity.ok)
    await keepPolicy(governance, [], identity.value, readFileSync(join(POLICY, 'sluice.wasm')), clock());
  const gate = createGate({
    platform,
    journal: ledger,
    forge: options.wrap ? options.wrap(forge) : forge,
    policy,
    reader: options.reader?.(platform) ?? readerHere(platform),
    governance,
    metricsPort: () => port,
    statuses,
    lanes: () => lanes,
    adjustments: (slo, environment) => budgets.adjustments(slo, environment),
    pullUrl: (number) => `http://127.0.0.1:7117/pulls/${number}`,
    now: clock,
    warn: (_, message) => options.warned?.push(message),
    ...(options.patience ? { patience: options.patience } : {}),
  });
  let branches = 0;
  return {
    platform,
    repository,
    forge,
    gate,
    ledger,
    governance,
    numbers,
    lanes,
    now: clock,
    setNow: (at) => {
      simulated = at;
    },
    async tick(ms = 1_000) {
      simulated += ms;
      await governance.tick(clock());
      await gate.tick(clock());
    },
    async open(files, { labels = [], autoMerge = false } = {}) {
      const head = `change-${++branches}`;
      await repository.push(head, files);
      const made = await forge.open({
        title: head,
        body: '',
        base: 'main',
        head,
        labels,
        autoMerge,
        author: 'developer',
      });
      if (!made.ok) throw new Error(made.error.message);
      return made.value.number;
    },
    decision: (number) => gate.pulls().find((p) => p.pull.number === number)!.decision!,
    async status(number) {
      const found = await forge.pull(number);
      if (!found.ok) return undefined;
      const kept = JSON.parse(readFileSync(join(repository.remote, '..', 'pulls.json'), 'utf8'));
      return kept.statuses[found.value.head.sha]?.['sluice/gate']?.state;
    },
    close: () => repository.close(),
  };
}

export const openKept: OpenKept = (bytes, identity) => keptPolicy(bytes, identity);
export const codes = (decision: Decision): string[] => [...new Set(decision.deny.map((d) => d.code))].sort();
