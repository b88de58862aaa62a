import type { Revision } from '../../../delivery/events.ts';
import type { Problem } from '../../../kit/problem.ts';
import { DESIRED_LIMITS, misplacedText, parseDesired } from '../../desired.ts';
import type { TreeFile } from './objects.ts';

/** What one file said, by the object that it was: the same object is not read again. */
export interface ReadLane {
  readonly path: string;
  /** Null: it could not be read; it is read again. */
  readonly object: string | null;
  readonly asked: Revision | null;
  readonly problems: readonly Problem[];
}

const UNREADABLE = 'UNREADABLE';

export const unreadable = (file: string, message: string): Problem => ({
  code: UNREADABLE,
  file,
  line: 1,
  path: '',
  message,
  next: 'it is read again automatically',
});
export const isUnreadable = (problem: Problem): boolean => problem.code === UNREADABLE;

/** A file of a service in an environment where it does not run: it asks for nothing, and affects no other. */
export const misplaced = (
  { path, object }: TreeFile,
  { service, environment }: { readonly service: string; readonly environment: string },
): ReadLane => ({
  path,
  object,
  asked: null,
  problems: [
    {
      code: 'DESIRED_STATE',
      file: path,
      line: 1,
      path: '',
      message: misplacedText(service, environment),
      next: `remove the file, or add ${environment} to the environments of ${service}`,
    },
  ],
});

const tooLarge = (file: string, size: number): Problem => ({
  code: 'DESIRED_STATE',
  file,
  line: 1,
  path: '',
  message: `the file has ${size} bytes; a desired state has at most ${DESIRED_LIMITS.size}`,
  next: 'keep what is not the desired state elsewhere',
});

/** Who applies Git would follow it, and Git itself gives its words: two readers would see two files in it. */
const linked = (file: string): Problem => ({
  code: 'DESIRED_STATE',
  file,
  line: 1,
  path: '',
  message: 'the file is a symbolic link: what it leads to could change without it',
  next: 'put what it leads to in its place',
});

/** One file of a lane, of which the text is at hand; what cannot be read now stays as it was asked for. */
export function readLane(
  { path, object, size, link }: TreeFile,
  service: string,
  texts: ReadonlyMap<string, string> | Error,
  before: ReadLane | undefined,
): ReadLane {
  // Its object may be that of a file as well, of which it says nothing.
  if (link) return { path, object: null, asked: null, problems: [linked(path)] };
  if (texts instanceof Error) {
    const problem = unreadable(path, `it cannot be read now: ${texts.message}`);
    return { path, object: null, asked: before?.asked ?? null, problems: [problem] };
  }
  const text = texts.get(object);
  if (text === undefined) return { path, object, asked: null, problems: [tooLarge(path, size)] };
  const read = parseDesired(path, text, service);
  return read.ok
    ? { path, object, asked: read.value, problems: [] }
    : { path, object, asked: null, problems: read.error };
}
