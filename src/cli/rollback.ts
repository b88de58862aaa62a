import { needServer } from './client.ts';
import { type Define, jsonOption, reasonOption, type Shared } from './command.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

interface RollbackOptions extends Shared {
  readonly to?: string | undefined;
  readonly reason?: string | undefined;
}

/** `sluice rollback SERVICE ENVIRONMENT [--to VERSION] --reason …`: users go back to what was good. */
export async function rollbackCommand(
  io: Io,
  service: string,
  environment: string,
  options: RollbackOptions,
): Promise<Exit> {
  const reason = options.reason?.trim() ?? '';
  if (reason === '')
    throw new CliError(EXIT.usage, {
      code: 'NO_REASON',
      message: 'rollback needs a reason',
      next: 'add --reason "…"; it is recorded in the ledger',
    });
  const body = { reason, ...(options.to ? { to: options.to } : {}) };
  const done = await needServer(options).post('/api/v1/lanes/{environment}/{service}/rollback', {
    params: { service, environment },
    body,
  });
  if (options.json) printJson(io, done);
  else {
    const when = done.atOnce ? 'now' : 'once the revert is merged (freezes do not block it)';
    io.out(
      `Recorded as #${done.seq}: users of ${service} in ${environment} are rolled back from ${done.from} to ${done.to} ${when}.\n`,
    );
    io.out('Next: sluice status --pipeline; a pull request reverts Git\n');
  }
  return EXIT.yes;
}

export const define: Define = (command, { io, run }) =>
  command
    .argument('<service>', 'name of the service')
    .argument('<environment>', 'name of the environment')
    .option('--to <version>', 'a version that was stable there (default: the previous one)')
    .addOption(reasonOption())
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((service, environment, o) => run(() => rollbackCommand(io, service, environment, o)));
