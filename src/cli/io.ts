import { styleText } from 'node:util';
import { oneLine } from '../kit/line.ts';
import type { Failure } from '../kit/result.ts';

/** What a command may touch of the world: its streams, its variables, its folder. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether a person watches stdout and stderr. */
  readonly outTty: boolean;
  readonly errTty: boolean;
  readonly signal: AbortSignal;
  /** What is typed or piped in; left out: nothing is. Opened when it is read, since an open one keeps a process. */
  readonly input?: (() => NodeJS.ReadableStream) | undefined;
  /** Whether a person types there. */
  readonly inTty?: boolean | undefined;
}

/**
 * What a command ends with: 0 yes; 1 no; 2 what was asked for or declared is wrong; 3 something that is needed is not
 * there, does not answer, or is held by somebody else; 70 a fault of ours. docs/exit-codes.md lists them by error.
 */
export const EXIT = { yes: 0, no: 1, usage: 2, unreachable: 3, internal: 70 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** What is told of a failure always says what to do next. */
type Told = Failure & { readonly next: string };

/** A command that cannot go on: what to say, what to do next, and the exit code. */
export class CliError extends Error {
  readonly exit: Exit;
  readonly failure: Told;
  constructor(exit: Exit, failure: Told) {
    super(failure.message);
    this.name = 'CliError';
    this.exit = exit;
    this.failure = failure;
  }
}

/** Exactly one document on stdout. */
export const printJson = (io: Io, document: object): void => io.out(`${JSON.stringify(document)}\n`);

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta';
type Palette = Readonly<Record<Colour, (text: string) => string>>;

/** Colour only on a terminal, and never under NO_COLOR. */
export function palette(io: Io): Palette {
  const on = io.outTty && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
  // Asked of the streams of this command above, and not of those of the process.
  const paint = (colour: Colour) => (text: string) =>
    on ? styleText(colour, text, { validateStream: false }) : text;
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    blue: paint('blue'),
    magenta: paint('magenta'),
  };
}

/** One line that updates on a terminal, and silence otherwise. */
export function progress(io: Io): { say(text: string): void; done(): void } {
  if (!io.errTty) return { say: () => {}, done: () => {} };
  return {
    say: (text) => io.err(`\r\u001b[K${text}`),
    done: () => io.err('\r\u001b[K'),
  };
}

/** Columns aligned to their widest cell; the last one runs free. Words of others break no line and steer no terminal. */
export function table(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(oneLine));
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
