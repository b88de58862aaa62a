import { type ServeFile, serveFile } from '../cli/client.ts';
import { writeAtomic } from '../io/files.ts';

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
