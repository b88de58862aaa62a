import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execaSync } from 'execa';
import { toolPath } from '../scripts/tools.mjs';

/** Every Prometheus of this machine by version: Debian's, and one that `npm run tools` built. */
export function prometheusPrograms(): [version: string, program: string][] {
  const found = new Map<string, string>();
  const places = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'prometheus'));
  for (const file of [...places, toolPath('prometheus')]) {
    if (!existsSync(file)) continue;
    const told = execaSync(file, ['--version'], { reject: false, all: true }).all;
    // One that was built from its module does not say which it is.
    const version = /version (\d+\.\d+)/.exec(told)?.[1] ?? 'as built';
    if (!found.has(version)) found.set(version, file);
  }
  return [...found];
}
