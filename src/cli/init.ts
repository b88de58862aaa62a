import { Option } from '@commander-js/extra-typings';
import { type Define, jsonOption } from './command.ts';
import { exampleCommand } from './init/example.ts';
import { refuseBesideExample } from './init/options.ts';
import { serviceCommand } from './init/service.ts';

export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('[dir]', 'folder to write to', '.')
    .option('--service <name>', 'name of the service; left out, it is asked for on a terminal')
    .option('--prometheus <url>', 'Prometheus to propose objectives from; it is only read')
    .option('--label <label>', 'label that selects its series, as app or app=checkout (default: found)')
    .option('--namespace <name>', 'Kubernetes namespace of its Argo Rollout; also writes a Platform')
    .option('--environment <name>', 'name of the environment in that Platform', 'prod')
    .addOption(new Option('--example <name>', 'write a working example instead').choices(['shop'] as const))
    .addOption(jsonOption())
    .action((dir, o) =>
      run(async () => {
        if (!o.example) return serviceCommand(io, dir, o, parts);
        refuseBesideExample(o);
        return exampleCommand(io, dir, o, parts.root);
      }),
    );
