import { which } from '../delivery/adapters/process/os.ts';
import { findPrograms } from '../embedded/stack.ts';
import { findK6 } from '../gitops/adapters/load-test/runner.ts';
import { EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

/** `sluice doctor`: what this machine has of what a release on it needs. */
export async function doctorCommand(io: Io, options: { json?: boolean }): Promise<Exit> {
  const p = palette(io);
  const programs = [
    'nginx',
    'prometheus',
    'promtool',
    'prometheus-alertmanager',
    'amtool',
    'git',
    'chromium',
  ].map((name) => ({
    name,
    path: which(name, io.env) ?? null,
  }));
  const k6 = { name: 'k6', path: findK6(io.env) };
  const needed = findPrograms(io.env);
  const ok = needed.ok && programs.find((x) => x.name === 'git')?.path != null;
  if (options.json)
    printJson(io, { schema: 'sluice.dev/doctor/v1', ok, node: process.version, programs: [...programs, k6] });
  else {
    io.out(
      table([
        ['node', process.version],
        ...programs.map(({ name, path }) => [name, path ?? p.red('missing')]),
        [k6.name, k6.path ?? "not here: load tests run by sluice's own generator"],
      ]),
    );
    io.out(needed.ok ? `${p.green('ready')}: next, sluice init\n` : `${needed.error}\n`);
  }
  return ok ? EXIT.yes : EXIT.unreachable;
}
