import { z } from '@hono/zod-openapi';
import { type Decision, decisionSchema } from '../governance/decision.ts';
import { decisionSentence, unblockOf } from '../governance/decision-text.ts';
import type { Governance, Waiver } from '../governance/events.ts';
import { type Coverage, type FreezeFacts, scopeText } from '../governance/facts.ts';
import { SCOPES } from '../kit/actor.ts';
import { laneName } from '../kit/lane.ts';
import { humanSpan } from '../kit/time.ts';
import { limitedGrantSchema } from './rights.ts';

const scope = z.object({ environment: z.string(), service: z.string() });
const reasonText = z.string().trim().min(1, 'a reason is required; it is recorded in the ledger').max(1_000);
const scopeInput = z
  .string()
  .regex(/^([a-z0-9*][-a-z0-9]*\/)?[a-z0-9*][-a-z0-9]*$/, 'expected prod, checkout/prod or *')
  .describe('`prod`, `checkout/prod`, or `*` for everything.');
/** Bounded: what is compared with it may be as long as a body, and is tried at its beginning alone. */
const MOMENT = /^[^T]{1,16}T.{1,24}(?:Z|[+-]\d\d:\d\d)$/;
const moment = z
  .string()
  .refine(
    (text) => MOMENT.test(text) && !Number.isNaN(Date.parse(text)),
    'expected a time with its offset, such as 2026-03-01T02:00:00Z',
  );

export const freezeRequestSchema = z.object({ scope: scopeInput, reason: reasonText, until: moment });
export const reasonRequestSchema = z.object({ reason: reasonText });
export const waiverRequestSchema = z.object({
  scope: scopeInput,
  reason: reasonText,
  expires: moment,
  codes: z
    .array(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected a code such as FROZEN'))
    .max(20)
    .default([]),
  singleUse: z.boolean().default(false),
  pullRequest: z.number().int().positive().nullable().default(null),
});
export const recordedSchema = z
  .object({ schema: z.literal('sluice.dev/recorded/v1'), id: z.string(), seq: z.number() })
  .openapi('Recorded');

const freezeView = z.object({
  id: z.string(),
  kind: z.enum(['budget', 'burn', 'manual', 'calendar']),
  scope,
  scopeText: z.string(),
  since: z.number(),
  until: z.number().nullable(),
  reason: z.string(),
  by: z.string(),
  /** Whether it stands now, comes, or is over. */
  state: z.enum(['stands', 'comes', 'over']),
  liftable: z.boolean(),
  lifted: z.object({ at: z.number(), by: z.string(), reason: z.string() }).nullable(),
});
export type FreezeView = z.infer<typeof freezeView>;
export const freezeListSchema = z
  .object({
    schema: z.literal('sluice.dev/freezes/v1'),
    sentence: z.string(),
    at: z.number(),
    freezes: z.array(freezeView),
  })
  .openapi('Freezes');
export type FreezeList = z.infer<typeof freezeListSchema>;

const waiverView = z.object({
  id: z.string(),
  scope,
  scopeText: z.string(),
  codes: z.array(z.string()),
  reason: z.string(),
  since: z.number(),
  expiresAt: z.number(),
  by: z.string(),
  approvedBy: z.string().nullable(),
  singleUse: z.boolean(),
  pullRequest: z.number().nullable(),
  usedFor: z.array(z.number()),
  state: z.enum(['valid', 'pending', 'expired', 'revoked', 'used']),
});
export type WaiverView = z.infer<typeof waiverView>;
export const waiverListSchema = z
  .object({ schema: z.literal('sluice.dev/waivers/v1'), at: z.number(), waivers: z.array(waiverView) })
  .openapi('Waivers');

const reasonView = z.object({
  code: z.string(),
  msg: z.string(),
  unblock: z.string(),
  docs: z.string(),
  by: z.array(z.string()),
});
const pullView = z.object({
  number: z.number(),
  title: z.string(),
  author: z.string(),
  state: z.enum(['open', 'merged', 'closed']),
  url: z.string(),
  branch: z.string(),
  headSha: z.string(),
  labels: z.array(z.string()),
  openedAt: z.number(),
  lanes: z.array(z.string()),
  sentence: z.string(),
  allow: z.boolean().nullable(),
  deny: z.array(reasonView),
  recorded: z.array(reasonView),
  warn: z.array(reasonView),
  waiversUsed: z.array(z.string()),
  decision: z.string().nullable(),
  policy: z.string().nullable(),
  evaluatedAt: z.number().nullable(),
  validUntil: z.number().nullable(),
  trouble: z.string().nullable(),
});
export type PullView = z.infer<typeof pullView>;
export const pullListSchema = z
  .object({
    schema: z.literal('sluice.dev/pulls/v1'),
    sentence: z.string(),
    at: z.number(),
    forge: z.string().nullable(),
    pulls: z.array(pullView),
  })
  .openapi('Pulls');
export type PullList = z.infer<typeof pullListSchema>;

const historyEntry = z.object({
  seq: z.number(),
  at: z.number(),
  decision: z.string(),
  allow: z.boolean(),
  sentence: z.string(),
  trigger: z.string(),
  actor: z.string(),
});
export const pullDetailSchema = z
  .object({
    schema: z.literal('sluice.dev/pull/v1'),
    pull: pullView,
    history: z.array(historyEntry),
    slos: z.array(z.looseObject({ slo: z.string(), environment: z.string() })),
  })
  .openapi('Pull');
export type PullDetail = z.infer<typeof pullDetailSchema>;

export const evaluationSchema = z
  .object({ ...decisionSchema.shape, pullRequest: z.number() })
  .openapi('Evaluation');

export const pullRequestSchema = z.object({
  title: z.string().trim().min(1).max(200),
  body: z.string().max(10_000).default(''),
  head: z.string().min(1).max(200),
  labels: z.array(z.string().max(100)).max(50).default([]),
  autoMerge: z.boolean().default(false),
});

const auditEntry = z.object({
  seq: z.number(),
  at: z.number(),
  type: z.string(),
  subject: z.string(),
  actor: z.string(),
  sentence: z.string(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;
export const auditSchema = z
  .object({
    schema: z.literal('sluice.dev/audit/v1'),
    sentence: z.string(),
    entries: z.array(auditEntry),
    /** Records that were read for this answer; what an index leaves out is not read. */
    searched: z.number(),
    /** Where the search goes on; null: every matching record before `before` is in this answer. */
    next: z.number().nullable(),
  })
  .openapi('Audit');
export type AuditAnswer = z.infer<typeof auditSchema>;

export const meSchema = z
  .object({
    schema: z.literal('sluice.dev/me/v1'),
    actor: z.string().nullable(),
    kind: z.string().nullable(),
    /** For everything. */
    scopes: z.array(z.enum(SCOPES)),
    /** For named services and teams alone, with the declared services that they reach. */
    limited: z.array(limitedGrantSchema.extend({ covers: z.array(z.string()) })),
    signIn: z.string().nullable(),
    /** Whether what is here may be read: off loopback it takes a sign-in. */
    reads: z.boolean(),
  })
  .openapi('Me');

/** What stands, what comes within the shown time, and what was lifted lately. */
export function freezeViews(
  standing: readonly FreezeFacts[],
  coming: readonly FreezeFacts[],
  state: Governance,
  now: number,
): FreezeView[] {
  const view = (f: FreezeFacts, word: FreezeView['state']): FreezeView => ({
    ...f,
    scope: { ...f.scope },
    scopeText: scopeText(f.scope),
    state: word,
    liftable: word === 'stands' && f.kind !== 'calendar',
    lifted: null,
  });
  const past = [...state.freezes.values()]
    .filter((f) => f.lifted !== null || f.until <= now)
    .map(
      (f): FreezeView => ({
        ...view({ ...f, kind: 'manual' }, 'over'),
        lifted: f.lifted ? { ...f.lifted } : null,
      }),
    )
    .sort((a, b) => b.since - a.since)
    .slice(0, 20);
  return [...standing.map((f) => view(f, 'stands')), ...coming.map((f) => view(f, 'comes')), ...past];
}

export function freezesSentence(freezes: readonly FreezeView[], now: number): string {
  const standing = freezes.filter((f) => f.state === 'stands');
  const [first] = standing;
  if (!first) {
    const next = freezes.filter((f) => f.state === 'comes').sort((a, b) => a.since - b.since)[0];
    return next
      ? `Nothing is frozen. The next freeze, of ${next.scopeText}, starts in ${humanSpan(next.since - now)}: ${next.reason}.`
      : 'Nothing is frozen: releases may start everywhere.';
  }
  const until =
    first.until === null ? 'until its cause is gone' : `for another ${humanSpan(first.until - now)}`;
  const more = standing.length > 1 ? ` ${standing.length - 1} more are active.` : '';
  const what =
    first.scope.environment === '*' && first.scope.service === '*' ? 'Everything' : first.scopeText;
  return `${what} is frozen ${until}: ${first.reason}. Reverts and rollbacks pass.${more}`;
}

export function waiverState(waiver: Waiver, now: number): WaiverView['state'] {
  if (waiver.revoked) return 'revoked';
  if (waiver.expiresAt <= now) return 'expired';
  if (waiver.needsSecond && waiver.approvedBy === null) return 'pending';
  return waiver.singleUse && waiver.usedFor.length > 0 ? 'used' : 'valid';
}

export const waiverViews = (state: Governance, now: number): WaiverView[] =>
  [...state.waivers.values()]
    .map(
      ({ revoked: _, needsSecond: __, ...w }, i): WaiverView => ({
        ...w,
        scope: { ...w.scope },
        codes: [...w.codes],
        usedFor: [...w.usedFor],
        scopeText: scopeText(w.scope),
        state: waiverState([...state.waivers.values()][i]!, now),
      }),
    )
    .sort((a, b) => b.since - a.since);

/** A pull request with the decision on it. */
export interface PullSource {
  readonly pull: {
    readonly number: number;
    readonly title: string;
    readonly author: string;
    readonly state: 'open' | 'merged' | 'closed';
    readonly url: string;
    readonly head: { readonly branch: string; readonly sha: string };
    readonly labels: readonly string[];
    readonly openedAt: number;
  };
  readonly decision: Decision | null;
  readonly facts: { readonly changes: readonly (Coverage & { readonly kind: string })[] } | null;
  readonly trouble: { readonly code: string; readonly message: string } | null;
  /** Somebody else's post under our name that ours took the place of last. */
  readonly foreign?: { readonly by: string; readonly state: string } | null;
}

const reasons = (list: Decision['deny']): PullView['deny'] =>
  list.map((r) => ({
    code: r.code,
    msg: r.msg,
    unblock: unblockOf(r),
    docs: r.docs,
    by: (r['by'] as string[] | undefined) ?? [],
  }));

export function pullViewOf({ pull, decision, facts, trouble, foreign }: PullSource): PullView {
  const looked = decision
    ? decisionSentence(decision)
    : trouble
      ? `Not judged yet: ${trouble.message}.`
      : 'Not judged yet: the evaluation is running.';
  return {
    number: pull.number,
    title: pull.title,
    author: pull.author,
    state: pull.state,
    url: pull.url,
    branch: pull.head.branch,
    headSha: pull.head.sha,
    labels: [...pull.labels],
    openedAt: pull.openedAt,
    lanes: [...new Set((facts?.changes ?? []).map((c) => laneName(c.service, c.environment)))],
    sentence: pull.state === 'open' ? looked : `${pull.state === 'merged' ? 'Merged' : 'Closed'}. ${looked}`,
    allow: decision?.allow ?? null,
    deny: reasons(decision?.deny ?? []),
    recorded: reasons(decision?.recorded ?? []),
    warn: reasons(decision?.warn ?? []),
    waiversUsed: decision?.waiversUsed ?? [],
    decision: decision?.id ?? null,
    policy: decision?.policy.revision ?? null,
    evaluatedAt: decision?.evaluatedAt ?? null,
    validUntil: decision?.validUntil ?? null,
    trouble: trouble
      ? `${trouble.code}: ${trouble.message}`
      : foreign
        ? `FOREIGN_POST: ${foreign.by} posted ${foreign.state} under the name of the Sluice check; Sluice posted its own again`
        : null,
  };
}

const RANK = { denied: 0, unjudged: 1, allowed: 2, merged: 3, closed: 4 } as const;
const rank = (p: PullView): number =>
  p.state !== 'open'
    ? RANK[p.state]
    : p.allow === null
      ? RANK.unjudged
      : p.allow
        ? RANK.allowed
        : RANK.denied;

/** Denied first: those need somebody. */
export const byPullNeed = (a: PullView, b: PullView): number => rank(a) - rank(b) || b.number - a.number;

export function pullsSentence(pulls: readonly PullView[], forge: string | null): string {
  if (forge === null) return 'No forge is declared: nothing is gated. Declare spec.forge in the Platform.';
  const open = pulls.filter((p) => p.state === 'open');
  const denied = open.filter((p) => p.allow === false);
  if (open.length === 0) return 'No pull request is open.';
  const [first] = denied;
  if (!first)
    return open.length === 1
      ? '1 pull request is open, and may merge.'
      : `${open.length} pull requests are open; none is denied.`;
  const more = denied.length > 1 ? ` ${denied.length - 1} more are denied.` : '';
  return `#${first.number} cannot merge. ${first.sentence}${more}`;
}
