import { Command, CommanderError } from '@commander-js/extra-typings';
import type { CommandEntry, Context } from './command.ts';
import { EXIT, type Exit, type Io } from './io.ts';
import type { Parts } from './parts.ts';
import { report, reportUsage } from './report.ts';

export interface Program {
  readonly version: string;
  readonly commands: readonly CommandEntry[];
  readonly parts: Parts;
}

/** Name of the command that is asked for: the first word that is no option, and in `help X` the second. */
function nameIn(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  return first === 'help' ? second : first;
}

/** All commands by name and description, and the one that is asked for with everything it declares. */
async function commandLine(
  { version, commands }: Program,
  args: readonly string[],
  context: Context,
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
    if (name === asked) (await load()).define(command, context);
  }
  return sluice;
}

/** Runs one command line. Gives the exit code; never ends the process. */
export async function runProgram(program: Program, args: readonly string[], io: Io): Promise<Exit> {
  let exit: Exit = EXIT.yes;
  const asJson = args.includes('--json');
  // Under --json everything is said in the one document.
  const quiet: Io = asJson ? { ...io, err: () => {} } : io;
  const run: Context['run'] = async (work) => {
    try {
      exit = await work();
    } catch (thrown) {
      exit = report(io, thrown, asJson);
    }
  };
  const context: Context = { io: quiet, parts: program.parts, run };
  try {
    await (await commandLine(program, args, context)).parseAsync([...args], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    return reportUsage(io, thrown, asJson);
  }
  return exit;
}
