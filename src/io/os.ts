import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Every process of ours carries this variable: the process table tells whom we may adopt or stop. */
export const INSTANCE = 'SLUICE_INSTANCE';

const marked = (environment: string, instance: string): boolean =>
  environment.split('\0').includes(`${INSTANCE}=${instance}`);

function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** Whether this process runs and is that instance: a number that was given out again is not. */
export function isInstance(pid: number, instance: string): boolean {
  if (process.platform === 'linux') {
    try {
      return marked(readFileSync(`/proc/${pid}/environ`, 'utf8'), instance) && !isZombie(pid);
    } catch {
      return false;
    }
  }
  return findAllByPs(instance).includes(pid);
}

function findAllByPs(instance: string): number[] {
  const table = execFileSync('ps', ['-axEww', '-o', 'pid=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  return table
    .split('\n')
    .filter((line) => line.split(' ').includes(`${INSTANCE}=${instance}`))
    .map((line) => Number.parseInt(line, 10));
}

/** The process of an instance, by the process table alone; undefined if none runs. */
export function findInstance(instance: string): number | undefined {
  if (process.platform !== 'linux') return findAllByPs(instance)[0];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isInstance(pid, instance))
    .sort((a, b) => a - b)[0];
}

const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/opt/homebrew/bin', '/usr/local/bin'];

/** Where a program is, daemons' folders included. */
export function which(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return [...(env['PATH'] ?? '').split(delimiter), ...SBIN]
    .map((dir) => join(dir, program))
    .find((file) => existsSync(file));
}
