import type { Exit, Io } from './io.ts';

const FIRST_MS = 1_000;
const CLEAR = '\r\u001b[K';

/** What a command writes to while it works, and the work itself. */
interface Waiting {
  readonly io: Io;
  during(work: () => Promise<Exit>): Promise<Exit>;
}

/**
 * Says on a terminal that a command works on, once a second has passed in silence. Whatever the command writes takes
 * its place, and from then on the command speaks for itself.
 */
export function tellOfWaiting(io: Io): Waiting {
  if (!io.errTty) return { io, during: (work) => work() };
  let timer: NodeJS.Timeout | undefined;
  let shown = false;
  const silence = () => {
    clearInterval(timer);
    if (shown) io.err(CLEAR);
    shown = false;
  };
  const before =
    (write: (text: string) => void) =>
    (text: string): void => {
      silence();
      write(text);
    };
  return {
    io: { ...io, out: before(io.out), err: before(io.err) },
    during: async (work) => {
      let seconds = 0;
      timer = setInterval(() => {
        seconds++;
        shown = true;
        io.err(`${CLEAR}working, ${seconds} s …`);
      }, FIRST_MS).unref();
      try {
        return await work();
      } finally {
        silence();
      }
    },
  };
}
