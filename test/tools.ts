import { existsSync } from 'node:fs';
import { toolPath } from '../scripts/tools.mjs';

/** A Go program that `npm run tools` built; null where it was not, and tests that need it are skipped and listed. */
export const tool = (name: 'opa' | 'actionlint' | 'act' | 'gitea' | 'k6' | 'helm'): string | null =>
  existsSync(toolPath(name)) ? toolPath(name) : null;
