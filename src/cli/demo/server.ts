import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { runningServer } from '../client.ts';
import { CliError, EXIT, type Io } from '../io.ts';
import { type DemoServer, ENVIRONMENT, ENVIRONMENTS, type EnvironmentName, until } from './stage.ts';

/** What does not come at all ends here; a slow machine only takes longer. */
export const START_LIMIT_MS = 600_000;
const LOG_LINES = 200;

/** The same Platform with these environments alone. */
function onlyOf(text: string, environments: readonly EnvironmentName[]): string {
  if (environments.length === ENVIRONMENTS.length) return text;
  const platform = parse(text) as { spec: { environments: { name: EnvironmentName }[] } };
  const kept = platform.spec.environments.filter(({ name }) => environments.includes(name));
  return stringify({ ...platform, spec: { ...platform.spec, environments: kept } });
}

/** The shop with the platform that has it in three stages, as one declaration: the same runs in each at first. */
export function declarationIn(
  work: string,
  root: string,
  environments: readonly EnvironmentName[] = ENVIRONMENTS,
): string {
  const directory = join(work, 'declaration');
  cpSync(join(root, 'examples', 'shop'), directory, { recursive: true });
  const platform = readFileSync(join(root, 'examples', 'three-stages', 'platform.yaml'), 'utf8');
  writeFileSync(join(directory, 'platform.yaml'), onlyOf(platform, environments));
  const folder = (environment: string) => join(directory, 'desired', 'environments', environment);
  for (const environment of environments)
    if (!existsSync(folder(environment)))
      cpSync(folder(ENVIRONMENT), folder(environment), { recursive: true });
  return directory;
}

interface Started {
  /** Answers once the server has left its address. */
  readonly server: Promise<DemoServer>;
  stop(): Promise<void>;
}

/** Starts `sluice serve` as anybody would: a process of its own. */
export function startServer(io: Io, program: string, directory: string, work: string): Started {
  const child = spawn(process.execPath, [program, 'serve', directory, '--work', work, '--port', '0'], {
    env: io.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  const keep = (chunk: Buffer) => {
    log.push(chunk.toString());
    if (log.length > LOG_LINES) log.shift();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let gone = false;
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      gone = true;
      resolve();
    }),
  );
  const server = until('the server', START_LIMIT_MS, io.signal, async () => {
    if (gone)
      throw new CliError(EXIT.unreachable, {
        code: 'DEMO_SERVER',
        message: `the server did not start:\n${log.join('').trim()}`,
        next: 'do what it says, and run this again',
      });
    return runningServer(work) as DemoServer | undefined;
  });
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { server, stop };
}
