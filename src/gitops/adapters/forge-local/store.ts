import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A status that was posted to a commit. */
interface Status {
  readonly state: 'success' | 'failure' | 'pending';
  readonly title: string;
  readonly summary: string;
  readonly mark: string;
}

/** A pull request as it is kept; where its head is, Git knows. */
export interface KeptPull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly base: string;
  readonly head: string;
  readonly labels: readonly string[];
  readonly autoMerge: boolean;
  readonly openedAt: number;
  readonly state: 'open' | 'merged' | 'closed';
  /** Head and base at the end, once it is merged or closed. */
  readonly ended: {
    readonly headSha: string;
    readonly baseSha: string;
    readonly commit: string | null;
  } | null;
  readonly comment: string | null;
  /** Comments of ours, by their marks. */
  readonly comments?: Readonly<Record<string, string>>;
  /** Where its branch last stood, for when that is deleted. */
  readonly lastHead?: string;
}

export interface KeptForge {
  readonly pulls: readonly KeptPull[];
  /** By commit and check. */
  readonly statuses: Readonly<Record<string, Readonly<Record<string, Status>>>>;
}

export interface PullStore {
  read(): KeptForge;
  write(kept: KeptForge): void;
}

const NOTHING: KeptForge = { pulls: [], statuses: {} };

/** What Git itself has no place for, in one file that is replaced as a whole. */
export function pullStore(file: string): PullStore {
  return {
    read: () => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KeptForge) : NOTHING),
    write(kept) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.draft`, JSON.stringify(kept));
      renameSync(`${file}.draft`, file);
    },
  };
}
