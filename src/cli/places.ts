import { join } from 'node:path';
import type { Platform } from '../declaration/platform.ts';

/** Where the desired state lies. With a local forge it is bare: the branch changes by pull request only. */
export const repositoryOf = (platform: Platform, work: string): string => {
  if (platform.repository.path !== 'embedded') return platform.repository.path;
  return platform.forge?.at.kind === 'local' ? join(work, 'forge', 'desired.git') : join(work, 'desired');
};
