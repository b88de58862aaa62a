import { importPyrra } from '../declaration/import/pyrra.ts';
import { type Define, jsonOption } from './command.ts';
import { importSlos, versionOption } from './import-slos.ts';

/** `sluice import pyrra DIR…`: OpenSLO documents beside which nothing else is needed. */
export const define: Define = (command, { io, run }) =>
  command
    .argument('<dirs...>', 'folders or files')
    .option('--out <dir>', 'folder to write the documents to', 'slos')
    .option('--service <name>', 'service of SLOs that name none by a label')
    .addOption(versionOption())
    .addOption(jsonOption())
    .action((dirs, o) =>
      run(() =>
        importSlos(io, dirs, o, {
          from: 'pyrra',
          documents: 'Pyrra documents',
          none: { code: 'NO_PYRRA_DOCUMENT', what: 'ServiceLevelObjective of pyrra.dev' },
          read: (files) => importPyrra(files, { service: o.service ?? null }),
        }),
      ),
    );
