import { randomUUID } from 'node:crypto';
import { COMMANDS, type CommandName, EVENT_VERSION } from '../delivery/events.ts';
import { clientOf, needServer, runningServer } from './client.ts';
import { type Define, jsonOption, reasonOption, type Shared, workOption } from './command.ts';
import { needLedger } from './existing-ledger.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';
import type { Parts } from './parts.ts';

type LedgerParts = Pick<Parts, 'openExistingLedger'>;

interface OrderOptions extends Shared {
  readonly reason?: string | undefined;
}

interface LiftOptions extends OrderOptions {
  readonly digest?: string | undefined;
}

/** With no server, the order is appended to the ledger itself: the next server carries it out. */
async function appendOrder(
  parts: LedgerParts,
  work: string,
  lane: string,
  command: CommandName,
  reason: string,
) {
  const ledger = await needLedger(parts, work);
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
  options: OrderOptions,
  parts: LedgerParts,
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
    : await appendOrder(parts, options.work, `${service}/${environment}`, command, reason);
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
  options: LiftOptions,
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

const ORDERS: Readonly<Record<CommandName, string>> = {
  abort: 'end the release; the stable version gets all traffic again',
  pause: 'hold the release where it is',
  resume: 'let a paused release go on',
  promote: 'make the canary the new stable version, whatever was judged',
};

export const define: Define = (command, { io, parts, run }) => {
  for (const name of COMMANDS)
    command
      .command(name)
      .description(ORDERS[name])
      .argument('<service>')
      .argument('<environment>')
      .addOption(reasonOption())
      .addOption(workOption(io))
      .addOption(jsonOption())
      .action((service, environment, o) =>
        run(() => releaseCommand(io, name, service, environment, o, parts)),
      );
  command
    .command('lift')
    .description('let an artefact that was condemned be tried again')
    .argument('<service>')
    .argument('<environment>')
    .option('--digest <digest>', 'the artefact, as sha256:…')
    .addOption(reasonOption())
    .addOption(workOption(io))
    .addOption(jsonOption())
    .action((service, environment, o) => run(() => liftCommand(io, service, environment, o)));
};
