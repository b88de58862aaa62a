/** A revision as Flux writes it: the branch or tag where it says one, and the hash of the commit. */
interface FluxRevision {
  readonly name: string | null;
  readonly hash: string;
}

/** `main@sha1:…`, `refs/heads/main@sha1:…`, `sha1:…`; an artefact of a registry has `sha256`. */
const PRESENT = /^(?:(?<name>[^@]+)@)?sha(?:1|256):(?<hash>[0-9a-f]{7,64})$/;
/** As Flux wrote it before 2.0: `main/…`. */
const EARLIER = /^(?<name>.+)\/(?<hash>[0-9a-f]{40}|[0-9a-f]{64})$/;
const SHOWN = 10;

/** Null: it has no form that is known. */
export function revisionOf(text: string): FluxRevision | null {
  const groups = (PRESENT.exec(text) ?? EARLIER.exec(text))?.groups;
  if (!groups) return null;
  return { name: groups['name']?.replace(/^refs\/(heads|tags)\//, '') ?? null, hash: groups['hash']! };
}

/** Whether two revisions are the same commit; texts of no known form are compared as they are. */
export function isSameCommit(a: string, b: string): boolean {
  const [one, other] = [revisionOf(a), revisionOf(b)];
  return one && other ? one.hash === other.hash : a === b;
}

/** For people: `main@3f2a9c0b1d`. */
export function shortRevision(text: string): string {
  const revision = revisionOf(text);
  if (!revision) return text.slice(0, 100);
  const hash = revision.hash.slice(0, SHOWN);
  return revision.name === null ? hash : `${revision.name}@${hash}`;
}
