export const FACTS_SCHEMA = 'sluice.dev/gate-input/v1';

/** Where something holds: an environment and a service, `*` for all of them. */
export interface Coverage {
  readonly environment: string;
  readonly service: string;
}

export const covers = (scope: Coverage, environment: string, service: string): boolean =>
  (scope.environment === '*' || scope.environment === environment) &&
  (scope.service === '*' || scope.service === service);

/** `prod`, `checkout/prod`, `checkout/*` or `*`, as people write it. Undefined: none of these. */
export function parseScope(text: string): Coverage | undefined {
  const match = /^(?:([a-z0-9*][-a-z0-9]*)\/)?([a-z0-9*][-a-z0-9]*)$/.exec(text.trim());
  return match ? { service: match[1] ?? '*', environment: match[2]! } : undefined;
}

export const scopeText = ({ service, environment }: Coverage): string =>
  service === '*' ? environment : `${service}/${environment}`;

const CHANGE_KINDS = ['first', 'release', 'revert', 'config', 'removal', 'declaration'] as const;
type ChangeKind = (typeof CHANGE_KINDS)[number];

interface Artefact {
  readonly version: string;
  readonly digest: string;
}

/** The most lanes of one pull request that are judged; for more, no facts are gathered. */
export const MOST_LANES = 4_000;
/** The most files of the desired state that are judged: each is read twice from the forge. */
export const MOST_FILES = 1_000;

/** What a pull request would do to one lane. */
export interface Change {
  readonly service: string;
  readonly environment: string;
  readonly kind: ChangeKind;
  readonly from: Artefact | null;
  /** Absent where nothing would run. Its identity is that of digest, configuration and chart in one. */
  readonly to?: Artefact & { readonly identity?: string };
}

/** A setting that would be less strict than before, or is not known to be as strict. */
export interface Relaxed {
  /** Of the setting in the declaration, such as `policy.waiver.secondPerson`. */
  readonly path: string;
  /** Whom it concerns; `*` for all. */
  readonly slo: string;
  readonly service: string;
  readonly environment: string;
  readonly what: string;
  readonly from: string | number | boolean | null;
  readonly to: string | number | boolean | null;
}

export interface SloFacts {
  readonly service: string;
  readonly environment: string;
  readonly slo: string;
  readonly objective: number;
  /** Share of the budget that is left; null where Prometheus has no data. */
  readonly left: number | null;
  readonly requests: number | null;
  readonly bad: number | null;
  readonly coverage: number | null;
  readonly fast: number | null;
  readonly slow: number | null;
  readonly thresholds: { readonly fast: number; readonly slow: number | null };
  /** The exact text that was asked, and when. */
  readonly query: string;
  readonly at: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface LaneFacts {
  readonly service: string;
  readonly environment: string;
  readonly state: string;
  /** Rejections, here or before, that refuse what the pull request asks for here. */
  readonly rejected: readonly {
    readonly digest: string;
    readonly environment: string;
    readonly release: string;
    readonly reason: string;
  }[];
  /** The environments right before this one in promotion order, as text; null for a first one. */
  readonly previous: string | null;
  /** Digests that promotion order lets in: they have been stable in all of them, or here before. */
  readonly stableBefore: readonly string[];
  /** Releases that failed within the declared time. */
  readonly failed: number;
}

export interface FreezeFacts {
  readonly id: string;
  readonly kind: 'budget' | 'burn' | 'manual' | 'calendar';
  readonly scope: Coverage;
  readonly since: number;
  /** Null: until its cause is gone. */
  readonly until: number | null;
  readonly reason: string;
  readonly by: string;
}

export interface WaiverFacts {
  readonly id: string;
  readonly scope: Coverage;
  /** Codes of denials it lets through; none named: every one that may be waived. */
  readonly codes: readonly string[];
  readonly reason: string;
  readonly since: number;
  readonly expiresAt: number;
  readonly by: string;
  readonly approved: boolean;
  readonly approvedBy: string | null;
  /** The one pull request it is for; null: any. */
  readonly boundTo: number | null;
}

interface PullRequestFacts {
  readonly number: number;
  readonly title: string;
  readonly author: string;
  readonly base: string;
  readonly baseSha: string;
  readonly headSha: string;
  readonly labels: readonly string[];
  readonly fork: boolean;
  readonly url: string;
  /** How many files are changed, and whether all of them could be listed. */
  readonly files: number;
  readonly complete: boolean;
  /** How many lanes it changes, where those are more than are judged: the others are left out of `changes`. */
  readonly lanes?: number;
  /** Changed paths of the rules that judge it: those of the base branch were used. */
  readonly rulesTouched: readonly string[];
}

export interface GateSettings {
  readonly budget: {
    readonly block: number;
    readonly warn: number;
    readonly coverage: number;
    readonly requests: number;
    /** Environments whose budget holds nothing: only load tests run there. */
    readonly notIn?: readonly string[];
  };
  readonly history: { readonly maxFailed: number; readonly windowMs: number };
  readonly risk: { readonly maxServices: number };
  readonly exempt: { readonly emergency: readonly string[]; readonly security: readonly string[] };
  readonly waiver: { readonly maxMs: number };
}

/** All facts that the policy gets. */
export interface Facts {
  readonly schema: typeof FACTS_SCHEMA;
  readonly now: number;
  readonly platform: { readonly name: string; readonly digest: string };
  readonly settings: GateSettings;
  readonly pullRequest: PullRequestFacts;
  readonly changes: readonly Change[];
  readonly declaration: { readonly problems: readonly string[]; readonly relaxed: readonly Relaxed[] };
  readonly slos: readonly SloFacts[];
  readonly lanes: readonly LaneFacts[];
  readonly freezes: readonly FreezeFacts[];
  readonly waivers: readonly WaiverFacts[];
  readonly team: readonly object[];
}
