/** The heads that were anchored in a repository. */
export const readAnchors = async (repository: string) =>
  (await import('../gitops/adapters/git/anchors.ts')).readAnchors(repository);
