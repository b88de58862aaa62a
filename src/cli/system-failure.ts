import type { Failure } from '../kit/result.ts';

type Said = Failure & { readonly next: string };

const A_FOLDER = 'name a folder, or move the file away';
/** What the system refuses, in words, by its code: how a command calls it, what is wrong, what helps. */
const WORDS: Readonly<Record<string, readonly [code: string, message: string, next: string]>> = {
  ENOENT: ['NO_SUCH_FILE', 'there is no such file or folder', 'check the path; a link may point to nothing'],
  EEXIST: ['NOT_A_FOLDER', 'a file is where a folder is needed', A_FOLDER],
  ENOTDIR: ['NOT_A_FOLDER', 'a file is where a folder is needed', A_FOLDER],
  EISDIR: ['NOT_A_FILE', 'a folder is where a file is needed', 'name a file'],
  EACCES: [
    'NOT_PERMITTED',
    'this user may not use it',
    'give this user the right to it, or choose another place',
  ],
  EPERM: [
    'NOT_PERMITTED',
    'this user may not use it',
    'give this user the right to it, or choose another place',
  ],
  EROFS: ['NOT_PERMITTED', 'it lies where nothing can be written', 'choose another place'],
  ELOOP: [
    'LINKS_IN_A_CIRCLE',
    'links lead from it back to itself',
    'fix the link, or name what it should point to',
  ],
  ENAMETOOLONG: ['NAME_TOO_LONG', 'its name is too long for this system', 'choose a shorter one'],
  ENOSPC: ['DISK_FULL', 'the disk is full', 'free the disk and run this again'],
  EDQUOT: ['DISK_FULL', 'the quota of this user is used up', 'free the disk and run this again'],
  EMFILE: [
    'TOO_MANY_FILES',
    'this process has too many files open',
    'raise the limit (ulimit -n) and run this again',
  ],
};

/** What is said of a file or folder that the system does not let us use; null: something else was thrown. */
export function systemFailure(thrown: unknown): Said | null {
  if (!(thrown instanceof Error)) return null;
  const { code = '', path } = thrown as NodeJS.ErrnoException;
  const words = WORDS[code];
  if (!words || path === undefined) return null;
  const [name, message, next] = words;
  return { code: name, message: `${path}: ${message}`, file: path, next };
}
