import type { DesiredPort, DesiredState } from '../gitops/port.ts';
import { within } from '../io/clock.ts';
import { messageOf } from '../kit/result.ts';
import { isFatal } from './flow/fatal.ts';

/** A read that takes longer goes on by itself: a repository that is slow must not hold up an abort. */
const PATIENCE_MS = 250;

/** What Git asks for, as it was read last. */
export interface DesiredReading {
  /** Null: it was never read. */
  last(): DesiredState | null;
  /** Starts a read unless one is in progress, and waits for it briefly; throws only fatal errors. */
  refresh(): Promise<void>;
}

export function createDesiredReading(
  port: DesiredPort,
  warn: (details: object, message: string) => void,
): DesiredReading {
  let state: DesiredState | null = null;
  let reading: Promise<void> | null = null;
  let fatal: unknown = null;

  async function read(): Promise<void> {
    try {
      state = (await port.read()) ?? state;
    } catch (thrown) {
      if (isFatal(thrown)) fatal = thrown;
      else warn({ error: messageOf(thrown) }, 'the desired state could not be read');
    } finally {
      reading = null;
    }
  }

  return {
    last: () => state,
    async refresh() {
      // A result that arrives too late for this tick is used in the next one.
      const patience = reading ? 0 : PATIENCE_MS;
      reading ??= read();
      await within(reading, patience, 'reading the desired state').catch(() => undefined);
      if (fatal === null) return;
      const thrown = fatal;
      fatal = null;
      throw thrown;
    },
  };
}
