import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../git/program.ts';

/** Refuses what Git itself would take: a push past the gate. */
const HOOK = (branches: readonly string[]) => `#!/bin/sh
# Written by Sluice: these branches change by pull request only.
case "$1" in
${branches.map((b) => `refs/heads/${b}`).join('|')})
  if [ -z "$SLUICE_MERGE" ]; then
    echo "\${1#refs/heads/} is protected: push a branch and open a pull request (sluice pull open)" >&2
    exit 1
  fi ;;
esac
`;

/** Makes branches ones that only merges change. */
export function protect(repository: string, ...branches: readonly string[]): void {
  const hook = join(repository, 'hooks', 'update');
  mkdirSync(join(repository, 'hooks'), { recursive: true });
  writeFileSync(hook, HOOK(branches));
  chmodSync(hook, 0o755);
}

/** A bare repository with its branch protected, seeded once with what runs today. */
export async function openBare(
  repository: string,
  branches: readonly string[],
  seed: (workTree: string) => Promise<void>,
  scratch: string,
): Promise<void> {
  if (existsSync(join(repository, 'HEAD'))) return;
  mkdirSync(scratch, { recursive: true });
  await seed(scratch);
  await git(scratch, ['clone', '--quiet', '--bare', scratch, repository]);
  await git(repository, ['symbolic-ref', 'HEAD', `refs/heads/${branches[0]}`]);
  protect(repository, ...branches);
}
