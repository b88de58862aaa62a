import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { BudgetDetail, BudgetView, ReplayAnswer } from '../../src/api/budgets.ts';
import type { AuditAnswer, FreezeList, PullDetail, PullList, WaiverView } from '../../src/api/governance.ts';
import type { MeasuresAnswer, PipelineAnswer } from '../../src/api/pipeline.ts';
import type { LaneSummary, ReleaseView } from '../../src/api/views.ts';

export interface OverviewAnswer {
  readonly platform: string;
  readonly sentence: string;
  readonly at: number;
  readonly ledger: { readonly seq: number; readonly hash: string };
  readonly problems: readonly string[];
  readonly lanes: readonly LaneSummary[];
}

export type ReleaseAnswer = ReleaseView & { readonly trouble: string | null; readonly weight: number };

export interface ReleaseRow {
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly openedAt: number;
  readonly endedAt: number | null;
  readonly sentence: string;
}

const REFRESH_MS = 1_000;

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(((await answer.json()) as { detail?: string }).detail ?? answer.statusText);
  return (await answer.json()) as T;
}

export const useOverview = () =>
  useQuery({
    queryKey: ['overview'],
    queryFn: () => get<OverviewAnswer>('/api/v1/overview'),
    refetchInterval: REFRESH_MS,
  });

export const useRelease = (id: string) =>
  useQuery({
    queryKey: ['release', id],
    queryFn: () => get<ReleaseAnswer>(`/api/v1/releases/${encodeURIComponent(id)}`),
    refetchInterval: (query) => (query.state.data?.endedAt ? false : REFRESH_MS),
    retry: false,
  });

export const useReleases = () =>
  useQuery({
    queryKey: ['releases'],
    queryFn: () => get<{ releases: ReleaseRow[] }>('/api/v1/releases'),
    refetchInterval: 5_000,
  });

export const useBudgets = () =>
  useQuery({
    queryKey: ['budgets'],
    queryFn: () => get<{ sentence: string; at: number; budgets: BudgetView[] }>('/api/v1/budgets'),
    refetchInterval: 5_000,
  });

export const useBudget = (environment: string, slo: string) =>
  useQuery({
    queryKey: ['budget', environment, slo],
    queryFn: () =>
      get<BudgetDetail>(`/api/v1/budgets/${encodeURIComponent(environment)}/${encodeURIComponent(slo)}`),
    refetchInterval: 10_000,
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
    refetchInterval: 2_000,
  });

export const useMeasures = () =>
  useQuery({
    queryKey: ['measures'],
    queryFn: () => get<MeasuresAnswer>('/api/v1/measures'),
    refetchInterval: 10_000,
  });

export const usePulls = () =>
  useQuery({ queryKey: ['pulls'], queryFn: () => get<PullList>('/api/v1/pulls'), refetchInterval: 2_000 });

export const usePull = (number: number | undefined) =>
  useQuery({
    queryKey: ['pull', number],
    queryFn: () => get<PullDetail>(`/api/v1/pulls/${number}`),
    enabled: number !== undefined,
    refetchInterval: 2_000,
    retry: false,
  });

export const useFreezes = () =>
  useQuery({
    queryKey: ['freezes'],
    queryFn: () => get<FreezeList>('/api/v1/freezes'),
    refetchInterval: 2_000,
  });

export const useWaivers = () =>
  useQuery({
    queryKey: ['waivers'],
    queryFn: () => get<{ at: number; waivers: WaiverView[] }>('/api/v1/waivers'),
    refetchInterval: 5_000,
  });

export const useAudit = (search: string) =>
  useQuery({
    queryKey: ['audit', search],
    queryFn: () => get<AuditAnswer>(`/api/v1/audit${search}`),
    retry: false,
  });

export interface LedgerRow {
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

export interface Verification {
  readonly ok: boolean;
  readonly records: number;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly breaks: readonly { readonly line: number; readonly message: string }[];
}
export const verify = (): Promise<Verification> => get<Verification>('/api/v1/ledger/verification');

export interface Replayed {
  readonly same: boolean;
  readonly was: { readonly allow: boolean; readonly deny: readonly string[] };
  readonly differences: readonly string[];
}
export const replayOf = (decision: string): Promise<Replayed> =>
  get<Replayed>(`/api/v1/decisions/${decision}/replay`);

export interface Me {
  readonly actor: string | null;
  readonly scopes: readonly string[];
  readonly signIn: string | null;
}
export const useMe = () =>
  useQuery({ queryKey: ['me'], queryFn: () => get<Me>('/api/v1/me'), staleTime: 60_000 });

/** Every record that is appended makes what is shown fetch anew; a cut line is said, not hidden. */
export function useLive(): { connected: boolean; lastAt: number } {
  const client = useQueryClient();
  const [state, setState] = useState({ connected: true, lastAt: Date.now() });
  useEffect(() => {
    const source = new EventSource('/api/v1/events');
    const alive = () => setState({ connected: true, lastAt: Date.now() });
    source.addEventListener('open', alive);
    source.addEventListener('alive', alive);
    source.addEventListener('record', () => {
      alive();
      void client.invalidateQueries();
    });
    source.addEventListener('error', () => setState((s) => ({ ...s, connected: false })));
    return () => source.close();
  }, [client]);
  return state;
}

export interface Order {
  readonly service: string;
  readonly environment: string;
  readonly command: 'abort' | 'pause' | 'resume' | 'promote';
  readonly reason: string;
  readonly token: string;
  readonly key: string;
}

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
  if (answer.ok) return undefined;
  const problem = (await answer.json()) as { detail: string; next?: string };
  return problem.next ? `${problem.detail}: ${problem.next}` : problem.detail;
}

/** Sends an order; resolves to undefined, or to what was wrong with it. */
export const send = ({
  service,
  environment,
  command,
  reason,
  token,
  key,
}: Order): Promise<string | undefined> =>
  post(`/api/v1/lanes/${environment}/${service}/commands`, { command, reason }, token, key);
