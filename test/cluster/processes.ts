import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { patiently } from '../wait.ts';

export interface Started {
  readonly name: string;
  readonly log: string;
  alive(): boolean;
  /** As a crash would: nothing is told. */
  kill(): Promise<void>;
  /** Starts it again as it was. */
  again(): Promise<void>;
}

export interface Processes {
  start(name: string, command: readonly string[], options?: StartOptions): Started;
  logs(): string;
  /** Ends everything that was started, the last first. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const gone = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((done) => child.once('exit', () => done()));

/** Programs of one run, each with its log; `inside` is what puts a command into the run's own network. */
export function createProcesses(home: string, inside: readonly string[]): Processes {
  const logs = join(home, 'logs');
  mkdirSync(logs, { recursive: true });
  const all: { readonly name: string; child: ChildProcess }[] = [];
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), patiently(5_000));
    await gone(child);
    clearTimeout(patience);
  };
  return {
    start(name, command, options = {}) {
      const log = join(logs, `${name}.log`);
      const launch = (): ChildProcess => {
        const [program, ...args] = [...inside, ...command];
        const child = spawn(program!, args, {
          cwd: options.cwd ?? home,
          env: { ...process.env, ...options.env },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        const out = createWriteStream(log, { flags: 'a' });
        child.stdout!.pipe(out, { end: false });
        child.stderr!.pipe(out, { end: false });
        child.once('error', (error) => out.write(`${error}\n`));
        return child;
      };
      const entry = { name, child: launch() };
      all.push(entry);
      return {
        name,
        log,
        alive: () => entry.child.exitCode === null && entry.child.signalCode === null,
        async kill() {
          await end(entry.child, 'SIGKILL');
        },
        async again() {
          await end(entry.child, 'SIGTERM');
          entry.child = launch();
        },
      };
    },
    logs: () => logs,
    async stop() {
      for (const { child } of all.reverse()) await end(child, 'SIGTERM');
    },
  };
}

/** The end of a log, for the message of what failed. */
export function tailOf(log: string, lines = 15): string {
  try {
    return readFileSync(log, 'utf8').trim().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}

/** etcd in a folder of a run: nothing of it outlives the run, so nothing is flushed. */
export const etcdCommand = (data: string, client: string, peer: string): string[] => [
  'etcd',
  `--data-dir=${data}`,
  `--listen-client-urls=${client}`,
  `--advertise-client-urls=${client}`,
  `--listen-peer-urls=${peer}`,
  '--unsafe-no-fsync',
  '--log-level=warn',
];
