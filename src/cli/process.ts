import type { Io } from './io.ts';

/** Node 22 says of its SQLite that it may change: true, and nothing that a user could act on. */
function withoutSqliteWarning(): void {
  const emit = process.emitWarning.bind(process) as (...given: unknown[]) => void;
  process.emitWarning = (...given: unknown[]) => {
    if (!String(given[0]).startsWith('SQLite is an experimental feature')) emit(...given);
  };
}

const UNREACHABLE = 3;

/** A full disk below what is printed: nobody would see the rest. */
function unwritable(stream: NodeJS.WriteStream, { message }: Error): never {
  if (stream === process.stdout)
    process.stderr.write(
      `NOT_WRITABLE: the output cannot be written: ${message}\nNext: free space, or print elsewhere\n`,
    );
  process.exit(UNREACHABLE);
}

/** The process as a command sees it. A signal tells the command to stop, and so does a reader that went away. */
export function processIo(): Io {
  withoutSqliteWarning();
  const stop = new AbortController();
  const abort = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, abort);
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // In `sluice … | head -1` the reader has seen enough: that is no failure.
      if (error.code !== 'EPIPE') unwritable(stream, error);
      else if (stream === process.stdout) abort();
    });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    outTty: process.stdout.isTTY ?? false,
    errTty: process.stderr.isTTY ?? false,
    signal: stop.signal,
    input: () => process.stdin,
    inTty: process.stdin.isTTY ?? false,
  };
}
