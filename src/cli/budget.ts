import { needServer } from './client.ts';
import { type Define, jsonOption, type Shared } from './command.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

const share = (value: number | null): string => (value === null ? 'no data' : `${(100 * value).toFixed(1)}%`);
const times = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)}x`);

/** `sluice budget list`: what is left of every error budget, trouble first. Exit 1 where one is spent. */
export async function budgetListCommand(io: Io, o: Shared): Promise<Exit> {
  const answer = await needServer(o).get('/api/v1/budgets');
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

interface AdjustOptions extends Shared {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly reason?: string | undefined;
  readonly approver?: string | undefined;
}

/** `sluice budget exclude SLO ENVIRONMENT --from --to --reason --approver`: an incident that does not count, on record. */
export async function budgetExcludeCommand(
  io: Io,
  slo: string,
  environment: string,
  o: AdjustOptions,
): Promise<Exit> {
  const needed = (name: 'from' | 'to' | 'reason' | 'approver'): string => {
    const given = o[name];
    if (given?.trim()) return given;
    throw new CliError(EXIT.usage, {
      code: `NO_${name.toUpperCase()}`,
      message: `an exclusion needs --${name}`,
      next: 'add --from and --to as 2026-03-01T02:00:00Z, --reason "…" and --approver "…"; all are recorded in the ledger',
    });
  };
  const body = {
    from: needed('from'),
    to: needed('to'),
    reason: needed('reason'),
    approver: needed('approver'),
  };
  const answer = await needServer(o).post('/api/v1/budgets/{environment}/{slo}/adjustments', {
    params: { environment, slo },
    body,
  });
  if (o.json) printJson(io, answer);
  else {
    io.out(
      `Recorded as #${answer.seq}: ${Math.round(answer.bad)} bad of ${Math.round(answer.requests)} requests do not count.\n`,
    );
    io.out('Next: sluice budget list\n');
  }
  return EXIT.yes;
}

export const define: Define = (command, { io, run }) => {
  command
    .command('list')
    .description('Show what remains of every error budget, worst first')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((o) => run(() => budgetListCommand(io, o)));
  command
    .command('exclude')
    .description('Exclude an incident from a budget, with a reason and an approver, on record')
    .argument('<slo>', 'name of the SLO')
    .argument('<environment>', 'name of the environment')
    .option('--from <time>', 'when the incident began, as 2026-03-01T02:00:00Z')
    .option('--to <time>', 'when the incident ended')
    .option('--reason <why>', 'why it is excluded')
    .option('--approver <who>', 'who approved the exclusion')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((slo, environment, o) => run(() => budgetExcludeCommand(io, slo, environment, o)));
};
