import { z } from 'zod';
import { ok } from '../../../kit/result.ts';
import type { ChangedFiles, ForgeResult, PullRequest } from '../../forge.ts';
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
  const found = await api.get(`/raw/${encoded(path)}?ref=${sha}`, z.string());
  return !found.ok && found.error.code === 'NOT_FOUND' ? ok(null) : found;
}

export const list = ({ api }: GiteaState, sha: string, folder: string): ForgeResult<readonly string[]> =>
  pathsBelow(api, sha, folder);

export const links = ({ api }: GiteaState, sha: string, paths: readonly string[]) =>
  linksAmong((tree) => treeAt(api, tree), sha, paths);
