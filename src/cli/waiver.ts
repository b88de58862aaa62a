import { needServer } from './client.ts';
import { type Define, jsonOption, reasonOption, type Shared } from './command.ts';
import { defineOrder, left, momentOf, reasonOf, scopeOf } from './governance.ts';
import { EXIT, type Exit, type Io, printJson, table } from './io.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

interface GrantOptions extends Shared {
  readonly reason?: string | undefined;
  readonly expires?: string | undefined;
  readonly code?: readonly string[] | undefined;
  readonly singleUse?: boolean | undefined;
  readonly pull?: string | undefined;
}

/** `sluice waiver list`: every waiver that was ever granted. */
export async function waiverListCommand(io: Io, o: Shared): Promise<Exit> {
  const answer = await needServer(o).get('/api/v1/waivers');
  if (o.json) printJson(io, answer);
  else if (answer.waivers.length === 0) io.out('There are no waivers.\n');
  else {
    const rows = answer.waivers.map((w) => [
      w.state,
      w.scopeText,
      w.codes.join(',') || 'all',
      left(w.expiresAt, answer.at),
      w.approvedBy ? `${w.by}, ${w.approvedBy}` : w.by,
      w.usedFor.map((n) => `#${n}`).join(' ') || '-',
      w.reason,
      w.id,
    ]);
    io.out(table([['STATE', 'SCOPE', 'CODES', 'LEFT', 'BY', 'USED', 'WHY', 'ID'], ...rows]));
  }
  return EXIT.yes;
}

/** `sluice waiver grant SCOPE --expires --reason`: what the gate would deny may merge until then. */
export async function waiverGrantCommand(io: Io, scope: string, o: GrantOptions): Promise<Exit> {
  const body = {
    scope: scopeOf(scope),
    reason: reasonOf(o.reason, 'sluice waiver grant'),
    expires: momentOf(o.expires, 'expires'),
    codes: o.code ?? [],
    singleUse: o.singleUse ?? false,
    pullRequest: o.pull === undefined ? null : Number(o.pull),
  };
  const done = await needServer(o).post('/api/v1/waivers', { body });
  if (o.json) printJson(io, done);
  else io.out(`Recorded as #${done.seq}: ${done.id}.\nNext: sluice waiver list\n`);
  return EXIT.yes;
}

export const define: Define = (command, context) => {
  const { io, run } = context;
  command
    .command('list')
    .description('List all waivers')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((o) => run(() => waiverListCommand(io, o)));
  command
    .command('grant')
    .description('Allow what the gate denies until a given time')
    .argument('<scope>', 'prod, checkout/prod, or "*"')
    .option('--expires <time>', 'end: a duration such as 1h, or a time with its offset')
    .addOption(reasonOption())
    .option('--code <code...>', 'only for denials with these codes')
    .option('--single-use', 'only for the first pull request that it allows')
    .option('--pull <number>', 'only for this pull request')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((scope, o) => run(() => waiverGrantCommand(io, scope, o)));
  defineOrder(command, context, {
    name: 'approve',
    description: 'Approve a waiver that somebody else granted',
    path: '/api/v1/waivers/{id}/approve',
  });
  defineOrder(command, context, {
    name: 'revoke',
    description: 'Revoke a waiver before it expires',
    path: '/api/v1/waivers/{id}/revoke',
  });
};
