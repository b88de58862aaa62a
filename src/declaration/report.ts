import type { Parsed } from './documents.ts';

/** How compilation tells what is wrong: at which document and path, and what to do about it. */
export type Path = readonly PropertyKey[];
export type Report = (at: Parsed, path: Path, code: string, message: string, next?: string) => void;
