import type { Define } from './command.ts';
import { define as flagger } from './import-flagger.ts';
import { define as sloth } from './import-sloth.ts';

/** `sluice import TOOL DIR`: one subcommand for every tool whose declarations are read. */
export const define: Define = (command, context) => {
  flagger(
    command
      .command('flagger')
      .description('Flagger Canary resources become objectives and a Platform that observes'),
    context,
  );
  sloth(command.command('sloth').description('Sloth prometheus/v1 documents become OpenSLO'), context);
};
