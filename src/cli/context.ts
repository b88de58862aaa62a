import { readContexts, writeContexts } from './client-config.ts';
import { type Define, type JsonOptions, jsonOption } from './command.ts';
import { CliError, EXIT, type Exit, type Io, printJson, table } from './io.ts';
import { contextServer, serverUrl } from './server-address.ts';

/** The name that means no server elsewhere: that of the current folder. */
const LOCAL = 'local';

function tell(io: Io, o: JsonOptions, sentence: string): Exit {
  const { current, contexts } = readContexts(io.env);
  if (o.json) printJson(io, { schema: 'sluice.dev/contexts/v1', current, contexts });
  else io.out(sentence);
  return EXIT.yes;
}

/** `sluice context list`: servers by the names that they have here; the current one is marked. */
export async function contextListCommand(io: Io, o: JsonOptions): Promise<Exit> {
  const { current, contexts } = readContexts(io.env);
  const rows = [...contexts, { name: LOCAL, server: 'the server of the current folder' }].map((one) => [
    one.name === (current ?? LOCAL) ? '*' : '',
    one.name,
    one.server,
  ]);
  const next =
    contexts.length > 0 ? 'sluice context use NAME' : 'sluice login --server https://sluice.example';
  return tell(io, o, `${table([['', 'NAME', 'SERVER'], ...rows])}Next: ${next}\n`);
}

/** `sluice context use NAME`: the server that commands ask where none is named. */
export async function contextUseCommand(io: Io, name: string, o: JsonOptions): Promise<Exit> {
  if (name !== LOCAL) contextServer(name, io.env);
  writeContexts(io.env, { ...readContexts(io.env), current: name === LOCAL ? null : name });
  const means = name === LOCAL ? 'the server of the current folder' : contextServer(name, io.env);
  return tell(io, o, `Commands now ask ${means}.\nNext: sluice status\n`);
}

/** Refuses what cannot name a context, before anything is asked or changed. */
export function refuseImpossible(name: string): void {
  if (name !== LOCAL && /^[\w.-]+(:\d+)?$/.test(name)) return;
  throw new CliError(EXIT.usage, {
    code: 'BAD_CONTEXT',
    message: `"${name}" cannot name a context`,
    next: 'choose letters, digits, dots and dashes, and not "local"',
  });
}

/** Refuses a name that another server has: commands would silently ask this one instead. */
export function refuseTaken(env: Io['env'], name: string, server: string): void {
  const taken = readContexts(env).contexts.find((one) => one.name === name && one.server !== server);
  if (taken)
    throw new CliError(EXIT.no, {
      code: 'CONTEXT_EXISTS',
      message: `the context ${name} is ${taken.server}; nothing was changed`,
      next: `choose another name, or replace it: sluice context add ${name} --server ${server} --replace`,
    });
}

/** Keeps a server under a name, whichever had it before, and makes it the current one where that is asked for. */
export function keepContext(env: Io['env'], name: string, server: string, use: boolean): void {
  const { current, contexts } = readContexts(env);
  const others = contexts.filter((one) => one.name !== name);
  const sorted = [...others, { name, server }].sort((a, b) => (a.name < b.name ? -1 : 1));
  writeContexts(env, { current: use ? name : current, contexts: sorted });
}

interface AddOptions extends JsonOptions {
  readonly server: string;
  readonly use?: boolean | undefined;
  readonly replace?: boolean | undefined;
}

/** `sluice context add NAME --server URL`: a name for a server; the first one is used at once. */
export async function contextAddCommand(io: Io, name: string, o: AddOptions): Promise<Exit> {
  const server = serverUrl(o.server);
  refuseImpossible(name);
  if (!o.replace) refuseTaken(io.env, name, server);
  const first = readContexts(io.env).contexts.length === 0;
  keepContext(io.env, name, server, o.use === true || first);
  const used = readContexts(io.env).current === name;
  return tell(
    io,
    o,
    `${name} is ${server}${used ? ', and commands now ask it' : ''}.\nNext: ${used ? `sluice login --server ${server}` : `sluice context use ${name}`}\n`,
  );
}

/** `sluice context remove NAME`: forgets a name. The sign-in at the server stays: `sluice logout` ends it. */
export async function contextRemoveCommand(io: Io, name: string, o: JsonOptions): Promise<Exit> {
  const server = contextServer(name, io.env);
  const { current, contexts } = readContexts(io.env);
  writeContexts(io.env, {
    current: current === name ? null : current,
    contexts: contexts.filter((one) => one.name !== name),
  });
  return tell(io, o, `${name} was removed.\nNext: sluice logout --server ${server} ends the sign-in there\n`);
}

export const define: Define = (command, { io, run }) => {
  command
    .command('list')
    .description('List servers by name; the current one is marked')
    .addOption(jsonOption())
    .action((o) => run(() => contextListCommand(io, o)));
  command
    .command('use')
    .description('Use a server for every command that names none')
    .argument('<name>', 'name of the context, or "local" for the server of the current folder')
    .addOption(jsonOption())
    .action((name, o) => run(() => contextUseCommand(io, name, o)));
  command
    .command('add')
    .description('Add a server under a name; the first one is used at once')
    .argument('<name>', 'name of the context')
    .requiredOption('--server <url>', 'address of the server')
    .option('--use', 'also use it for every command that names none')
    .option('--replace', 'replace the server of a context that has this name')
    .addOption(jsonOption())
    .action((name, o) => run(() => contextAddCommand(io, name, o)));
  command
    .command('remove')
    .description('Remove a name; the sign-in at its server stays')
    .argument('<name>', 'name of the context')
    .addOption(jsonOption())
    .action((name, o) => run(() => contextRemoveCommand(io, name, o)));
};
