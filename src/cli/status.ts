import type { PipelineAnswer } from '../api/pipeline.ts';
import { needServer } from './client.ts';
import { type Define, jsonOption, type Shared } from './command.ts';
import { EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';
import { watch } from './watch.ts';

const percent = (value: number | null) => (value === null ? 'no data' : `${(100 * value).toFixed(1)}%`);
const times = (value: number | null) => (value === null ? 'no data' : `${value.toFixed(2)}x`);

/** `sluice status`: the same sentences, in the same order, as the console's first page. */
export async function statusCommand(io: Io, options: Shared): Promise<Exit> {
  const overview = await needServer(options).get('/api/v1/overview');
  if (options.json) {
    printJson(io, { ...overview, schema: 'sluice.dev/status/v1' });
    return EXIT.yes;
  }
  const p = palette(io);
  io.out(`${p.bold(overview.sentence)}\n\n`);
  const rows = overview.lanes.map((lane) => {
    const slo = lane.slos[0];
    const version = lane.canary
      ? `${lane.stable ?? '-'} → ${lane.canary} ${lane.weight}%`
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
  io.out(table([['service', 'env', 'state', 'version', 'budget remaining', 'burn 5m', 'burn 1h'], ...rows]));
  // What each waits for, and what helps: the same words as in the console.
  for (const lane of overview.lanes) if (lane.family !== 'at rest') io.out(`${lane.sentence}\n`);
  for (const problem of overview.problems) io.out(`${p.yellow('desired state')}: ${problem}\n`);
  return EXIT.yes;
}

type Stand = PipelineAnswer['services'][number]['stands'][number];

/** Every environment in promotion order: those of the service with most of them, then what others add. */
function environmentsIn({ services }: PipelineAnswer): string[] {
  const most = services.toSorted((a, b) => b.stands.length - a.stands.length);
  return [...new Set(most.flatMap(({ stands }) => stands.map((s) => s.environment)))];
}

/** `sluice status --pipeline`: show each service's versions across environments, and what each one waits for. */
export async function pipelineCommand(io: Io, options: Shared): Promise<Exit> {
  const answer = await needServer(options).get('/api/v1/pipeline');
  if (options.json) {
    printJson(io, answer);
    return EXIT.yes;
  }
  io.out(`${palette(io).bold(answer.sentence)}\n\n`);
  const names = environmentsIn(answer);
  const cell = (s: Stand | undefined) =>
    s === undefined
      ? ''
      : `${s.stable?.version ?? '-'}${s.desired && s.desired.digest !== s.stable?.digest ? ` → ${s.desired.version}` : ''}${s.pull === null ? '' : ` (#${s.pull})`}`;
  if (answer.services.length > 0)
    io.out(
      table([
        ['service', ...names],
        ...answer.services.map((s) => [
          s.service,
          ...names.map((name) => cell(s.stands.find((x) => x.environment === name))),
        ]),
      ]),
    );
  for (const { stands } of answer.services)
    for (const s of stands.filter(
      (one) => one.pull !== null || (one.desired && one.desired.digest !== one.stable?.digest),
    ))
      io.out(`${s.sentence}\n`);
  for (const { service, stands } of answer.services)
    for (const { environment, sync } of stands)
      if (sync?.word === 'OutOfSync')
        io.out(`${service} in ${environment} is out of sync with Git: ${sync.why}.\n`);
  for (const { service, stands } of answer.services)
    for (const { environment, condemned } of stands)
      for (const { version, digest, reason } of condemned)
        io.out(
          `${service} ${version} is refused in ${environment} and in later environments: ${reason}. ${digest}\n`,
        );
  io.out('Next: sluice promote SERVICE ENVIRONMENT, sluice release lift SERVICE ENVIRONMENT --digest …\n');
  return EXIT.yes;
}

export const define: Define = (command, { io, run }) =>
  command
    .option('--pipeline', "show each service's versions across environments, and what each one waits for")
    .option('--watch', 'show it again and again, in place on a terminal')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((o) => {
      const show = (to: Io) => (o.pipeline ? pipelineCommand(to, o) : statusCommand(to, o));
      return run(() => (o.watch ? watch(io, show) : show(io)));
    });
