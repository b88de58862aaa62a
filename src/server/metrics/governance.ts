import { Gauge, type Registry } from 'prom-client';
import type { Controller } from '../../controller/loop.ts';
import type { Coverage } from '../../governance/facts.ts';
import { LANE } from './lanes.ts';

interface PullNumbers {
  readonly pull: { readonly state: string };
  readonly decision: { readonly allow: boolean } | null;
  readonly trouble: object | null;
}

export interface GovernanceNumbers {
  /** Freezes that are active now. */
  freezes(): readonly { readonly kind: string; readonly scope: Coverage }[];
  pulls(): readonly PullNumbers[];
}

const covered = (scope: Coverage, service: string, environment: string): boolean =>
  ['*', service].includes(scope.service) && ['*', environment].includes(scope.environment);

const openOf = (numbers: GovernanceNumbers): PullNumbers[] =>
  numbers.pulls().filter((p) => p.pull.state === 'open');

function watchPulls(registry: Registry, numbers: GovernanceNumbers): void {
  new Gauge({
    name: 'sluice_pull_requests',
    help: 'Open pull requests by result of the gate.',
    labelNames: ['decision'],
    registers: [registry],
    collect() {
      const open = openOf(numbers);
      const count = (word: string, keep: (p: PullNumbers) => boolean) =>
        this.set({ decision: word }, open.filter(keep).length);
      count('allow', (p) => p.decision?.allow === true);
      count('deny', (p) => p.decision?.allow === false);
      count('unknown', (p) => p.decision === null);
    },
  });
  new Gauge({
    name: 'sluice_pull_requests_troubled',
    help: 'Open pull requests for which no decision could be made or posted.',
    registers: [registry],
    collect() {
      this.set(openOf(numbers).filter((p) => p.trouble !== null).length);
    },
  });
}

/** Freezes by the lanes that they cover, and pull requests by their decision. */
export function watchGovernance(
  registry: Registry,
  controller: Controller,
  numbers: GovernanceNumbers,
): void {
  new Gauge({
    name: 'sluice_freeze_active',
    help: '1 while a freeze covers a lane.',
    labelNames: [...LANE, 'kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { scope, kind } of numbers.freezes())
        for (const { service, environment } of controller.lanes())
          if (covered(scope, service.name, environment.name))
            this.set({ service: service.name, environment: environment.name, kind }, 1);
    },
  });
  watchPulls(registry, numbers);
}
