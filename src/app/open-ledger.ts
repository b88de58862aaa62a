import { runningServer } from '../cli/client.ts';
import { CliError, EXIT } from '../cli/io.ts';
import { type LedgerPort, LedgerUnavailable } from '../ledger/port.ts';
import type { WiringContext } from '../wiring/context.ts';
import type { Wiring } from '../wiring/wiring.ts';
import { opened } from './opened.ts';

/** Who holds the ledger, and what to do about it. */
function refusal(work: string, thrown: LedgerUnavailable): CliError {
  if (thrown.code === 'LEDGER_NEWER')
    return new CliError(EXIT.no, {
      code: thrown.code,
      message: thrown.message,
      next: 'run the newer version of Sluice that has written there',
    });
  if (thrown.code !== 'LEDGER_LOCKED')
    return new CliError(EXIT.unreachable, {
      code: thrown.code,
      message: thrown.message,
      next: 'free the disk or make the folder writable',
    });
  const holder = runningServer(work);
  const who = holder ? `process ${holder.pid} at ${holder.url} holds it` : 'another process holds it';
  return new CliError(EXIT.no, {
    code: thrown.code,
    message: `the ledger in ${work} has its writer already: ${who}`,
    next: 'use that server, or choose another folder with --work',
  });
}

/** The declared ledger, opened before anything else: whoever does not hold it starts nothing. */
export async function openLedger(context: WiringContext, wiring: Wiring): Promise<LedgerPort> {
  try {
    return opened(await wiring.openLedger(context));
  } catch (thrown) {
    throw thrown instanceof LedgerUnavailable ? refusal(context.work, thrown) : thrown;
  }
}
