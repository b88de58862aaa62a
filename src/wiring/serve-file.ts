import { readFileSync, rmSync } from 'node:fs';
import { type ServeFile, serveFile } from '../cli/client.ts';
import { writeAtomic } from '../io/files.ts';
import { parseForeign } from '../kit/json.ts';

/** What a server leaves in its work folder for the command line and for whoever watches it. */
interface ServedFile extends ServeFile {
  readonly repository: string;
  /** Where each service answers, by environment. */
  readonly edges: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where Prometheus answers, by environment. */
  readonly prometheus: Readonly<Record<string, string>>;
}

/** All or nothing, readable by its owner alone: it holds the local token. */
export const writeServeFile = (work: string, file: ServedFile): void =>
  writeAtomic(serveFile(work), JSON.stringify(file), 0o600);

/**
 * Removes it where it names this address: its token is good no longer. Where servers share a folder, another one may
 * have written its own meanwhile; and a server that was killed left its file to whoever listens in its place.
 */
export function removeServeFile(work: string, url: string): void {
  try {
    const { url: named } = parseForeign(readFileSync(serveFile(work), 'utf8')) as ServeFile;
    if (named === url) rmSync(serveFile(work), { force: true });
  } catch {
    // There is none, or none of ours.
  }
}
