import { join } from 'node:path';
import type { Platform } from '../declaration/platform.ts';

/** Where the desired state lies on this machine: with a forge it is bare, since it changes by pull request only. */
export const repositoryOf = (platform: Platform, work: string): string => {
  if (platform.repository.path !== 'embedded') return platform.repository.path;
  return platform.forge ? join(work, 'forge', 'desired.git') : join(work, 'desired');
};
