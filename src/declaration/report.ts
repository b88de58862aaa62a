import { nearest } from '../kit/nearest.ts';
import type { Parsed } from './documents.ts';

/** How compilation tells what is wrong: at which document and path, and what to do about it. */
export type Path = readonly PropertyKey[];
type Tell = (at: Parsed, path: Path, code: string, message: string, next?: string) => void;
export interface Report extends Tell {
  /** Something that is understood, and not as somebody may expect: no reason to refuse. */
  readonly note: Tell;
}

/** A name that is used must be declared: else what is nearest to it, or `otherwise` (all that are known). */
export function checkKnown(
  report: Report,
  at: Parsed,
  path: Path,
  what: 'SLO' | 'service' | 'environment' | 'receiver' | 'team',
  name: string,
  names: readonly string[],
  otherwise = `known: ${names.join(', ') || 'none'}`,
): void {
  if (names.includes(name)) return;
  const near = nearest(name, names);
  const hint = near ? `did you mean "${near}"?` : otherwise;
  report(at, path, `UNKNOWN_${what.toUpperCase()}`, `no ${what} is named "${name}"`, hint);
}
