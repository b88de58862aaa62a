import { join } from 'node:path';
import { isIn } from '../declaration/layout.ts';
import { branchesOf, branchOf, type ForgeSource, type Platform } from '../declaration/platform.ts';
import { signedAnchors } from '../gitops/anchor-signature.ts';
import type { AnchorStore } from '../gitops/anchors.ts';
import type { DesiredRepository } from '../gitops/port.ts';
import { mapOk, ok, type Result } from '../kit/result.ts';
import { anchorKeyOf } from './anchors.ts';
import type { Env, WiringContext } from './context.ts';
import { repositoryOf } from './places.ts';
import { readSecret } from './secrets.ts';

/** The desired state, and where heads of the ledger are anchored beside it. */
interface OpenDesired {
  readonly repository: DesiredRepository;
  readonly anchors: AnchorStore;
}

type Authorization = () => Promise<string>;

const basic = (token: string): string => `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;

/** How Git signs in at a forge: by its token, or by an App's token, which is made anew when it expires. */
function authorizationOf(
  at: Exclude<ForgeSource['at'], { kind: 'local' }>,
  env: Env,
): Result<Authorization, string> {
  if (at.kind === 'gitea') return mapOk(readSecret(at.token, env), (token) => async () => basic(token));
  if ('token' in at.auth) return mapOk(readSecret(at.auth.token, env), (token) => async () => basic(token));
  const { id, installation, privateKey } = at.auth.app;
  return mapOk(readSecret(privateKey, env), (key) => async () => {
    const { createAppAuth } = await import('@octokit/auth-app');
    const auth = createAppAuth({ appId: id, privateKey: key, installationId: installation });
    return basic((await auth({ type: 'installation' })).token);
  });
}

/** Where a forge keeps the repository itself, and how to sign in there; null: it lies on this machine. */
function remoteOf({ platform, work, env }: WiringContext) {
  const at = platform.forge?.at;
  if (!at || at.kind === 'local' || platform.repository.path !== 'embedded') return ok(null);
  const address = new URL(at.address);
  // The API of GitHub has an address of its own; that of an installation lies below its address.
  const base =
    at.kind === 'github' ? `${address.protocol}//${address.host.replace(/^api\./, '')}` : at.address;
  const remote = { directory: repositoryOf(platform, work), url: `${base}/${at.repository}.git` };
  return mapOk(authorizationOf(at, env), (authorization) => ({ ...remote, authorization }));
}

/** Every service in every environment: a file of one that does not run there is told. */
const lanesIn = (platform: Platform) =>
  platform.environments.flatMap((environment) =>
    platform.services.map((service) => ({
      service: service.name,
      environment: environment.name,
      branch: branchOf(platform, environment),
      ...(isIn(service, environment.name) ? {} : { elsewhere: true as const }),
    })),
  );

/** Makes the repository of this machine where it is not there yet, from what is declared beside the Platform. */
async function openHere({ platform, work, directory }: WiringContext, repository: string): Promise<void> {
  const { openRepository } = await import('../gitops/adapters/git/repository.ts');
  const branches = branchesOf(platform);
  const seed = join(directory, 'desired');
  if (platform.forge?.at.kind === 'local') {
    const { openBare } = await import('../gitops/adapters/forge-local/bare.ts');
    const fill = (scratch: string) => openRepository(scratch, branches, seed);
    await openBare(repository, branches, fill, join(work, 'forge', 'seed'));
  } else if (platform.repository.path === 'embedded') await openRepository(repository, branches, seed);
}

export async function openDesired(context: WiringContext): Promise<Result<OpenDesired, string>> {
  const { platform, work, now, warn } = context;
  const { gitAnchors } = await import('../gitops/adapters/git/anchors.ts');
  const { gitDesired } = await import('../gitops/adapters/git/desired.ts');
  const repository = repositoryOf(platform, work);
  const lanes = lanesIn(platform);
  const remote = remoteOf(context);
  if (!remote.ok) return remote;
  const key = anchorKeyOf(platform, context.env);
  if (!key.ok) return key;
  const signed = (store: AnchorStore) => (key.value ? signedAnchors(store, key.value) : store);
  if (remote.value) {
    const { remoteCopy } = await import('../gitops/adapters/git/remote.ts');
    const copy = remoteCopy({ ...remote.value, pollMs: platform.repository.pollMs, now, warn });
    return ok({
      repository: gitDesired(repository, lanes, copy),
      anchors: signed(gitAnchors(repository, copy.refs)),
    });
  }
  await openHere(context, repository);
  return ok({ repository: gitDesired(repository, lanes), anchors: signed(gitAnchors(repository, null)) });
}
