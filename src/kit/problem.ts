import { oneLine } from './line.ts';
import { compareText } from './order.ts';

/** One thing wrong with what the user wrote: where, what was expected, and the likely cure. */
export interface Problem {
  readonly code: string;
  readonly file: string;
  readonly line: number;
  /** Path inside the document, as `spec.services[2].slos[0]`. */
  readonly path: string;
  readonly message: string;
  readonly next?: string;
}

export const pathText = (path: readonly PropertyKey[]): string =>
  path
    .reduce<string>(
      (text, part) =>
        typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part),
      '',
    )
    .toWellFormed();

/** `file:line: path: message (next)`: one line a problem, as compilers print them. */
export const problemLine = (p: Problem): string =>
  oneLine(`${p.file}:${p.line}: ${p.path ? `${p.path}: ` : ''}${p.message}${p.next ? ` (${p.next})` : ''}`);

export const byPlace = (a: Problem, b: Problem): number => compareText(a.file, b.file) || a.line - b.line;
