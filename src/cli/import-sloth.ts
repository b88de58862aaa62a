import { importSloth } from '../declaration/import/sloth.ts';
import { parseDuration } from '../kit/time.ts';
import { type Define, jsonOption } from './command.ts';
import { importSlos, versionOption } from './import-slos.ts';
import { CliError, EXIT } from './io.ts';

/** `sluice import sloth DIR…`: OpenSLO documents beside which nothing else is needed. */
export const define: Define = (command, { io, run }) =>
  command
    .argument('<dirs...>', 'folders or files')
    .option('--out <dir>', 'folder to write the documents to', 'slos')
    .option(
      '--window <duration>',
      'the --default-slo-period that Sloth was run with; its documents do not contain it',
      '30d',
    )
    .addOption(versionOption())
    .addOption(jsonOption())
    .action((dirs, o) =>
      run(async () => {
        if (parseDuration(o.window) === undefined)
          throw new CliError(EXIT.usage, {
            code: 'USAGE',
            message: `--window expects a duration such as 28d, got "${o.window}"`,
            next: 'write it as 28d, or leave it out',
          });
        return importSlos(io, dirs, o, {
          from: 'sloth',
          documents: 'Sloth documents',
          none: { code: 'NO_SLOTH_DOCUMENT', what: 'document of version prometheus/v1' },
          read: (files) => importSloth(files, { window: o.window }),
        });
      }),
    );
