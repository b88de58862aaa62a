import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { BudgetDetail, BudgetView, ReplayAnswer } from '../../src/api/budgets.ts';
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

/** Sends an order; resolves to undefined, or to what was wrong with it. */
export async function send(order: Order): Promise<string | undefined> {
  const { service, environment, command, reason, token, key } = order;
  const answer = await fetch(`/api/v1/lanes/${environment}/${service}/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'idempotency-key': key },
    body: JSON.stringify({ command, reason }),
  });
  if (answer.ok) return undefined;
  const problem = (await answer.json()) as { detail: string; next?: string };
  return problem.next ? `${problem.detail}: ${problem.next}` : problem.detail;
}
