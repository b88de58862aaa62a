import type { ReleaseView } from '../api/views.ts';
import { didYouMean } from '../kit/nearest.ts';
import type { Client } from './api.ts';
import { textChart } from './chart.ts';
import { needServer } from './client.ts';
import type { Shared } from './command.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

interface ShowOptions extends Shared {
  readonly release?: string | undefined;
}

/** The release of a lane that is in progress, else the newest one. */
async function newestOf(client: Client, service: string, environment: string): Promise<string> {
  const { lanes } = await client.get('/api/v1/overview');
  const lane = lanes.find((one) => one.service === service && one.environment === environment);
  if (!lane)
    throw new CliError(EXIT.no, {
      code: 'NO_SUCH_LANE',
      message: `${service} in ${environment} is not declared`,
      next: didYouMean(
        `${service}/${environment}`,
        lanes.map((one) => `${one.service}/${one.environment}`),
      ),
    });
  if (lane.release !== null) return lane.release;
  const { releases } = await client.get('/api/v1/releases');
  const own = releases.filter((one) => one.service === service && one.environment === environment);
  const [newest] = own.toSorted((a, b) => b.openedAt - a.openedAt);
  if (newest) return newest.id;
  throw new CliError(EXIT.no, {
    code: 'NO_RELEASE',
    message: `there has not been a release of ${service} in ${environment}`,
    next: 'see sluice status',
  });
}

const STEP_WORDS: Readonly<Record<ReleaseView['steps'][number]['status'], string>> = {
  done: 'passed',
  now: 'now',
  next: '',
  stopped: 'stopped here',
};

/** Both lines of evidence of each SLO against the bar that they have to reach. */
function showCharts(io: Io, { charts }: ReleaseView): void {
  for (const chart of charts.filter((one) => one.at.length > 0)) {
    io.out(`\n${chart.slo}\n`);
    const lines = [
      { mark: 'o', values: chart.overBudget },
      { mark: 'w', values: chart.worseThanStable },
    ];
    io.out(textChart(lines, { value: chart.bar, name: 'bar' }));
    const [over, worse] = [chart.overBudget.at(-1) ?? 0, chart.worseThanStable.at(-1) ?? 0];
    io.out(
      `           o over budget ${over.toFixed(2)}   w worse than stable ${worse.toFixed(2)}   * both\n`,
    );
  }
}

function show(io: Io, view: ReleaseView): void {
  const p = palette(io);
  io.out(`${p.bold(view.sentence)}\n`);
  if (view.verdict)
    io.out(`Verdict: ${view.verdict.word}\n${view.verdict.reasons.map((r) => `  ${r.words}\n`).join('')}`);
  showCharts(io, view);
  const rows = view.steps.map((step) => [
    `${step.weight}%`,
    `${STEP_WORDS[step.status] ?? ''}${step.back ? ', a step back' : ''}`,
  ]);
  if (rows.length > 0) io.out(`\n${table([['STEP', ''], ...rows])}`);
  io.out(`Next: sluice ledger explain ${view.id}\n`);
}

/** `sluice release show SERVICE ENVIRONMENT`: how a release is judged, with its evidence against the bar. */
export async function releaseShowCommand(
  io: Io,
  service: string,
  environment: string,
  o: ShowOptions,
): Promise<Exit> {
  const client = needServer(o);
  const id = o.release ?? (await newestOf(client, service, environment));
  const view = await client.get('/api/v1/releases/{id}', { params: { id } });
  if (o.json) printJson(io, view);
  else show(io, view);
  return EXIT.yes;
}
