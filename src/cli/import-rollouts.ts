import { type RolloutResources, readManifests } from '../declaration/import/rollouts/resources.ts';
import { adoptResources } from './adopting.ts';
import { addressOf, type Define, jsonOption } from './command.ts';
import { readSources } from './import-files.ts';
import type { Io } from './io.ts';

/** Manifests below a folder: plain, or what kustomize and Helm put out. */
export function manifestsIn(io: Io, where: string): RolloutResources {
  const { files, problems } = readSources(io, [where], 'manifests');
  const read = readManifests(files);
  return { ...read, problems: [...problems, ...read.problems] };
}

/** `sluice import rollouts DIR`: Rollouts and their analyses become objectives and a Platform that observes. */
export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('<dir>', 'a folder of manifests, or one file')
    .option('--out <dir>', 'folder to write the documents to', 'sluice')
    .option(
      '--prometheus <url>',
      'address of Prometheus (default: the one that the analyses query)',
      addressOf,
    )
    .addOption(jsonOption())
    .action((dir, o) => run(async () => adoptResources(io, dir, manifestsIn(io, dir), o, parts)));
