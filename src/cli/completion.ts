import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import type { CommandContext, Define } from './command.ts';
import { argumentKind, namesOf, optionKind } from './completion/names.ts';
import { SCRIPTS, type Shell } from './completion/scripts.ts';
import { readWords, type Typed } from './completion/words.ts';
import { EXIT } from './io.ts';

/** What could be typed next, and what it is. */
type Candidate = readonly [word: string, what: string];

const plain = (words: readonly string[]): Candidate[] => words.map((word) => [word, '']);

/** `release abort` of a subcommand, without the name of the program. */
function pathOf(command: CommandUnknownOpts): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

const optionsOf = (command: CommandUnknownOpts): Candidate[] => [
  ...command.options.filter((o) => !o.hidden && o.long).map((o): Candidate => [o.long!, o.description]),
  ['--help', 'display help for command'],
];

async function valuesOf(option: Option, { command, operands, values }: Typed, { io }: CommandContext) {
  if (option.argChoices) return plain(option.argChoices);
  // Elsewhere it is a context of kubectl.
  const long = option.long ?? '';
  const ours = long !== '--context' || command?.options.some((o) => o.long === '--server');
  const kind = ours ? optionKind(long) : undefined;
  return kind ? plain(await namesOf(io, kind, operands, values)) : [];
}

const subcommandsOf = (command: CommandUnknownOpts): Candidate[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((sub) => sub.name() !== 'help')
    .map((sub) => [sub.name(), sub.description()]);

async function candidates(typed: Typed, context: CommandContext): Promise<Candidate[]> {
  const { command, operands, values, option, current } = typed;
  if (command === null)
    return operands.length > 0 ? [] : context.commands.map(([name, what]): Candidate => [name, what]);
  if (option) return valuesOf(option, typed, context);
  if (current.startsWith('-')) return optionsOf(command);
  if (command.commands.length > 0) return operands.length > 0 ? [] : subcommandsOf(command);
  const argument = command.registeredArguments[operands.length];
  const kind = argument && argumentKind(pathOf(command), argument.name());
  return kind ? plain(await namesOf(context.io, kind, operands, values)) : [];
}

/** Everything that could follow, one a line with what it is; nothing at all where something fails. */
async function candidatesCommand(words: readonly string[], context: CommandContext) {
  const typed = words.map((word) => word.replace(/^=/, ''));
  const all = await readWords(typed, context)
    .then((read) => candidates(read, context))
    .catch(() => []);
  for (const [word, what] of all)
    if (word.startsWith(typed.at(-1) ?? '')) context.io.out(`${word}${what === '' ? '' : `\t${what}`}\n`);
  return EXIT.yes;
}

export const define: Define = (command, context) => {
  for (const shell of Object.keys(SCRIPTS) as Shell[])
    command
      .command(shell)
      .description(`Print the completion script of ${shell}`)
      .action(() =>
        context.run(async () => {
          context.io.out(SCRIPTS[shell]);
          return EXIT.yes;
        }),
      );
  command
    .command('candidates', { hidden: true })
    .description('Print what could follow the words of a command line; the scripts use it')
    .argument('[words...]', 'the words, each behind a "=", the last one as far as it is typed')
    .action((words) => context.run(() => candidatesCommand(words, context)));
};
