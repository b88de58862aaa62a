import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { CliError, EXIT, type Exit, type Io, palette, printJson } from './cli/io.ts';
import type { ServeAdapters } from './cli/serve.ts';
import { lanesOf } from './declaration/platform.ts';
import { COMMANDS } from './delivery/events.ts';
import { messageOf, ok } from './kit/result.ts';
import { LedgerUnavailable } from './ledger/port.ts';

/** The composition root: the only file that chooses adapters. */
const ROOT = resolve(import.meta.dirname, '..');
const VERSION = '0.1.0';

const ledgerFile = (work: string): string => join(work, 'ledger.sqlite');
const openLedger = async (work: string, id: string) =>
  (await import('./ledger/adapters/sqlite/ledger.ts')).sqliteLedger({ file: ledgerFile(work), id });

const adapters: ServeAdapters = {
  root: ROOT,
  openLedger,
  startStack: async (options) => (await import('./embedded/stack.ts')).startStack(options),
  async openDesired(platform, work, directory) {
    const { gitDesired } = await import('./gitops/adapters/git/desired.ts');
    const { openRepository } = await import('./gitops/adapters/git/repository.ts');
    const { path, branch } = platform.repository;
    const repository = path === 'embedded' ? join(work, 'desired') : path;
    if (path === 'embedded') await openRepository(repository, branch, join(directory, 'desired'));
    const lanes = lanesOf(platform).map(({ service, environment }) => ({
      service: service.name,
      environment: environment.name,
    }));
    return gitDesired(repository, branch, lanes);
  },
  async openMetrics(platform, environment, address, env) {
    const { accessOf } = await import('./runtime/adapters/prometheus/access.ts');
    const { prometheusHttp } = await import('./runtime/adapters/prometheus/http.ts');
    const { prometheus } = platform.environments.find((e) => e.name === environment)!;
    const access = accessOf(prometheus, address, env);
    return access.ok ? ok(prometheusHttp(access.value)) : access;
  },
  async log(io) {
    const { pino } = await import('pino');
    const log = pino(
      { base: null, level: io.env['SLUICE_LOG'] ?? 'warn' },
      { write: (text: string) => io.err(text) },
    );
    return {
      info: (details, message) => log.info(details, message),
      warn: (details, message) => log.warn(details, message),
    };
  },
};

/** Opens the ledger of a folder where no server holds it; there must be one. */
async function openExisting(work: string) {
  if (!existsSync(ledgerFile(work)))
    throw new CliError(EXIT.usage, {
      code: 'NO_LEDGER',
      message: `there is no ledger in ${work}`,
      next: 'name the work folder of a server with --work',
    });
  return openLedger(work, 'sluice');
}

type Run = (work: () => Promise<Exit>) => Promise<void>;

function program(io: Io, run: Run): Command {
  const sluice = new Command('sluice')
    .description('Declare your SLO once, and every release is judged by it.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(sluice --help lists the commands)');
  const json = () => new Option('--json', 'one JSON document on stdout');
  const work = () => new Option('--work <dir>', 'work folder of the server').default('.sluice');
  const at = (o: { work: string }) => ({ ...o, work: resolve(io.cwd, o.work) });

  sluice
    .command('init')
    .description('write a working example')
    .argument('[dir]', 'where', '.')
    .addOption(json())
    .action((dir, o) => run(async () => (await import('./cli/init.ts')).initCommand(io, dir, o, ROOT)));
  sluice
    .command('validate')
    .description('check a declaration: every problem at once')
    .argument('[dir]', 'where it is', '.')
    .addOption(json())
    .action((dir, o) => run(async () => (await import('./cli/validate.ts')).validateCommand(io, dir, o)));
  sluice
    .command('render')
    .description('rules, alerts and configuration for the surroundings')
    .argument('[dir]', 'the declaration', '.')
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--format <format>', 'files, or kubernetes resources', 'files')
    .option('--check', 'write nothing; show how what is there differs, exit 1 if it does')
    .addOption(json())
    .action((dir, o) => run(async () => (await import('./cli/render.ts')).renderCommand(io, dir, o)));
  sluice
    .command('import')
    .description('bring over what other tools declare')
    .command('sloth')
    .description('Sloth prometheus/v1 documents become OpenSLO')
    .argument('<dir>', 'a folder, or one file')
    .option('--out <dir>', 'where the documents go', 'slos')
    .addOption(json())
    .action((dir, o) => run(async () => (await import('./cli/import.ts')).importSlothCommand(io, dir, o)));
  sluice
    .command('test')
    .description('your own cases: series in, burn rates, alerts, verdicts out')
    .argument('[dir]', 'the declaration with its SloTest documents', '.')
    .addOption(json())
    .action((dir, o) =>
      run(async () =>
        (await import('./cli/test.ts')).testCommand(
          io,
          dir,
          o,
          (await import('./runtime/adapters/promtool/run.ts')).promtool(),
        ),
      ),
    );
  sluice
    .command('judge')
    .description('judge one recorded trace by the evidence rule')
    .requiredOption('--trace <file>', 'a trace as JSON')
    .addOption(json())
    .action((o) => run(async () => (await import('./cli/judge.ts')).judgeCommand(io, o)));
  sluice
    .command('serve')
    .description('run the loop, the API and the console')
    .argument('[dir]', 'the declaration', '.')
    .addOption(new Option('--work <dir>', 'where everything of ours is kept (default: <dir>/.sluice)'))
    .option('--port <port>', 'port of the API and the console; 0 for any', '7117')
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--allow-host <name...>', 'further host names that requests may carry', [])
    .action((dir, o) => run(async () => (await import('./cli/serve.ts')).serveCommand(io, dir, o, adapters)));
  sluice
    .command('demo')
    .description('the whole story on this machine, each claim checked')
    .option('--exit', 'end after the story; exit 0 only if every expectation held')
    .addOption(json())
    .addOption(new Option('--work <dir>', 'keep everything in this folder'))
    .action((o) =>
      run(async () =>
        (await import('./cli/demo.ts')).demoCommand(
          io,
          { ...o, ...(o.work ? { work: resolve(io.cwd, o.work) } : {}) },
          ROOT,
        ),
      ),
    );
  sluice
    .command('status')
    .description('what runs where, what moves, what needs you')
    .addOption(work())
    .addOption(json())
    .action((o) => run(async () => (await import('./cli/status.ts')).statusCommand(io, at(o))));

  const budget = sluice.command('budget').description('error budgets: what is left, what does not count');
  budget
    .command('list')
    .addOption(work())
    .addOption(json())
    .action((o) => run(async () => (await import('./cli/budget.ts')).budgetListCommand(io, at(o))));
  budget
    .command('exclude')
    .description('an incident that does not count, with reason and approver, in the ledger')
    .argument('<slo>')
    .argument('<environment>')
    .option('--from <time>', 'when it began, as 2026-03-01T02:00:00Z')
    .option('--to <time>', 'when it ended')
    .option('--reason <why>', 'why it does not count')
    .option('--approver <who>', 'who approved that')
    .addOption(work())
    .addOption(json())
    .action((slo, environment, o) =>
      run(async () =>
        (await import('./cli/budget.ts')).budgetExcludeCommand(io, slo, environment, at(o) as typeof o),
      ),
    );
  sluice
    .command('replay')
    .description('past releases judged again, by what a folder declares')
    .argument('[dir]', 'the declaration to judge by', '.')
    .option('--file <file>', 'an export of a ledger instead of a work folder')
    .option('--from <time>', 'releases opened from here on')
    .option('--to <time>', 'releases opened before this')
    .option('--prometheus <url>', 'count the alerts of that time, too')
    .addOption(work())
    .addOption(json())
    .action((dir, o) =>
      run(async () =>
        (await import('./cli/replay.ts')).replayCommand(io, dir, at(o) as typeof o, {
          openLedger: openExisting,
          openMetrics: adapters.openMetrics,
        }),
      ),
    );

  const release = sluice.command('release').description('orders to a release on its way');
  for (const name of COMMANDS)
    release
      .command(name)
      .argument('<service>')
      .argument('<environment>')
      .option('--reason <why>', 'why; it goes into the ledger')
      .addOption(work())
      .addOption(json())
      .action((service, environment, o) =>
        run(async () =>
          (await import('./cli/release.ts')).releaseCommand(
            io,
            name,
            service,
            environment,
            at(o),
            openExisting,
          ),
        ),
      );

  const ledger = sluice.command('ledger').description('what was decided, by whom, on which numbers');
  ledger
    .command('list')
    .option('--limit <n>', 'newest records shown', '50')
    .option('--subject <lane>', 'only this service/environment')
    .option('--type <type>', 'only this type')
    .addOption(work())
    .addOption(json())
    .action((o) =>
      run(async () => (await import('./cli/ledger.ts')).listCommand(io, at(o) as typeof o, openExisting)),
    );
  ledger
    .command('show')
    .argument('<seq>')
    .addOption(work())
    .addOption(json())
    .action((seq, o) =>
      run(async () => (await import('./cli/ledger.ts')).showCommand(io, seq, at(o), openExisting)),
    );
  ledger
    .command('verify')
    .option('--file <file>', 'an export instead of the ledger itself')
    .option('--anchor <seq:hash>', 'a head that was seen before: finds a cut tail')
    .addOption(work())
    .addOption(json())
    .action((o) =>
      run(async () => (await import('./cli/ledger.ts')).verifyCommand(io, at(o) as typeof o, openExisting)),
    );
  ledger
    .command('export')
    .description('JSON Lines, exactly as stored')
    .addOption(work())
    .action((o) => run(async () => (await import('./cli/ledger.ts')).exportCommand(io, at(o), openExisting)));
  ledger
    .command('explain')
    .argument('<release>', 'as service.environment.number')
    .addOption(work())
    .addOption(json())
    .action((id, o) =>
      run(async () => (await import('./cli/ledger.ts')).explainCommand(io, id, at(o), openExisting)),
    );

  sluice
    .command('token')
    .description('scoped tokens')
    .command('create')
    .argument('<name>')
    .requiredOption('--scope <scope...>', 'read, operate, waive, admin')
    .addOption(work())
    .addOption(json())
    .action((name, o) =>
      run(async () =>
        (await import('./cli/token.ts')).tokenCommand(io, name, at(o) as typeof o, openExisting),
      ),
    );
  sluice
    .command('doctor')
    .description('what this machine has')
    .addOption(json())
    .action((o) => run(async () => (await import('./cli/doctor.ts')).doctorCommand(io, o)));
  sluice
    .command('schema')
    .description('JSON Schema of the declaration')
    .action(() => run(async () => (await import('./cli/schema.ts')).schemaCommand(io)));
  return sluice;
}

function report(io: Io, thrown: unknown, asJson: boolean): Exit {
  const ledger = thrown instanceof LedgerUnavailable;
  const exit: Exit = thrown instanceof CliError ? thrown.exit : ledger ? EXIT.unreachable : EXIT.internal;
  const failure =
    thrown instanceof CliError
      ? thrown.failure
      : {
          code: ledger ? thrown.code : 'INTERNAL',
          message: messageOf(thrown),
          next: ledger
            ? 'stop its writer, or free the disk'
            : 'this is a fault of ours: please report it with what you ran',
        };
  const { code, message, file, line, next } = failure as CliError['failure'];
  if (asJson)
    printJson(io, {
      schema: 'sluice.dev/error/v1',
      error: { code, message, file: file ?? null, line: line ?? null, next: next ?? null },
    });
  else
    io.err(
      `${palette({ ...io, outTty: io.errTty }).red(code)}: ${message}\n${next ? `Next: ${next}\n` : ''}`,
    );
  if (exit === EXIT.internal && thrown instanceof Error && io.env['SLUICE_LOG']) io.err(`${thrown.stack}\n`);
  return exit;
}

/** Runs one command line. Gives the exit code; never ends the process. */
export async function main(args: readonly string[], io: Io): Promise<Exit> {
  let exit: Exit = EXIT.yes;
  const asJson = args.includes('--json');
  const run: Run = async (work) => {
    try {
      exit = await work();
    } catch (thrown) {
      exit = report(io, thrown, asJson);
    }
  };
  const silent: Io = asJson ? { ...io, err: () => {} } : io;
  try {
    await program(asJson ? { ...silent } : io, run).parseAsync([...args], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return EXIT.yes;
    if (asJson)
      return report(
        io,
        new CliError(EXIT.usage, { code: 'USAGE', message: thrown.message, next: 'see sluice --help' }),
        true,
      );
    return EXIT.usage;
  }
  return exit;
}

if (import.meta.main) {
  // Commands are loaded when asked for, and compiled once for all runs.
  enableCompileCache();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const io: Io = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.env['INIT_CWD'] ?? process.cwd(),
    outTty: process.stdout.isTTY ?? false,
    errTty: process.stderr.isTTY ?? false,
    signal: stop.signal,
  };
  process.exitCode = await main(process.argv.slice(2), io);
}
