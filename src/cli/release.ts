import { randomUUID } from 'node:crypto';
import { EVENT_VERSIONS } from '../delivery/event-versions.ts';
import { COMMANDS, type CommandName } from '../delivery/events.ts';
import { laneName } from '../kit/lane.ts';
import { didYouMean } from '../kit/nearest.ts';
import { clientOf, needServer, serverAt } from './client.ts';
import { type Define, jsonOption, reasonOption, type Shared } from './command.ts';
import { needLedger } from './existing-ledger.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';
import type { CommandParts } from './parts.ts';
import { releaseShowCommand } from './release-show.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';
import { watch } from './watch.ts';

type LedgerParts = Pick<CommandParts, 'openExistingLedger'>;

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
        message: `there has never been a release of ${lane}`,
        next: didYouMean(lane, [...new Set(known)]),
      });
    const id = randomUUID();
    const actor = { id: 'local', kind: 'person' };
    const data = { id, command, reason };
    const [record] = await ledger.append([
      {
        at: Date.now(),
        type: 'command.accepted',
        v: EVENT_VERSIONS['command.accepted'],
        subject: lane,
        actor,
        cause: id,
        data,
      },
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
      next: `add --reason "…"; it is recorded in the ledger`,
    });
  const server = serverAt(options);
  const answer = server
    ? await clientOf(server).post('/api/v1/lanes/{environment}/{service}/commands', {
        params: { service, environment },
        body: { command, reason },
      })
    : await appendOrder(parts, options.work, laneName(service, environment), command, reason);
  if (options.json) printJson(io, answer);
  else {
    io.out(`Recorded as #${answer.seq}: ${command} ${service} in ${environment}.\n`);
    io.out(
      server
        ? 'Next: sluice status\n'
        : 'No server runs; the next one will carry it out. Next: sluice serve\n',
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
      next: `add ${reason === '' ? '--reason "…"; it is recorded in the ledger' : '--digest sha256:…; sluice status --pipeline lists them'}`,
    });
  const body = { digest: options.digest, reason };
  const answer = await needServer(options).post('/api/v1/lanes/{environment}/{service}/lift', {
    params: { service, environment },
    body,
  });
  if (options.json) printJson(io, answer);
  else {
    io.out(
      `Recorded as #${answer.seq}: ${service} ${options.digest.slice(0, 19)}… may be released again in ${environment}.\n`,
    );
    io.out('Next: commit it again by pull request; sluice status --pipeline\n');
  }
  return EXIT.yes;
}

const ORDERS: Readonly<Record<CommandName, string>> = {
  abort: 'Abort the release: the stable version gets all traffic again',
  pause: 'Pause the release at its current step',
  resume: 'Resume a paused or held release',
  promote: 'Make the canary the new stable version, whatever the verdict',
  retry: 'Retry a version that was stopped, held too long or tried too often',
};

const defineShow: Define = (command, { io, run }) => {
  command
    .command('show')
    .description('Show how a release is judged: its evidence against the bar, and its steps')
    .argument('<service>', 'name of the service')
    .argument('<environment>', 'name of the environment')
    .option('--release <id>', 'an earlier release, as service.environment.number (default: the newest)')
    .option('--watch', 'show it again and again, in place on a terminal')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((service, environment, o) => {
      const show = (to: Io) => releaseShowCommand(to, service, environment, o);
      return run(() => (o.watch ? watch(io, show) : show(io)));
    });
};

export const define: Define = (command, context) => {
  const { io, parts, run } = context;
  defineShow(command, context);
  for (const name of COMMANDS)
    command
      .command(name)
      .description(ORDERS[name])
      .argument('<service>', 'name of the service')
      .argument('<environment>', 'name of the environment')
      .addOption(reasonOption())
      .addOption(workOption(io))
      .addOption(serverOption(io))
      .addOption(contextOption(io))
      .addOption(jsonOption())
      .action((service, environment, o) =>
        run(() => releaseCommand(io, name, service, environment, o, parts)),
      );
  command
    .command('lift')
    .description('Lift the rejection of an artefact so that it can be released again')
    .argument('<service>', 'name of the service')
    .argument('<environment>', 'name of the environment')
    .option('--digest <digest>', 'digest of the artefact, sha256:…')
    .addOption(reasonOption())
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((service, environment, o) => run(() => liftCommand(io, service, environment, o)));
};
