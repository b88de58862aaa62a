import type { NoticeKind } from '../../declaration/defaults.ts';
import type { PersistentMap } from '../../kit/persistent-map.ts';

/** What somebody is told of one thing: one message, brought up to date, never another one. */
export interface Notice {
  /** Names the thing: a release, a pull request, a freeze, a lane. */
  readonly thread: string;
  readonly kind: NoticeKind;
  /** Every kind that this thread has been of: who asked for one of them is told. */
  readonly kinds: readonly NoticeKind[];
  readonly service: string | null;
  readonly environment: string | null;
  readonly title: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Sequence of the record that it speaks of: a higher one replaces it. */
  readonly rev: number;
  /** Nothing more is expected of it, or a person is needed: worth a message where none can be updated. */
  readonly settled: boolean;
  /** Below the console's address. */
  readonly path: string;
}

/** A notice as one record words it: what the fold adds is left out. */
export type Draft = Omit<Notice, 'kinds' | 'at' | 'rev'>;

interface Version {
  readonly version: string;
  readonly service: string;
  readonly environment: string;
}

/** What is remembered of earlier records: the version of each release, and the newest notice of each thread. */
export interface Notices {
  readonly versions: PersistentMap<string, Version>;
  readonly threads: PersistentMap<string, Notice>;
}
