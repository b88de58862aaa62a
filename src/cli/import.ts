import type { Define } from './command.ts';
import { define as flagger } from './import-flagger.ts';
import { define as openslo } from './import-openslo.ts';
import { define as pyrra } from './import-pyrra.ts';
import { define as rollouts } from './import-rollouts.ts';
import { define as sloth } from './import-sloth.ts';

const TOOLS: readonly (readonly [name: string, description: string, define: Define])[] = [
  ['flagger', 'Import Flagger Canary resources as SLOs and a Platform in mode observe', flagger],
  [
    'openslo',
    'Import OpenSLO documents of any version as v1; unsupported parts are left out and reported',
    openslo,
  ],
  ['pyrra', 'Import Pyrra ServiceLevelObjectives as OpenSLO', pyrra],
  ['rollouts', 'Import Rollouts and AnalysisTemplates as SLOs and a Platform in mode observe', rollouts],
  ['sloth', 'Import Sloth documents of both forms as OpenSLO', sloth],
];

/** `sluice import TOOL DIR…`: one subcommand for every tool whose declarations are read. */
export const define: Define = (command, context) => {
  for (const [name, description, add] of TOOLS) add(command.command(name).description(description), context);
};
