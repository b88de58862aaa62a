import { setTimeout as pause } from 'node:timers/promises';
import { CliError, EXIT, type Exit, type Io, palette } from './io.ts';

const EVERY_MS = 2_000;
const [HOME, CLEAR_LINE, CLEAR_BELOW, CLEAR_ALL] = ['\u001b[H', '\u001b[K', '\u001b[J', '\u001b[2J'];

/** What a command would say now, and how it would end. */
async function said(io: Io, show: (io: Io) => Promise<Exit>): Promise<{ text: string; exit: Exit }> {
  const texts: string[] = [];
  const exit = await show({ ...io, out: (text) => texts.push(text) });
  return { text: texts.join(''), exit };
}

/** The page over the one before: nothing flickers, and what is shorter leaves nothing behind. */
const drawn = (text: string): string => `${HOME}${text.replaceAll('\n', `${CLEAR_LINE}\n`)}${CLEAR_BELOW}`;

/**
 * Shows a page again and again until it is stopped: in place on a terminal, elsewhere whenever it has changed. A first
 * question that fails ends it; later ones are asked again, and how old the page is stands below it.
 */
export async function watch(io: Io, show: (io: Io) => Promise<Exit>, everyMs = EVERY_MS): Promise<Exit> {
  const { yellow, dim } = palette(io);
  let { text, exit } = await said(io, show);
  let at = new Date();
  let trouble: string | null = null;
  let shown: string | null = null;
  if (io.outTty) io.out(CLEAR_ALL);
  for (;;) {
    const time = `${at.toISOString().slice(11, 19)} UTC`;
    const foot =
      trouble === null ? dim(`${time}; Ctrl-C ends`) : yellow(`as of ${time}: ${trouble}; asking again`);
    if (io.outTty) io.out(drawn(`${text}\n${foot}\n`));
    else if (text !== shown) io.out(text);
    shown = text;
    await pause(everyMs, undefined, { signal: io.signal }).catch(() => {});
    if (io.signal.aborted) return exit;
    try {
      ({ text, exit } = await said(io, show));
      [at, trouble] = [new Date(), null];
    } catch (thrown) {
      if (!(thrown instanceof CliError) || thrown.exit !== EXIT.unreachable) throw thrown;
      trouble = thrown.message;
    }
  }
}
