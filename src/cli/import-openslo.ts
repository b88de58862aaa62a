import { importOpenSlo } from '../declaration/import/openslo-documents.ts';
import { type Define, jsonOption } from './command.ts';
import { importSlos, versionOption } from './import-slos.ts';

/** `sluice import openslo DIR…`: what can be read of any version, as documents of v1 that need no others. */
export const define: Define = (command, { io, run }) =>
  command
    .argument('<dirs...>', 'folders or files')
    .option('--out <dir>', 'folder to write the documents to', 'slos')
    .addOption(versionOption())
    .addOption(jsonOption())
    .action((dirs, o) =>
      run(() =>
        importSlos(io, dirs, o, {
          from: 'openslo',
          documents: 'OpenSLO documents',
          none: { code: 'NO_OPENSLO_DOCUMENT', what: 'SLO of OpenSLO' },
          read: (files) => importOpenSlo(files, { version: o.prometheusVersion ?? null }),
        }),
      ),
    );
