import { runningServer } from '../cli/client.ts';
import { type LedgerPort, LedgerUnavailable } from '../ledger/port.ts';
import type { WiringContext } from '../wiring/context.ts';
import type { Wiring } from '../wiring/wiring.ts';
import { opened } from './opened.ts';

/** Who holds a ledger that has its writer already. */
function refusal(work: string, thrown: LedgerUnavailable): LedgerUnavailable {
  if (thrown.code !== 'LEDGER_LOCKED') return thrown;
  const holder = runningServer(work);
  const who = holder ? `process ${holder.pid} at ${holder.url} holds it` : 'another process holds it';
  return new LedgerUnavailable(thrown.code, `the ledger in ${work} has its writer already: ${who}`);
}

/** The declared ledger, opened before anything else: whoever does not hold it starts nothing. */
export async function openLedger(context: WiringContext, wiring: Wiring): Promise<LedgerPort> {
  try {
    return opened(await wiring.openLedger(context));
  } catch (thrown) {
    throw thrown instanceof LedgerUnavailable ? refusal(context.work, thrown) : thrown;
  }
}
