import { ok } from '../../../kit/result.ts';
import {
  type ChangedFiles,
  type ForgeResult,
  MAX_TEXT_BYTES,
  type PullRequest,
  tooLarge,
} from '../../forge.ts';
import { linksAmong } from '../forge-http/links.ts';
import { encoded } from './api.ts';
import type { GiteaState } from './state.ts';
import { filesBetween, pathsBelow, treeAt } from './trees.ts';

export const filesOf = (
  state: GiteaState,
  pull: Pick<PullRequest, 'base' | 'head'>,
): ForgeResult<ChangedFiles> =>
  state.remember(`${pull.base.sha}...${pull.head.sha}`, () => filesBetween(state.api, pull));

export async function text({ api }: GiteaState, sha: string, path: string): ForgeResult<string | null> {
  const found = await api.text(`/raw/${encoded(path)}?ref=${sha}`, MAX_TEXT_BYTES);
  if (!found.ok) return found.error.code === 'NOT_FOUND' ? ok(null) : found;
  return found.value === null ? tooLarge(path, MAX_TEXT_BYTES) : ok(found.value);
}

export const list = ({ api }: GiteaState, sha: string, folder: string): ForgeResult<readonly string[]> =>
  pathsBelow(api, sha, folder);

export const links = ({ api }: GiteaState, sha: string, paths: readonly string[]) =>
  linksAmong((tree) => treeAt(api, tree), sha, paths);
