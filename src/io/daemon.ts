import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from './clock.ts';
import { findInstance, INSTANCE, isInstance } from './os.ts';

type Env = Readonly<Record<string, string | undefined>>;

interface DaemonOptions {
  /** Unique name on this machine: the work folder and what it is. */
  readonly instance: string;
  readonly command: readonly string[];
  readonly log: string;
  /** Variables of ours: it inherits those that `inherited` lets through, and no secret. */
  readonly env: Env;
  /** Variables that are meant for it. */
  readonly own?: Env;
  readonly cwd?: string;
}

/** What a program needs to run at all: where things are, who runs it, which language and time zone. Never a secret. */
const INHERITED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TMP|TEMP|LD_LIBRARY_PATH|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS)$/;

/** The variables that programs which are started here inherit. */
export const inherited = (env: Env): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => INHERITED.test(name)));

const GRACE_MS = 6_000;
const POLL_MS = 25;

/** Starts a process that outlives us, its output in a log. Resolves to its number once it runs. */
export function startDaemon(options: DaemonOptions, onExit?: (how: string) => void): Promise<number> {
  mkdirSync(dirname(options.log), { recursive: true });
  const log = openSync(options.log, 'a');
  const [program, ...args] = options.command;
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...inherited(options.env), ...options.own, [INSTANCE]: options.instance },
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    closeSync(log);
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid!));
    child.once('exit', (code, signal) =>
      onExit?.(signal ? `ended by ${signal}` : `exited with code ${code}`),
    );
    child.unref();
  });
}

/** Ends a process of ours: asked first, made to after a while. Resolves when it is gone. */
export async function stopInstance(instance: string, known?: number): Promise<void> {
  const pid = known !== undefined && isInstance(known, instance) ? known : findInstance(instance);
  if (pid === undefined) return;
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch {
      // It ended by itself meanwhile.
    }
  };
  signal('SIGTERM');
  for (const end = performance.now() + GRACE_MS; performance.now() < end; await systemClock.sleep(POLL_MS))
    if (!isInstance(pid, instance)) return;
  signal('SIGKILL');
  while (isInstance(pid, instance)) await systemClock.sleep(POLL_MS);
}
