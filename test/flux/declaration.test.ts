import { describe, expect, it } from 'vitest';
import { syncToolOf } from '../../src/declaration/syncing.ts';
import { type Declared, platformOf, problemsOf } from './platform.ts';

const ARGO = "argoCd: { repository: 'https://git.invalid/a.git' }";
const FLUX = "flux: { repository: 'https://git.invalid/a.git' }";
const BOTH = `${ARGO}, ${FLUX}`;
const EXISTING = 'flux: { source: desired }';

describe('who is declared to sync an environment', () => {
  it.each<[string, Declared, (string | null)[]]>([
    ['Flux alone', {}, [null, 'flux', 'flux']],
    ['Argo CD alone', { kubernetes: ARGO }, [null, 'argo-cd', 'argo-cd']],
    ['neither', { kubernetes: '' }, [null, null, null]],
    [
      'one environment after the other',
      { kubernetes: BOTH, stage: ', sync: flux' },
      [null, 'flux', 'argo-cd'],
    ],
    [
      'both by name',
      { kubernetes: BOTH, stage: ', sync: argo-cd', prod: ', sync: flux' },
      [null, 'argo-cd', 'flux'],
    ],
  ])('FLUX-1: %s', (_, declared, expected) => {
    const platform = platformOf(declared);
    expect(platform.environments.map((e) => syncToolOf(platform, e))).toEqual(expected);
  });

  it('FLUX-1: every default is filled in, and nothing is added where no Flux is declared', () => {
    expect(platformOf().kubernetes.flux).toEqual({
      namespace: 'flux-system',
      source: { kind: 'rendered', repository: 'https://git.invalid/acme/desired.git', secret: null },
      chart: 'charts/service',
      serviceAccount: null,
      monitoring: false,
    });
    expect(platformOf({ kubernetes: ARGO }).kubernetes).not.toHaveProperty('flux');
    expect(platformOf().environments[1]).not.toHaveProperty('sync');
  });

  it.each<[string, Declared, object]>([
    [
      'Flux that is not declared',
      { kubernetes: ARGO, prod: ', sync: flux' },
      {
        path: 'spec.environments[2].sync',
        message: '"prod" is synced by Flux, and no Flux is declared',
        next: 'declare kubernetes.flux',
      },
    ],
    [
      'Argo CD that is not declared',
      { prod: ', sync: argo-cd' },
      {
        path: 'spec.environments[2].sync',
        message: '"prod" is synced by Argo CD, and no Argo CD is declared',
        next: 'declare kubernetes.argoCd',
      },
    ],
    [
      'Flux beside Argo CD that no environment names',
      { kubernetes: BOTH },
      {
        path: 'spec.kubernetes.flux',
        message: 'Flux is declared beside Argo CD, and no environment is synced by it',
        next: 'declare sync: flux in an environment, or remove kubernetes.flux',
      },
    ],
    [
      'several branches of one GitRepository',
      { kubernetes: EXISTING, prod: ', branch: production' },
      {
        path: 'spec.environments[2].branch',
        message: '"prod" has another branch than "stage", and one GitRepository follows one branch',
        next: 'declare kubernetes.flux.repository instead of source: a GitRepository is rendered for each branch',
      },
    ],
    [
      'several branches of one GitRepository, the first one named',
      { kubernetes: EXISTING, stage: ', branch: staging' },
      expect.objectContaining({ path: 'spec.environments[2].name' }),
    ],
    [
      'an environment of this machine',
      { dev: ', sync: flux' },
      {
        path: 'spec.environments[0].sync',
        message: '"dev" is delivered on this machine, where Flux applies nothing',
        next: 'declare delivery: argo-rollouts, or remove sync',
      },
    ],
    [
      'two sources',
      { kubernetes: "flux: { repository: 'https://g.invalid', source: desired }" },
      expect.objectContaining({
        path: 'spec.kubernetes.flux',
        message: expect.stringContaining('expected exactly one of repository and source'),
      }),
    ],
    [
      'no source',
      { kubernetes: 'flux: {}' },
      expect.objectContaining({ message: expect.stringContaining('exactly one of repository and source') }),
    ],
    [
      'a secret for a GitRepository that has its own',
      { kubernetes: 'flux: { source: desired, secret: git }' },
      expect.objectContaining({ message: expect.stringContaining('expected repository beside secret') }),
    ],
    [
      'an address that Flux does not take',
      { kubernetes: "flux: { repository: 'git@github.com:acme/desired.git' }" },
      expect.objectContaining({
        path: 'spec.kubernetes.flux.repository',
        message: expect.stringContaining('begins with https://, http:// or ssh://'),
      }),
    ],
    [
      'a tool that is not known',
      { prod: ', sync: fluxcd' },
      expect.objectContaining({
        path: 'spec.environments[2].sync',
        message: expect.stringContaining('expected argo-cd or flux'),
      }),
    ],
    [
      'a key that is nearly right',
      { kubernetes: "flux: { repositry: 'https://g.invalid' }" },
      expect.objectContaining({ next: expect.stringContaining('did you mean "repository"?') }),
    ],
  ])('FLUX-1: refused with its place: %s', (_, declared, problem) =>
    expect(problemsOf(declared)).toContainEqual(problem),
  );
});
