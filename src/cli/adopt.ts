import { type Placed, resourcesOf } from '../declaration/import/rollouts/resources.ts';
import { adoptResources } from './adopting.ts';
import { addressOf, type Define, jsonOption } from './command.ts';
import { manifestsIn } from './import-rollouts.ts';
import { CliError, EXIT, type Io } from './io.ts';
import type { CommandParts } from './parts.ts';

/** What a live cluster holds, read once. */
async function inCluster(
  io: Io,
  parts: Pick<CommandParts, 'readCluster'>,
  context: string | undefined,
  namespaces: readonly string[],
) {
  const found = await parts.readCluster({ context: context ?? null, namespaces, env: io.env });
  if (!found.ok)
    throw new CliError(EXIT.unreachable, {
      code: 'CLUSTER_UNAVAILABLE',
      message: found.error,
      next: 'check with kubectl get rollouts that your kubeconfig reaches the cluster',
    });
  return resourcesOf(found.value as readonly Placed[]);
}

/** `sluice adopt [DIR | --cluster]`: what it takes to follow the Rollouts that are there, and what to ask about them. */
export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('[dir]', 'folder of manifests; omit it with --cluster')
    .option('--cluster', 'read the cluster of your kubeconfig; nothing in it is changed')
    .option('--context <name>', 'context of your kubeconfig (default: the current one)')
    .option('--namespace <name...>', 'only these namespaces')
    .option('--out <dir>', 'folder to write the documents to', 'sluice')
    .option(
      '--prometheus <url>',
      'address of Prometheus (default: the one that the analyses query)',
      addressOf,
    )
    .addOption(jsonOption())
    .action((dir, o) =>
      run(async () => {
        if ((dir === undefined) === !o.cluster)
          throw new CliError(EXIT.usage, {
            code: 'NOTHING_TO_ADOPT',
            message:
              dir === undefined
                ? 'expected a folder of manifests, or --cluster'
                : 'expected either a folder or --cluster, not both',
            next: 'sluice adopt DIR, or sluice adopt --cluster',
          });
        const resources =
          dir === undefined ? await inCluster(io, parts, o.context, o.namespace ?? []) : manifestsIn(io, dir);
        return adoptResources(io, dir ?? 'the cluster', resources, o, parts);
      }),
    );
