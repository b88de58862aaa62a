import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { EXAMPLES } from '../../src/cli/examples.ts';
import type { Io } from '../../src/cli/io.ts';
import { COMMANDS } from '../../src/main.ts';
import { code, generatedFrom, prose, table } from './markdown.ts';

const silent: Io = {
  out: () => {},
  err: () => {},
  env: {},
  cwd: '/',
  outTty: false,
  errTty: false,
  signal: new AbortController().signal,
};

/** The whole command line as it is declared, with every command loaded; running one does nothing. */
export async function wholeCommandLine(): Promise<Command> {
  const sluice = new Command('sluice');
  for (const [name, description, load] of COMMANDS) {
    const command = sluice.command(name).description(description);
    (await load()).define(command, {
      io: silent,
      parts: {} as never,
      commands: COMMANDS,
      version: '0.0.0',
      run: async () => {},
    });
  }
  return sluice;
}

interface Named {
  readonly path: string;
  readonly command: CommandUnknownOpts;
}

/** A command and every command below it, with its full name. */
export const commandsBelow = (command: CommandUnknownOpts, path = command.name()): Named[] => [
  { path, command },
  ...command.commands.flatMap((below) => commandsBelow(below, `${path} ${below.name()}`)),
];

const preset = (some: unknown): string => {
  if (some === undefined || (Array.isArray(some) && some.length === 0)) return '';
  return code(typeof some === 'string' ? some : JSON.stringify(some));
};

function argumentsTable({ command }: Named): string[] {
  const rows = command.registeredArguments.map((a) => [
    code(
      `${a.required ? `<${a.name()}` : `[${a.name()}`}${a.variadic ? '...' : ''}${a.required ? '>' : ']'}`,
    ),
    prose(a.description),
    preset(a.defaultValue),
  ]);
  return rows.length > 0 ? [table(['argument', 'description', 'default'], rows)] : [];
}

function optionsTable({ command }: Named): string[] {
  const rows = command.options
    .filter((o) => !o.hidden)
    .map((o) => [
      code(o.flags),
      `${prose(o.description)}${o.mandatory ? ' (required)' : ''}${o.argChoices ? `: ${o.argChoices.map(code).join(', ')}` : ''}`,
      o.defaultValueDescription
        ? code(o.defaultValueDescription.replaceAll('"', ''))
        : preset(o.defaultValue),
    ]);
  return rows.length > 0 ? [table(['option', 'description', 'default'], rows)] : [];
}

function text(named: Named): string {
  const name = named.path.replace(/^sluice /, '');
  const examples = EXAMPLES[name];
  return [
    `${'#'.repeat(name.split(' ').length + 1)} ${named.path}`,
    `${prose(named.command.description())}.`,
    ...argumentsTable(named),
    ...optionsTable(named),
    ...(examples ? [`\`\`\`sh\n${examples.join('\n')}\n\`\`\``] : []),
  ].join('\n\n');
}

/** The reference of the commands. */
export async function commandsPage(): Promise<string> {
  const sluice = await wholeCommandLine();
  const all = sluice.commands.flatMap((command) => commandsBelow(command, `sluice ${command.name()}`));
  return `# Commands
${generatedFrom('the declared command line')} In a checkout, write \`npm run -s sluice --\` instead of \`sluice\`.

Exit codes: 0 yes, 1 no, 2 wrong usage or declaration, 3 something cannot be reached ([all of them](../exit-codes.md)). With \`--json\` a command prints one document on stdout and nothing else.

${all.map(text).join('\n\n')}
`;
}
