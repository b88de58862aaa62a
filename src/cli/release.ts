import { randomUUID } from 'node:crypto';
import { type CommandName, EVENT_VERSION } from '../delivery/events.ts';
import type { LedgerPort } from '../ledger/port.ts';
import { clientOf, needServer, runningServer } from './client.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';

type Open = (work: string) => Promise<LedgerPort>;

/** With no server, the order is appended to the ledger itself: the next server carries it out. */
async function appendOrder(open: Open, work: string, lane: string, command: CommandName, reason: string) {
  const ledger = await open(work);
  try {
    const known = (await ledger.read({ type: 'release.opened' })).map((r) => r.subject);
    if (!known.includes(lane))
      throw new CliError(EXIT.no, {
        code: 'NO_SUCH_LANE',
        message: `nothing was ever released as ${lane}`,
        next: `known: ${[...new Set(known)].join(', ') || 'none'}`,
      });
    const id = randomUUID();
    const actor = { id: 'local', kind: 'person' };
    const data = { id, command, reason };
    const [record] = await ledger.append([
      { at: Date.now(), type: 'command.accepted', v: EVENT_VERSION, subject: lane, actor, cause: id, data },
    ]);
    return { schema: 'sluice.dev/command/v1', id, lane, command, seq: record!.seq };
  } finally {
    await ledger.close();
  }
}

/** `sluice release abort|pause|resume|promote SERVICE ENVIRONMENT --reason …`: an order, recorded with who and why. */
export async function releaseCommand(
  io: Io,
  command: CommandName,
  service: string,
  environment: string,
  options: { work: string; reason?: string; json?: boolean },
  open: Open,
): Promise<Exit> {
  const reason = options.reason?.trim() ?? '';
  if (reason === '')
    throw new CliError(EXIT.usage, {
      code: 'NO_REASON',
      message: `${command} needs a reason`,
      next: `add --reason "…"; it goes into the ledger`,
    });
  const path = `/api/v1/lanes/${encodeURIComponent(environment)}/${encodeURIComponent(service)}/commands`;
  const server = runningServer(options.work);
  const answer = server
    ? await clientOf(server).post<{ seq: number }>(path, { command, reason }, randomUUID())
    : await appendOrder(open, options.work, `${service}/${environment}`, command, reason);
  if (options.json) printJson(io, answer);
  else {
    io.out(`Recorded as #${answer.seq}: ${command} ${service} in ${environment}.\n`);
    io.out(
      server ? 'Next: sluice status\n' : 'No server runs: the next one carries it out. Next: sluice serve\n',
    );
  }
  return EXIT.yes;
}

/** `sluice release lift SERVICE ENVIRONMENT --digest …`: what was condemned may be tried again, with a reason. */
export async function liftCommand(
  io: Io,
  service: string,
  environment: string,
  options: { work: string; reason?: string; digest?: string; json?: boolean },
): Promise<Exit> {
  const reason = options.reason?.trim() ?? '';
  if (reason === '' || !options.digest)
    throw new CliError(EXIT.usage, {
      code: reason === '' ? 'NO_REASON' : 'NO_DIGEST',
      message: `lift needs ${reason === '' ? 'a reason' : 'the digest that is refused'}`,
      next: `add ${reason === '' ? '--reason "…"; it goes into the ledger' : '--digest sha256:…; sluice status --pipeline lists them'}`,
    });
  const path = `/api/v1/lanes/${encodeURIComponent(environment)}/${encodeURIComponent(service)}/lift`;
  const body = { digest: options.digest, reason };
  const answer = await needServer(options.work).post<{ seq: number }>(path, body, randomUUID());
  if (options.json) printJson(io, answer);
  else {
    io.out(
      `Recorded as #${answer.seq}: ${service} ${options.digest.slice(0, 19)}… may be tried again in ${environment}.\n`,
    );
    io.out('Next: commit it again by pull request; sluice status --pipeline\n');
  }
  return EXIT.yes;
}
