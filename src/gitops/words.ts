import type { Plan } from './promotion.ts';

/** What the last environment showed of a version. */
export interface Evidence {
  readonly environment: string;
  readonly release: string;
  /** Requests and bad ones of each SLO, over the whole release. */
  readonly counts: readonly { readonly slo: string; readonly total: number; readonly bad: number }[];
  readonly reasons: readonly string[];
  readonly burn: { readonly fast: number | null; readonly slow: number | null };
}

type Proposed = Extract<Plan, { readonly artefact: unknown }>;

export const branchOf = (service: string, plan: Pick<Proposed, 'kind' | 'environment'>): string =>
  `sluice/${plan.kind}/${service}/${plan.environment}`;

export const titleOf = (service: string, { kind, artefact, environment }: Proposed): string =>
  kind === 'promotion'
    ? `Promote ${service} ${artefact.version} to ${environment}`
    : `Revert ${service} to ${artefact.version} in ${environment}`;

const number = (value: number | null): string => (value === null ? 'no data' : value.toFixed(2));

/** Why it is asked for: the exact digest, and what was seen of it where it ran last. */
export function bodyOf(service: string, plan: Proposed, evidence: readonly Evidence[]): string {
  const lines = [
    `${titleOf(service, plan)}: ${plan.why}.`,
    '',
    `Exactly \`${plan.artefact.digest}\`.`,
    '',
    ...evidence.flatMap((e) => [
      `**${e.environment}**, release \`${e.release}\`: ${e.reasons.join(', ') || 'no verdict'}; burn ${number(e.burn.fast)} and ${number(e.burn.slow)}.`,
      ...e.counts.map((c) => `- ${c.slo}: ${c.bad} bad of ${c.total} requests`),
    ]),
    '',
    'The gate decides whether it may merge.',
  ];
  return lines.join('\n');
}
