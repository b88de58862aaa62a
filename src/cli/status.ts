import type { LaneSummary } from '../api/views.ts';
import { needServer } from './client.ts';
import { EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

interface Overview {
  readonly sentence: string;
  readonly problems: readonly string[];
  readonly lanes: readonly LaneSummary[];
}

const percent = (value: number | null) => (value === null ? 'no data' : `${(100 * value).toFixed(1)} %`);
const times = (value: number | null) => (value === null ? 'no data' : `${value.toFixed(2)}x`);

/** `sluice status`: the same sentences, in the same order, as the console's first page. */
export async function statusCommand(io: Io, options: { work: string; json?: boolean }): Promise<Exit> {
  const overview = await needServer(options.work).get<Overview>('/api/v1/overview');
  if (options.json) {
    printJson(io, { ...overview, schema: 'sluice.dev/status/v1' });
    return EXIT.yes;
  }
  const p = palette(io);
  io.out(`${p.bold(overview.sentence)}\n\n`);
  const rows = overview.lanes.map((lane) => {
    const slo = lane.slos[0];
    const version = lane.canary
      ? `${lane.stable ?? '-'} → ${lane.canary} ${lane.weight} %`
      : (lane.stable ?? '-');
    return [
      lane.service,
      lane.environment,
      lane.state,
      version,
      percent(slo?.budgetLeft ?? null),
      times(slo?.burnFast ?? null),
      times(slo?.burnSlow ?? null),
    ];
  });
  io.out(table([['service', 'env', 'state', 'version', 'budget left', 'burn 5m', 'burn 1h'], ...rows]));
  for (const problem of overview.problems) io.out(`${p.yellow('desired state')}: ${problem}\n`);
  return EXIT.yes;
}
