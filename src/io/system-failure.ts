import { type Failure, messageOf } from '../kit/result.ts';

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
  ERR_FS_FILE_TOO_LARGE: ['FILE_TOO_LARGE', 'it is too large to be read at once', 'name a smaller file'],
  ERR_STRING_TOO_LONG: ['FILE_TOO_LARGE', 'it is too large to be read at once', 'name a smaller file'],
  ENOSPC: ['DISK_FULL', 'the disk is full', 'free the disk and run this again'],
  EDQUOT: ['DISK_FULL', 'the quota of this user is used up', 'free the disk and run this again'],
  EMFILE: [
    'TOO_MANY_FILES',
    'this process has too many files open',
    'raise the limit (ulimit -n) and run this again',
  ],
};

/** What the system refuses, without saying of which file; null: something else was thrown. */
export function systemRefusal(thrown: unknown): { readonly message: string; readonly next: string } | null {
  const words = thrown instanceof Error ? WORDS[(thrown as NodeJS.ErrnoException).code ?? ''] : undefined;
  return words ? { message: words[1], next: words[2] } : null;
}

/**
 * What is said of a file or folder that the system does not let us use, by the name that a person gave it, else by its
 * path; null: something else was thrown.
 */
export function systemFailure(thrown: unknown, named?: string): Said | null {
  if (!(thrown instanceof Error)) return null;
  const { code = '', path = named } = thrown as NodeJS.ErrnoException;
  const words = WORDS[code];
  const file = named ?? path;
  if (!words || file === undefined) return null;
  const [name, message, next] = words;
  return { code: name, message: `${file}: ${message}`, file, next };
}

/** The same in one sentence; of anything else, what it says of itself. */
export const systemWords = (thrown: unknown, named?: string): string =>
  systemFailure(thrown, named)?.message ?? messageOf(thrown);
