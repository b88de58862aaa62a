import type { Env } from './context.ts';

export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** Lines of JSON, one an event; `SLUICE_LOG` says from which level on. */
export async function openLog(env: Env, write: (text: string) => void): Promise<Log> {
  const { pino } = await import('pino');
  const log = pino({ base: null, level: env['SLUICE_LOG'] ?? 'warn' }, { write });
  return {
    info: (details, message) => log.info(details, message),
    warn: (details, message) => log.warn(details, message),
  };
}
