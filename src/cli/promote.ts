import { needServer } from './client.ts';
import { type Define, jsonOption, type Shared } from './command.ts';
import { EXIT, type Exit, type Io, printJson } from './io.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

/** `sluice promote SERVICE ENVIRONMENT`: a pull request that copies the exact digest; the gate decides. */
export async function promoteCommand(
  io: Io,
  service: string,
  environment: string,
  options: Shared,
): Promise<Exit> {
  const done = await needServer(options).post('/api/v1/promotions', { body: { service, environment } });
  if (options.json) printJson(io, done);
  else io.out(`#${done.number} asks for it.\nNext: sluice gate ${done.number}\n`);
  return EXIT.yes;
}

export const define: Define = (command, { io, run }) =>
  command
    .argument('<service>', 'name of the service')
    .argument('<environment>', 'the target environment')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((service, environment, o) => run(() => promoteCommand(io, service, environment, o)));
