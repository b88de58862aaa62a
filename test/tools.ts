import { isBuilt, toolFolder, toolPath } from '../scripts/tools.mjs';

type Program =
  | 'opa'
  | 'actionlint'
  | 'act'
  | 'gitea'
  | 'k6'
  | 'helm'
  | 'kubeconform'
  | 'sloth'
  | 'thanos'
  | 'victoria-metrics';
type Definitions =
  | 'kubernetes-definitions'
  | 'rollouts-crds'
  | 'monitoring-crds'
  | 'gateway-crds'
  | 'flux-kustomize-crds'
  | 'flux-source-crds'
  | 'flux-helm-crds';

/** A Go program that `npm run tools` built; null where it was not, and tests that need it are skipped and listed. */
export const tool = (name: Program): string | null => (isBuilt(name) ? toolPath(name) : null);

/** The folder of definitions that `npm run tools` brought; null where it did not. */
export const definitions = (name: Definitions): string | null => (isBuilt(name) ? toolFolder(name) : null);
