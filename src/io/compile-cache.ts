import { lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/** Whether a folder, made if it is not there, is written by this user alone. Windows knows rights of another kind. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    return !process.getuid || (uid === process.getuid() && (mode & 0o022) === 0);
  } catch {
    return false;
  }
}

/**
 * What is compiled once is kept for later runs, in the cache of this user: elsewhere others might change it. Only what
 * is loaded afterwards is taken from there.
 */
export function keepCompiled(env: Readonly<Record<string, string | undefined>>): void {
  const { XDG_CACHE_HOME: cache, HOME: home, LOCALAPPDATA: local } = env;
  const base = cache || local || (home && join(home, '.cache'));
  if (!base) return;
  const folder = join(base, 'sluice');
  const compiled = join(folder, 'compiled');
  if (isOurs(folder) && isOurs(compiled)) enableCompileCache(compiled);
}
