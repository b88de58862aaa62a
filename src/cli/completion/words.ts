import { Command, type CommandUnknownOpts, type Option } from '@commander-js/extra-typings';
import type { CommandContext } from '../command.ts';

/** What is typed, as far as it is understood. */
export interface Typed {
  /** The command that it is about, with everything that it declares; null: it is still being named. */
  readonly command: CommandUnknownOpts | null;
  /** Words that are neither commands, options nor values of options. */
  readonly operands: readonly string[];
  /** Values of options by their long names. */
  readonly values: ReadonlyMap<string, string>;
  /** The option whose value is being typed. */
  readonly option: Option | null;
  /** The word that is being typed. */
  readonly current: string;
}

const optionOf = (command: CommandUnknownOpts, word: string): Option | undefined =>
  command.options.find((option) => option.long === word || option.short === word);

const takesValue = (option: Option): boolean => option.required || option.optional;

/** The command of a name with what it declares; null: there is none. */
async function commandNamed(name: string, context: CommandContext): Promise<CommandUnknownOpts | null> {
  const entry = context.commands.find(([one]) => one === name);
  if (!entry) return null;
  const command = new Command(name).description(entry[1]);
  (await entry[2]()).define(command, context);
  return command;
}

/** Reads a line word by word, as the parser would, and never complains: it is not finished. */
export async function readWords(words: readonly string[], context: CommandContext): Promise<Typed> {
  const current = words.at(-1) ?? '';
  const operands: string[] = [];
  const values = new Map<string, string>();
  let command: CommandUnknownOpts | null = null;
  let option: Option | null = null;
  for (const word of words.slice(0, -1)) {
    if (option !== null) {
      values.set(option.long ?? '', word);
      option = null;
    } else if (word.startsWith('-')) {
      const found: Option | undefined = command === null ? undefined : optionOf(command, word);
      option = found && takesValue(found) ? found : null;
    } else if (command === null) {
      command = await commandNamed(word, context);
      if (command === null) return { command: null, operands: [word], values, option, current };
    } else {
      const sub: CommandUnknownOpts | undefined = command.commands.find((one) => one.name() === word);
      if (sub) command = sub;
      else operands.push(word);
    }
  }
  return { command, operands, values, option, current };
}
