import { replaceEqualDeep, useQuery } from '@tanstack/react-query';
import type { BudgetDetail, BudgetView, ReplayAnswer } from '../../src/api/budgets.ts';
import type { FleetFacts } from '../../src/api/fleet.ts';
import type { AuditAnswer, FreezeList, PullDetail, PullList, WaiverView } from '../../src/api/governance.ts';
import type { Outcome } from '../../src/api/lane.ts';
import type { DistributionView } from '../../src/api/latency/bars.ts';
import type { LatencyView } from '../../src/api/latency/view.ts';
import type { ConsoleLink } from '../../src/api/links.ts';
import type { NoticeView } from '../../src/api/notices/list.ts';
import type { Offered } from '../../src/api/offers.ts';
import type { MeasuresAnswer, PipelineAnswer } from '../../src/api/pipeline.ts';
import type { AskedView, ReleaseOrigin, ReleaseView } from '../../src/api/views.ts';

export interface OverviewAnswer extends FleetFacts {
  readonly platform: string;
  readonly sentence: string;
  readonly at: number;
  readonly ledger: { readonly seq: number; readonly hash: string };
  readonly problems: readonly string[];
  readonly links: readonly ConsoleLink[];
}

export interface ReleaseAnswer extends ReleaseView {
  readonly trouble: string | null;
  readonly weight: number;
  readonly origin: ReleaseOrigin;
  readonly asked: AskedView | null;
  /** SLOs that are about latency; a server of an earlier version says nothing of them. */
  readonly latency?: readonly LatencyView[];
}

interface ReleaseRow {
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly openedAt: number;
  readonly endedAt: number | null;
  readonly outcome: Outcome;
  readonly sentence: string;
}

/** Burn rates and budgets move without a record: they are read so often. */
const NUMBERS_MS = 15_000;
/** Whatever else moves without a record. */
const SELDOM_MS = 60_000;

/** An answer that is not what was asked for, with its status. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a server, or what is in front of it, says of a failure: a problem of ours, or any page at all. */
async function problemOf(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { detail, next } = JSON.parse(text) as { detail?: string; next?: string };
    if (detail) return next ? `${detail}: ${next}` : detail;
  } catch {
    // Not ours: a proxy answered.
  }
  return `the server answered ${answer.status} ${answer.statusText}`.trim();
}

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(path);
  if (!answer.ok) throw new ApiError(answer.status, await problemOf(answer));
  return (await answer.json()) as T;
}

const seqOf = (answer: unknown): number => (answer as OverviewAnswer | undefined)?.ledger.seq ?? -1;

export const useOverview = () =>
  useQuery({
    queryKey: ['overview'],
    queryFn: () => get<OverviewAnswer>('/api/v1/overview'),
    refetchInterval: NUMBERS_MS,
    // An answer that was on its way while events came is older than what they made of the last one.
    structuralSharing: (before, next) =>
      seqOf(before) > seqOf(next) ? before : replaceEqualDeep(before, next),
  });

export const useRelease = (id: string) =>
  useQuery({
    queryKey: ['release', id],
    queryFn: () => get<ReleaseAnswer>(`/api/v1/releases/${encodeURIComponent(id)}`),
    refetchInterval: (query) => (query.state.data?.endedAt ? false : NUMBERS_MS),
    enabled: id !== '',
    retry: false,
  });

/** How long requests of a release took; asked for where an SLO is about that. */
export const useLatency = (id: string, { enabled, over }: { enabled: boolean; over: boolean }) =>
  useQuery({
    queryKey: ['latency', id],
    queryFn: () =>
      get<{ slos: { slo: string; distribution: DistributionView }[] }>(
        `/api/v1/releases/${encodeURIComponent(id)}/latency`,
      ),
    refetchInterval: over ? SELDOM_MS : NUMBERS_MS,
    enabled,
    retry: false,
  });

export const useReleases = () =>
  useQuery({
    queryKey: ['releases'],
    queryFn: () => get<{ releases: ReleaseRow[]; leftOut: number }>('/api/v1/releases'),
    refetchInterval: SELDOM_MS,
  });

export const useBudgets = () =>
  useQuery({
    queryKey: ['budgets'],
    queryFn: () => get<{ sentence: string; at: number; budgets: BudgetView[] }>('/api/v1/budgets'),
    refetchInterval: NUMBERS_MS,
  });

export const useBudget = (environment: string, slo: string) =>
  useQuery({
    queryKey: ['budget', environment, slo],
    queryFn: () =>
      get<BudgetDetail>(`/api/v1/budgets/${encodeURIComponent(environment)}/${encodeURIComponent(slo)}`),
    refetchInterval: SELDOM_MS,
  });

export const useReplay = (search: string) =>
  useQuery({
    queryKey: ['replay', search],
    queryFn: () => get<ReplayAnswer>(`/api/v1/replay${search}`),
    retry: false,
  });

export const usePipeline = () =>
  useQuery({
    queryKey: ['pipeline'],
    queryFn: () => get<PipelineAnswer>('/api/v1/pipeline'),
    refetchInterval: SELDOM_MS,
  });

export const useMeasures = () =>
  useQuery({
    queryKey: ['measures'],
    queryFn: () => get<MeasuresAnswer>('/api/v1/measures'),
    refetchInterval: SELDOM_MS,
  });

export const usePulls = () =>
  useQuery({
    queryKey: ['pulls'],
    queryFn: () => get<PullList>('/api/v1/pulls'),
    refetchInterval: SELDOM_MS,
  });

export const usePull = (number: number | undefined) =>
  useQuery({
    queryKey: ['pull', number],
    queryFn: () => get<PullDetail>(`/api/v1/pulls/${number}`),
    enabled: number !== undefined,
    refetchInterval: SELDOM_MS,
    retry: false,
  });

export const useFreezes = () =>
  useQuery({
    queryKey: ['freezes'],
    queryFn: () => get<FreezeList>('/api/v1/freezes'),
    refetchInterval: SELDOM_MS,
  });

interface NoticesAnswer {
  readonly notices: readonly NoticeView[];
  readonly next: number | null;
}

/** What people are notified of; without a search its newest page, which the whole console shares. */
export const useNotices = (search = '') =>
  useQuery({
    queryKey: ['notices', search],
    queryFn: () => get<NoticesAnswer>(`/api/v1/notices${search}`),
    refetchInterval: SELDOM_MS,
  });

export const useWaivers = () =>
  useQuery({
    queryKey: ['waivers'],
    queryFn: () => get<{ at: number; waivers: WaiverView[] }>('/api/v1/waivers'),
    refetchInterval: SELDOM_MS,
  });

export const useAudit = (search: string) =>
  useQuery({
    queryKey: ['audit', search],
    queryFn: () => get<AuditAnswer>(`/api/v1/audit${search}`),
    retry: false,
  });

interface LedgerRow {
  readonly seq: number;
  readonly type: string;
  readonly subject: string;
  readonly prev: string;
  readonly hash: string;
  readonly data: Record<string, unknown>;
}

/** One record by its number. */
export const useRecord = (seq: number | undefined) =>
  useQuery({
    queryKey: ['record', seq],
    queryFn: async () =>
      (await get<{ records: LedgerRow[] }>(`/api/v1/ledger?after=${seq! - 1}&limit=1`)).records[0] ?? null,
    enabled: seq !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });

export interface ChainVerification {
  readonly ok: boolean;
  readonly records: number;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly breaks: readonly { readonly line: number; readonly message: string }[];
}
export const verify = (): Promise<ChainVerification> => get<ChainVerification>('/api/v1/ledger/verification');

export interface DecisionReplay {
  readonly same: boolean;
  readonly was: { readonly allow: boolean; readonly deny: readonly string[] };
  readonly differences: readonly string[];
}
export const replayOf = (decision: string): Promise<DecisionReplay> =>
  get<DecisionReplay>(`/api/v1/decisions/${decision}/replay`);

/** Who asks, and what they may. */
interface Me extends Offered {
  readonly signIn: string | null;
  /** Whether what is here may be read: where others reach the server, it takes a sign-in. */
  readonly reads: boolean;
}
export const useMe = () =>
  useQuery({ queryKey: ['me'], queryFn: () => get<Me>('/api/v1/me'), staleTime: 60_000 });

/** What a person may order of a release under way. */
export type Command = 'abort' | 'pause' | 'resume' | 'promote';

/** Posts something that changes state; resolves to undefined, or to what was wrong with it. */
export async function post(
  path: string,
  body: object,
  token: string,
  key?: string,
): Promise<string | undefined> {
  const answer = await fetch(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      // Signed in, the session says who asks; otherwise a token does.
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(key ? { 'idempotency-key': key } : {}),
    },
    body: JSON.stringify(body),
  });
  return answer.ok ? undefined : problemOf(answer);
}

/** Ends the session of this browser. */
export async function signOut(): Promise<void> {
  await fetch('/auth/logout', { method: 'POST' });
}
