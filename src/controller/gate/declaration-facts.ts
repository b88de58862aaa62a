import { mayDeclare, type SourceFile } from '../../declaration/documents.ts';
import type { ForgeFailure, ForgePort } from '../../gitops/forge.ts';
import type { ThreadRefusal } from '../../io/thread.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import type { DeclarationFacts } from './declaration-changes.ts';
import type { PullReader } from './reading.ts';
import { textAt } from './texts.ts';

/** What a pull request's declaration may hold, before anything is made of it. */
const PULL_LIMITS = { files: 500, characters: 4_194_304 } as const;

const NOTHING: DeclarationFacts = { declaration: { problems: [], relaxed: [] }, changes: [] };
const refusedFor = (problem: string): DeclarationFacts => ({
  declaration: { problems: [problem], relaxed: [] },
  changes: [],
});

/** A failed read for the gate: over a limit is denied; unavailable is retried. */
export const laterOr = <T>(
  refusal: ThreadRefusal,
  denied: (message: string) => T,
): Result<T, ForgeFailure> =>
  refusal.kind === 'limit'
    ? ok(denied(refusal.message))
    : fail({ code: 'UNAVAILABLE', message: refusal.message });

type Files = Result<readonly SourceFile[], string>;

/** The files of the declaration at a commit; or the limit that they are over. */
async function filesAt(forge: ForgePort, sha: string, folder: string): Promise<Result<Files, ForgeFailure>> {
  const listed = await forge.list(sha, folder);
  if (!listed.ok) return listed;
  const paths = listed.value.filter((path) => /\.ya?ml$/.test(path));
  if (paths.length > PULL_LIMITS.files)
    return ok(fail(`${folder}:1: it holds more than ${PULL_LIMITS.files} files (${paths.length})`));
  const files: SourceFile[] = [];
  let characters = 0;
  for (const file of paths) {
    const found = await textAt(forge, sha, file);
    if (!found.ok) return found;
    const text = found.value;
    if (!text.ok) return ok(text);
    if (text.value === null) continue;
    characters += text.value.length;
    if (characters > PULL_LIMITS.characters)
      return ok(fail(`${file}:1: the declaration is longer than ${PULL_LIMITS.characters} characters`));
    if (mayDeclare(text.value)) files.push({ file, text: text.value });
  }
  return ok(ok(files));
}

/** Compares the current declaration with the one after the merge of a pull request. */
export async function declarationFacts(
  forge: ForgePort,
  reader: PullReader,
  folder: string | null,
  headSha: string,
  paths: readonly string[],
): Promise<Result<DeclarationFacts, ForgeFailure>> {
  if (folder === null || !paths.some((path) => path.startsWith(`${folder}/`))) return ok(NOTHING);
  const files = await filesAt(forge, headSha, folder);
  if (!files.ok) return files;
  if (!files.value.ok) return ok(refusedFor(files.value.error));
  const read = await reader.declaration(files.value.value);
  return read.ok ? read : laterOr(read.error, (message) => refusedFor(`${folder}:1: ${message}`));
}
