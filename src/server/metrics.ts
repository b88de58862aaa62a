import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AnchorStatus } from '../controller/anchoring.ts';
import type { Controller } from '../controller/loop.ts';
import type { Measures } from '../controller/measures.ts';
import { STATES } from '../delivery/machine.ts';
import type { Scope } from '../governance/facts.ts';
import type { LedgerRecord } from '../ledger/record.ts';

export interface ServerMetrics {
  readonly contentType: string;
  text(): Promise<string>;
  tick(seconds: number): void;
  records(records: readonly LedgerRecord[]): void;
  /** What the governance plane shows: freezes that stand and pull requests by their decision. */
  watch(governance: GovernanceNumbers): void;
}

export interface GovernanceNumbers {
  freezes(): readonly { readonly kind: string; readonly scope: Scope }[];
  pulls(): readonly {
    readonly pull: { readonly state: string };
    readonly decision: { readonly allow: boolean } | null;
    readonly trouble: object | null;
  }[];
  /** DORA's four, of a service. */
  measures(service: string): Measures;
  /** Whether what serves in a lane is what Git asks for; null: not looked at yet. */
  inSync(lane: string): string | null;
  /** How far the ledger is anchored, and what stops that. */
  anchors(): AnchorStatus;
}

function watchAnchors(registry: Registry, numbers: GovernanceNumbers): void {
  new Gauge({
    name: 'sluice_ledger_anchored_seq',
    help: 'The newest record of the ledger that is anchored in the repository.',
    registers: [registry],
    collect() {
      this.set(numbers.anchors().anchored ?? 0);
    },
  });
  new Gauge({
    name: 'sluice_ledger_anchor_failing',
    help: '1 while the ledger is not anchored, by what stops that; CHANGED, GAP and CHAIN_BROKEN: records were changed.',
    labelNames: ['code'],
    registers: [registry],
    collect() {
      this.reset();
      const { trouble } = numbers.anchors();
      if (trouble) this.set({ code: trouble.code }, 1);
    },
  });
}

/** DORA's four over thirty days, and drift. */
function watchGitops(registry: Registry, controller: Controller, numbers: GovernanceNumbers): void {
  const services = () => [...new Set(controller.lanes().map((v) => v.service.name))];
  const gauge = (name: string, help: string, value: (m: Measures) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['service'],
      registers: [registry],
      collect() {
        this.reset();
        for (const service of services()) {
          const found = value(numbers.measures(service));
          if (found !== null) this.set({ service }, found);
        }
      },
    });
  gauge(
    'sluice_deployments_30d',
    'Versions that reached the last environments, in 30 days.',
    (m) => m.deployments,
  );
  gauge('sluice_lead_time_seconds', 'Median time from the first commit to all traffic, in 30 days.', (m) =>
    m.leadTimeMs === null ? null : m.leadTimeMs / 1_000,
  );
  gauge(
    'sluice_change_failure_ratio',
    'Share of changes that failed there, in 30 days.',
    (m) => m.changeFailureRate,
  );
  gauge('sluice_time_to_restore_seconds', 'Median time until users were well again, in 30 days.', (m) =>
    m.timeToRestoreMs === null ? null : m.timeToRestoreMs / 1_000,
  );
  new Gauge({
    name: 'sluice_out_of_sync',
    help: '1 where what serves is not what Git asks for.',
    labelNames: ['service', 'environment'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { service, environment } of controller.lanes()) {
        const word = numbers.inSync(`${service.name}/${environment.name}`);
        if (word !== null)
          this.set({ service: service.name, environment: environment.name }, Number(word === 'OutOfSync'));
      }
    },
  });
}

const covered = (scope: Scope, service: string, environment: string): boolean =>
  ['*', service].includes(scope.service) && ['*', environment].includes(scope.environment);

/** Our own metrics: what the platform does, for the Prometheus of whoever runs it. */
export function createMetrics(controller: Controller): ServerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const lane = ['service', 'environment'];
  const moves = new Counter({
    name: 'sluice_moves_total',
    help: 'Moves of the release machine.',
    labelNames: [...lane, 'from', 'to', 'reason'],
    registers: [registry],
  });
  const looks = new Histogram({
    name: 'sluice_tick_seconds',
    help: 'Time of one pass over all lanes.',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers: [registry],
  });
  new Gauge({
    name: 'sluice_state',
    help: '1 for the state a lane is in.',
    labelNames: [...lane, 'state'],
    registers: [registry],
    collect() {
      for (const view of controller.lanes())
        for (const state of STATES)
          this.set(
            { service: view.service.name, environment: view.environment.name, state },
            Number(view.state.state === state),
          );
    },
  });
  new Gauge({
    name: 'sluice_canary_weight_percent',
    help: 'Share of requests that the edge gives to the canary.',
    labelNames: lane,
    registers: [registry],
    collect() {
      for (const view of controller.lanes())
        this.set(
          { service: view.service.name, environment: view.environment.name },
          view.delivery?.weight ?? 0,
        );
    },
  });
  new Gauge({
    name: 'sluice_lane_trouble',
    help: '1 while a lane cannot be looked at; the others go on.',
    labelNames: lane,
    registers: [registry],
    collect() {
      this.reset();
      for (const { service, environment, trouble } of controller.lanes())
        this.set({ service: service.name, environment: environment.name }, Number(trouble !== null));
    },
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    tick: (seconds) => looks.observe(seconds),
    watch(governance) {
      watchGitops(registry, controller, governance);
      watchAnchors(registry, governance);
      new Gauge({
        name: 'sluice_freeze_active',
        help: '1 while a freeze covers a lane.',
        labelNames: [...lane, 'kind'],
        registers: [registry],
        collect() {
          this.reset();
          for (const freeze of governance.freezes())
            for (const { service, environment } of controller.lanes())
              if (covered(freeze.scope, service.name, environment.name))
                this.set({ service: service.name, environment: environment.name, kind: freeze.kind }, 1);
        },
      });
      new Gauge({
        name: 'sluice_pull_requests',
        help: 'Open pull requests by what the gate says.',
        labelNames: ['decision'],
        registers: [registry],
        collect() {
          const open = governance.pulls().filter((p) => p.pull.state === 'open');
          const count = (word: string, keep: (p: (typeof open)[number]) => boolean) =>
            this.set({ decision: word }, open.filter(keep).length);
          count('allow', (p) => p.decision?.allow === true);
          count('deny', (p) => p.decision?.allow === false);
          count('unknown', (p) => p.decision === null);
        },
      });
      new Gauge({
        name: 'sluice_pull_requests_troubled',
        help: 'Open pull requests that could not be decided on or told so; the others go on.',
        registers: [registry],
        collect() {
          const open = governance.pulls().filter((p) => p.pull.state === 'open');
          this.set(open.filter((p) => p.trouble !== null).length);
        },
      });
    },
    records(records) {
      for (const record of records) {
        if (record.type !== 'lane.moved') continue;
        const [service, environment] = record.subject.split('/') as [string, string];
        const { from, to, reason } = record.data as { from: string; to: string; reason: string };
        moves.inc({ service, environment, from, to, reason });
      }
    },
  };
}
