import { type Io, palette, table } from '../io.ts';
import type { ChapterResult } from './results.ts';

/** Whether a chapter ended as it was to. */
export const held = (r: ChapterResult): boolean =>
  r.outcome === r.expected &&
  r.ledgerVerified &&
  (r.secondsToVerdict !== null || !['promoted', 'rolled back'].includes(r.expected));

/** The chapters that were played, of so many, as a table. */
export function show(io: Io, chapters: number, results: readonly ChapterResult[]): void {
  const p = palette(io);
  const rows = results.map((r) => [
    held(r) ? '✓' : '✗',
    r.name,
    r.outcome,
    r.secondsToVerdict === null ? '–' : `${r.secondsToVerdict} s`,
    String(r.failedRequests),
    r.state,
    r.ledgerVerified ? 'verified' : 'BROKEN',
  ]);
  io.out(
    `\n${table([['', 'chapter', 'outcome', 'to verdict', 'failed requests', 'state', 'ledger'], ...rows])}`,
  );
  const all = results.every(held) && results.length === chapters;
  io.out(all ? `\n${p.green('Every expectation held.')}\n` : `\n${p.red('Not every expectation held.')}\n`);
}
