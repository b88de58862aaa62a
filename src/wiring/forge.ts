import { join } from 'node:path';
import { branchesOf, type ForgeSource, type Platform } from '../declaration/platform.ts';
import type { ForgePort } from '../gitops/forge.ts';
import { mapOk, ok, type Result } from '../kit/result.ts';
import type { Env, WiringContext } from './context.ts';
import { repositoryOf } from './places.ts';
import { readSecret } from './secrets.ts';

type At<Kind extends ForgeSource['at']['kind']> = Extract<ForgeSource['at'], { kind: Kind }>;
type GitHubAuth =
  | { readonly token: string }
  | { readonly appId: number; readonly installation: number; readonly privateKey: string };
type Opened = Promise<Result<ForgePort, string>>;

async function openLocal(forge: ForgeSource, { platform, work, now }: WiringContext): Opened {
  const { localForge } = await import('../gitops/adapters/forge-local/forge.ts');
  return ok(
    localForge({
      repository: repositoryOf(platform, work),
      file: join(work, 'forge', 'pulls.json'),
      branch: forge.branch,
      branches: branchesOf(platform),
      check: forge.check,
      webhookSecret: '',
      now,
    }),
  );
}

const remoteOptions = (platform: Platform, { branch }: ForgeSource, at: At<'gitea'> | At<'github'>) => ({
  branch,
  branches: branchesOf(platform),
  repository: at.repository,
  address: at.address,
});

async function openGitea(forge: ForgeSource, at: At<'gitea'>, { platform, env }: WiringContext): Opened {
  const webhookSecret = readSecret(at.webhookSecret, env);
  if (!webhookSecret.ok) return webhookSecret;
  const { giteaForge } = await import('../gitops/adapters/forge-gitea/forge.ts');
  const options = { ...remoteOptions(platform, forge, at), webhookSecret: webhookSecret.value };
  return mapOk(readSecret(at.token, env), (token) => giteaForge({ ...options, token }));
}

const gitHubAuth = ({ auth }: At<'github'>, env: Env): Result<GitHubAuth, string> =>
  'token' in auth
    ? mapOk(readSecret(auth.token, env), (token) => ({ token }))
    : mapOk(readSecret(auth.app.privateKey, env), (privateKey) => ({
        appId: auth.app.id,
        installation: auth.app.installation,
        privateKey,
      }));

async function openGitHub(forge: ForgeSource, at: At<'github'>, { platform, env }: WiringContext): Opened {
  const webhookSecret = readSecret(at.webhookSecret, env);
  if (!webhookSecret.ok) return webhookSecret;
  const { githubForge } = await import('../gitops/adapters/forge-github/forge.ts');
  const options = { ...remoteOptions(platform, forge, at), webhookSecret: webhookSecret.value };
  return mapOk(gitHubAuth(at, env), (auth) => githubForge({ ...options, auth }));
}

/** The declared forge; null: none is declared. */
export async function openForge(context: WiringContext): Promise<Result<ForgePort | null, string>> {
  const { forge } = context.platform;
  if (!forge) return ok(null);
  const { at } = forge;
  switch (at.kind) {
    case 'local':
      return openLocal(forge, context);
    case 'gitea':
      return openGitea(forge, at, context);
    case 'github':
      return openGitHub(forge, at, context);
  }
}
