import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

type Limit = 'fsize' | 'nofile';
const UNLIMITED = 'unlimited';

/** Sets a soft limit of this process; what it was before is given back. */
function limit(what: Limit, to: string): string {
  const ask = (more: readonly string[]) =>
    execFileSync('prlimit', ['--pid', String(process.pid), ...more], { encoding: 'utf8' }).trim();
  const before = ask([`--${what}`, '--raw', '--noheadings', '--output', 'SOFT']);
  ask([`--${what}=${to}:`]);
  return before;
}

/** No file of this process can grow beyond so many bytes, as on a disk that is full; until it is lifted. */
export function fullDisk(bytes: number): { lift(): void } {
  limit('fsize', String(bytes));
  return { lift: () => void limit('fsize', UNLIMITED) };
}

const FEW = 512;

/** Not one file or connection more can be opened; until it is lifted. */
export function noDescriptors(): { lift(): void } {
  const before = limit('nofile', String(FEW));
  const held: number[] = [];
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {
    // As many as there are.
  }
  return {
    lift() {
      for (const one of held.splice(0)) closeSync(one);
      limit('nofile', before);
    },
  };
}
