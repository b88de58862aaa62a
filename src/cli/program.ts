import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { CommandContext, CommandEntry } from './command.ts';
import { EXAMPLES } from './examples.ts';
import { CliError, EXIT, type Exit, type Io } from './io.ts';
import type { CommandParts } from './parts.ts';
import { report, reportUsage } from './report.ts';
import { tellOfWaiting } from './waiting.ts';

interface Program {
  readonly version: string;
  readonly commands: readonly CommandEntry[];
  readonly parts: CommandParts;
}

/** Name of the command that is asked for: the first word that is no option, and in `help X` the second. */
function nameIn(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  return first === 'help' ? second : first;
}

/** Ends the help of a command, and of everything below it, with its examples. */
function addExamples(command: CommandUnknownOpts, path: string): void {
  const lines = EXAMPLES[path]?.map((example) => `  ${example}\n`).join('');
  if (lines) command.addHelpText('after', `\nExamples:\n${lines}`);
  for (const sub of command.commands) addExamples(sub, `${path} ${sub.name()}`);
}

/** All commands by name and description, and the one that is asked for with everything it declares. */
async function commandLine(
  { version, commands }: Program,
  args: readonly string[],
  context: CommandContext,
): Promise<Command> {
  const sluice = new Command('sluice')
    .description('Declare your SLO once, and every release is judged by it.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: context.io.out, writeErr: context.io.err })
    .showHelpAfterError('(sluice --help lists the commands)');
  const asked = nameIn(args);
  for (const [name, description, load] of commands) {
    const command = sluice.command(name).description(description);
    if (name !== asked) continue;
    (await load()).define(command, context);
    addExamples(command, name);
  }
  return sluice;
}

/** Its commands say themselves that it is missing, and why it is asked for. */
const REASON = '--reason';

/**
 * Refuses an empty value: it is mostly a variable of a script that is not set, and would be read as if nothing had been
 * said. An order would go to another server, and files into the current folder.
 */
function refuseEmpty(args: readonly string[]): void {
  for (const [i, arg] of args.entries()) {
    const before = args[i - 1] ?? '';
    const option = arg === '' && /^--?\w/.test(before) ? before : /^(--[\w-]+)=$/.exec(arg)?.[1];
    if ((arg !== '' && option === undefined) || option === REASON) continue;
    throw new CliError(EXIT.usage, {
      code: 'EMPTY_VALUE',
      message: option === undefined ? 'an argument is empty' : `the value of ${option} is empty`,
      next: 'write one; in a script, check the variable that it comes from',
    });
  }
}

/** Runs one command line. Gives the exit code; never ends the process. */
export async function runProgram(program: Program, args: readonly string[], io: Io): Promise<Exit> {
  let exit: Exit = EXIT.yes;
  const asJson = args.includes('--json');
  // Under --json everything is said in the one document.
  const quiet: Io = asJson ? { ...io, err: () => {} } : io;
  const waiting = tellOfWaiting(quiet);
  const run: CommandContext['run'] = async (work) => {
    try {
      exit = await waiting.during(work);
    } catch (thrown) {
      exit = report(io, thrown, asJson);
    }
  };
  const { parts, commands, version } = program;
  const context: CommandContext = { io: waiting.io, parts, commands, version, run };
  try {
    refuseEmpty(args);
    await (await commandLine(program, args, context)).parseAsync([...args], { from: 'user' });
  } catch (thrown) {
    // An option's value that cannot be read is thrown while the line is parsed.
    return thrown instanceof CommanderError ? reportUsage(io, thrown, asJson) : report(io, thrown, asJson);
  }
  return exit;
}
