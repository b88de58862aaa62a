import { randomUUID } from 'node:crypto';
import type { BudgetView } from '../api/budgets.ts';
import { needServer } from './client.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

interface ListAnswer {
  readonly sentence: string;
  readonly budgets: readonly BudgetView[];
}

const share = (value: number | null): string =>
  value === null ? 'no data' : `${(100 * value).toFixed(1)} %`;
const times = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)}x`);

/** `sluice budget list`: what is left of every error budget, trouble first. Exit 1 where one is spent. */
export async function budgetListCommand(io: Io, o: { work: string; json?: boolean }): Promise<Exit> {
  const answer = await needServer(o.work).get<ListAnswer>('/api/v1/budgets');
  const spent = answer.budgets.some((b) => b.left !== null && b.left <= 0);
  if (o.json) printJson(io, answer);
  else {
    io.out(`${palette(io).bold(answer.sentence)}\n`);
    const rows = answer.budgets.map((b) => [
      b.slo,
      b.environment,
      b.state,
      share(b.left),
      times(b.burnFast),
      times(b.burnSlow),
    ]);
    io.out(table([['SLO', 'ENVIRONMENT', 'STATE', 'LEFT', 'BURN 5M', 'BURN 1H'], ...rows]));
  }
  return spent ? EXIT.no : EXIT.yes;
}

export interface AdjustOptions {
  readonly work: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly approver?: string;
  readonly json?: boolean;
}

/** `sluice budget exclude SLO ENVIRONMENT --from --to --reason --approver`: an incident that does not count, on record. */
export async function budgetExcludeCommand(
  io: Io,
  slo: string,
  environment: string,
  o: AdjustOptions,
): Promise<Exit> {
  for (const name of ['from', 'to', 'reason', 'approver'] as const)
    if (!o[name]?.trim())
      throw new CliError(EXIT.usage, {
        code: `NO_${name.toUpperCase()}`,
        message: `an exclusion needs --${name}`,
        next: 'add --from and --to as 2026-03-01T02:00:00Z, --reason "…" and --approver "…"; all go into the ledger',
      });
  const { from, to, reason, approver } = o;
  const path = `/api/v1/budgets/${encodeURIComponent(environment)}/${encodeURIComponent(slo)}/adjustments`;
  const answer = await needServer(o.work).post<{ seq: number; bad: number; requests: number }>(
    path,
    { from, to, reason, approver },
    randomUUID(),
  );
  if (o.json) printJson(io, answer);
  else {
    io.out(
      `Recorded as #${answer.seq}: ${Math.round(answer.bad)} bad of ${Math.round(answer.requests)} requests do not count.\n`,
    );
    io.out('Next: sluice budget list\n');
  }
  return EXIT.yes;
}
