import { execa } from 'execa';

const GIT_TIMEOUT_MS = 10_000;
/** Git without anybody's personal settings. */
const GIT_ENV = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };

/** Runs the git program in a folder; what it prints, or its failure thrown. */
export const git = async (cwd: string, args: readonly string[]): Promise<string> =>
  (await execa('git', args, { cwd, timeout: GIT_TIMEOUT_MS, env: GIT_ENV, stripFinalNewline: false })).stdout;
