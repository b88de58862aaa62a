import { randomUUID } from 'node:crypto';
import type { CommandName } from '../delivery/events.ts';
import { needServer } from './client.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';

/** `sluice release abort|pause|resume|promote SERVICE ENVIRONMENT --reason …`: an order, recorded with who and why. */
export async function releaseCommand(
  io: Io,
  command: CommandName,
  service: string,
  environment: string,
  options: { work: string; reason?: string; json?: boolean },
): Promise<Exit> {
  const reason = options.reason?.trim() ?? '';
  if (reason === '')
    throw new CliError(EXIT.usage, {
      code: 'NO_REASON',
      message: `${command} needs a reason`,
      next: `add --reason "…"; it goes into the ledger`,
    });
  const path = `/api/v1/lanes/${encodeURIComponent(environment)}/${encodeURIComponent(service)}/commands`;
  const answer = await needServer(options.work).post<{ seq: number }>(
    path,
    { command, reason },
    randomUUID(),
  );
  if (options.json) printJson(io, answer);
  else io.out(`Recorded as #${answer.seq}: ${command} ${service} in ${environment}.\nNext: sluice status\n`);
  return EXIT.yes;
}
