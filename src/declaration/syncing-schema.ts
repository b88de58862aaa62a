import { z } from 'zod';
import { KUBERNETES_DEFAULTS } from './defaults.ts';
import { name } from './fields.ts';
import { secretRef } from './governance-schema.ts';
import { SYNC_TOOLS } from './syncing.ts';

/** `sync` of an environment. */
export const sync = z
  .enum(SYNC_TOOLS, 'expected argo-cd or flux')
  .describe(
    'Who applies Git to this environment, in a cluster. Default: argo-cd if kubernetes.argoCd is declared, otherwise flux if kubernetes.flux is.',
  );

const chart = z
  .string()
  .default(KUBERNETES_DEFAULTS.chart)
  .describe('Folder of the chart in that repository.');

/** `kubernetes.argoCd`. */
export const argoCd = z.strictObject({
  repository: z.string().min(1).describe('The desired-state repository, as Argo CD reaches it.'),
  namespace: name.default(KUBERNETES_DEFAULTS.argoCdNamespace),
  kubeconfig: secretRef
    .optional()
    .describe('Kubeconfig of the cluster of Argo CD; by default the cluster that Sluice runs in.'),
  context: z.string().min(1).optional().describe('Context of that kubeconfig.'),
  webhookToken: secretRef
    .optional()
    .describe('Bearer token of its notifications; by default none are accepted.'),
  chart,
});

/** `kubernetes.flux`. */
export const flux = z
  .strictObject({
    repository: z
      .string()
      .regex(/^(https?|ssh):\/\/\S+$/, 'expected an address that begins with https://, http:// or ssh://')
      .optional()
      .describe('The desired-state repository, as Flux reaches it: GitRepositories are rendered for it.'),
    source: name
      .optional()
      .describe('Name of a GitRepository that exists in that namespace, instead of repository.'),
    secret: name
      .optional()
      .describe(
        'Secret in that namespace with the credentials of the repository, as a GitRepository names it.',
      ),
    namespace: name.default(KUBERNETES_DEFAULTS.fluxNamespace),
    serviceAccount: name
      .optional()
      .describe('ServiceAccount with whose rights Flux applies; by default those of its controllers.'),
    monitoring: z
      .boolean()
      .default(false)
      .describe(
        'Whether Flux applies the rendered rules, monitors and dashboards, too, in the namespace of the environment.',
      ),
    chart,
  })
  .refine(
    (f) => (f.repository === undefined) !== (f.source === undefined),
    'expected exactly one of repository and source',
  )
  .refine(
    (f) => f.secret === undefined || f.repository !== undefined,
    'expected repository beside secret: a GitRepository that exists names its own',
  );
