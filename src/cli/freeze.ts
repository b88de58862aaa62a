import { FREEZE_STATES } from '../api/freeze-states.ts';
import { humanSpan } from '../kit/time.ts';
import { needServer } from './client.ts';
import { type Define, jsonOption, type Shared } from './command.ts';
import { defineOrder, left, momentOf, reasonOf, scopeOf } from './governance.ts';
import { EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

interface FreezeOptions extends Shared {
  readonly reason?: string | undefined;
  readonly until?: string | undefined;
}

/** `sluice freeze list`: what stands, what comes. Exit 0 whatever stands. */
export async function freezeListCommand(io: Io, o: Shared): Promise<Exit> {
  const answer = await needServer(o).get('/api/v1/freezes');
  if (o.json) printJson(io, answer);
  else {
    io.out(`${palette(io).bold(answer.sentence)}\n`);
    const rows = answer.freezes.map((f) => [
      FREEZE_STATES[f.state],
      f.scopeText,
      f.kind,
      f.state === 'comes'
        ? `in ${humanSpan(f.since - answer.at)}`
        : f.state === 'over'
          ? ''
          : left(f.until, answer.at),
      f.by,
      f.reason,
      f.id,
    ]);
    if (rows.length > 0)
      io.out(table([['STATE', 'SCOPE', 'KIND', 'ENDS IN', 'BY', 'REASON', 'ID'], ...rows]));
    io.out('Next: sluice freeze on SCOPE --until 2h --reason "…", sluice freeze off ID --reason "…"\n');
  }
  return EXIT.yes;
}

/** `sluice freeze on SCOPE --until --reason`: nothing new goes out until then. */
export async function freezeOnCommand(io: Io, scope: string, o: FreezeOptions): Promise<Exit> {
  const body = {
    scope: scopeOf(scope),
    reason: reasonOf(o.reason, 'sluice freeze on'),
    until: momentOf(o.until, 'until'),
  };
  const done = await needServer(o).post('/api/v1/freezes', { body });
  if (o.json) printJson(io, done);
  else {
    io.out(`Recorded as #${done.seq}: ${scope} is frozen until ${body.until}. Reverts and rollbacks pass.\n`);
    io.out(`Next: sluice freeze off ${done.id} --reason "…"\n`);
  }
  return EXIT.yes;
}

export const define: Define = (command, context) => {
  const { io, run } = context;
  command
    .command('list')
    .description('List active, scheduled and ended freezes')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((o) => run(() => freezeListCommand(io, o)));
  command
    .command('on')
    .description('Freeze a scope until a given time')
    .argument('<scope>', 'prod, checkout/prod, or "*"')
    .option('--until <time>', 'end: a duration such as 2h, or a time with its offset')
    .option('--reason <why>', 'reason, shown to everybody whom it affects')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((scope, o) => run(() => freezeOnCommand(io, scope, o)));
  defineOrder(command, context, {
    name: 'off',
    description: 'Lift a freeze before its end',
    path: '/api/v1/freezes/{id}/lift',
  });
};
