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
  /** Told apart from earlier news of its kind in this thread: a freeze and its end, one hold and another. */
  readonly news?: number | undefined;
  /** The thread of all times before, where this is one of several: servers up to 0.1.0 told of each under that name. */
  readonly earlier?: string | undefined;
  /** It is news only if it still stands then, in milliseconds since 1970. */
  readonly dueAt?: number | undefined;
  /** Below the console's address. */
  readonly path: string;
}

/** A notice as one record words it: what the fold adds is left out. */
export interface Draft extends Omit<Notice, 'kinds' | 'at' | 'rev'> {
  /** For what comes and goes: each time has a thread of its own, named after `thread`. */
  readonly episode?: 'begins' | 'continues' | 'ends';
}

interface Version {
  readonly version: string;
  readonly service: string;
  readonly environment: string;
}

/** An environment whose numbers cannot be read, as releases in it said. */
interface Unread {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly lanes: readonly string[];
}

/** What is remembered of earlier records: the version of each release, and the newest notice of each thread. */
export interface Notices {
  readonly versions: PersistentMap<string, Version>;
  readonly threads: PersistentMap<string, Notice>;
  /** The thread of what has come and not gone. */
  readonly open: PersistentMap<string, string>;
  readonly unread: PersistentMap<string, Unread>;
}
