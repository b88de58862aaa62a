import type { Release } from '../delivery/lane.ts';
import { inMarkdown } from '../kit/markdown.ts';
import { loadSentence } from './load.ts';
import type { PromotionPlan } from './promotion.ts';

/** The observations of a version in an earlier environment. */
export interface PromotionEvidence {
  readonly environment: string;
  readonly release: string;
  /** Requests and bad ones of each SLO, over the whole release, and the share of its budget that is left. */
  readonly counts: readonly {
    readonly slo: string;
    readonly total: number;
    readonly bad: number;
    readonly left: number | null;
  }[];
  readonly reasons: readonly string[];
  readonly burn: { readonly fast: number | null; readonly slow: number | null };
  readonly loads: readonly string[];
}

/** The content of our pull requests. */
interface Told {
  readonly evidence: readonly PromotionEvidence[];
  /** Who wrote the commits that brought the version into the first environment. */
  readonly authors: readonly string[];
  /** The change of the file, as a unified diff. */
  readonly diff: string;
}

type Proposed = Extract<PromotionPlan, { readonly artefact: unknown }>;

export const proposalBranch = (service: string, plan: Pick<Proposed, 'kind' | 'environment'>): string =>
  `sluice/${plan.kind}/${service}/${plan.environment}`;

export const titleOf = (service: string, { kind, artefact, environment }: Proposed): string =>
  kind === 'promotion'
    ? `Promote ${service} ${artefact.version} to ${environment}`
    : `Revert ${service} to ${artefact.version} in ${environment}`;

const number = (value: number | null): string => (value === null ? 'no data' : value.toFixed(2));
const percent = (share: number | null): string =>
  share === null ? 'budget unknown' : `${(100 * share).toFixed(1)}% of the budget remaining`;

/** Foreign text in a code fence that no fence inside can end. */
const fenced = (text: string): string[] => ['```diff', text.replaceAll('```', "'''").trimEnd(), '```'];
/** A name without markup and mentions. */
const plain = (name: string): string => inMarkdown(name.replace(/[^\p{L}\p{N} .'-]/gu, '').slice(0, 80));

/** The counts of a release, SLO by SLO. */
export function countsOf(
  release: Release,
  left: (slo: string) => number | null,
): PromotionEvidence['counts'] {
  return Object.entries(release.intervals).map(([slo, list]) => ({
    slo,
    total: list.reduce((sum, i) => sum + (i.canary?.total ?? 0), 0),
    bad: list.reduce((sum, i) => sum + (i.canary?.bad ?? 0), 0),
    left: left(slo),
  }));
}

/** The body: the exact digest, the observations where it ran last, the authors, the diff. */
export function bodyOf(service: string, plan: Proposed, told: Told): string {
  const { evidence, authors, diff } = told;
  const lines = [
    `${inMarkdown(`${titleOf(service, plan)}: ${plan.why}`)}.`,
    '',
    `Exactly \`${plan.artefact.digest}\`.${authors.length > 0 ? ` Written by ${authors.map(plain).join(', ')}.` : ''}`,
    '',
    ...evidence.flatMap((e) => [
      `**${e.environment}**, release \`${e.release}\`: ${e.reasons.join(', ') || 'no verdict'}; burn ${number(e.burn.fast)} and ${number(e.burn.slow)}.`,
      ...e.counts.map((c) => `- ${c.slo}: ${c.bad} bad of ${c.total} requests; ${percent(c.left)}`),
      ...e.loads.map((l) => `- ${inMarkdown(l)}`),
    ]),
    '',
    ...fenced(diff),
    '',
    'The gate decides whether it may merge.',
  ];
  return lines.join('\n');
}

export const OUTCOME_MARK = '<!-- sluice:outcome -->';

/** The comment about a failed version: where it failed, with which numbers, and what to do. */
export function failureBody(service: string, environment: string, release: Release): string {
  const { target, loads, verdict, cause } = release;
  return [
    `**${inMarkdown(`${service} ${target.version} failed in ${environment}`)}** (release \`${release.id}\`, ${cause ?? verdict?.reasons.join(', ')}). It was rolled back and is not promoted further.`,
    '',
    ...countsOf(release, () => null).map((c) => `- ${c.slo}: ${c.bad} bad of ${c.total} requests`),
    ...loads.map((l) => `- ${inMarkdown(loadSentence(l))}`),
    '',
    'Fix it and publish a new digest: this digest is refused until somebody lifts the rejection with a reason.',
  ].join('\n');
}
