import type { Env } from './context.ts';

/** Where a program lies; null: it is not on this machine. */
export const locateProgram = async (name: string, env: Env): Promise<string | null> =>
  (await import('../io/os.ts')).which(name, env) ?? null;

/** Whether everything is here that runs on one machine, else what to install. */
export const checkPrograms = async (env: Env) => (await import('../embedded/stack.ts')).findPrograms(env);
