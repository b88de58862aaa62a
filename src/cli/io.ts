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
}

export const EXIT = { yes: 0, no: 1, usage: 2, unreachable: 3, internal: 70 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** A command that cannot go on: what to say, what to do next, and the exit code. */
export class CliError extends Error {
  readonly exit: Exit;
  readonly failure: Failure;
  constructor(exit: Exit, failure: Failure) {
    super(failure.message);
    this.name = 'CliError';
    this.exit = exit;
    this.failure = failure;
  }
}

/** Exactly one document on stdout. */
export const printJson = (io: Io, document: object): void => io.out(`${JSON.stringify(document)}\n`);

type Paint = (text: string) => string;
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly magenta: Paint;
}

/** Colour only on a terminal, and never under NO_COLOR. */
export function palette(io: Io): Palette {
  const on = io.outTty && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
  const paint =
    (code: number): Paint =>
    (text) =>
      on ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    blue: paint(34),
    magenta: paint(35),
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

/** Columns aligned to their widest cell; the last one runs free. */
export function table(rows: readonly (readonly string[])[]): string {
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
