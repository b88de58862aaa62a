import { type Define, type Json, jsonOption } from './command.ts';
import { EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';
import type { Parts } from './parts.ts';

type DoctorParts = Pick<Parts, 'checkPrograms' | 'locateK6' | 'locateProgram'>;

/** `sluice doctor`: what this machine has of what a release on it needs. */
export async function doctorCommand(io: Io, options: Json, parts: DoctorParts): Promise<Exit> {
  const p = palette(io);
  const names = ['nginx', 'prometheus', 'promtool', 'prometheus-alertmanager', 'amtool', 'git', 'chromium'];
  const programs = await Promise.all(
    names.map(async (name) => ({ name, path: await parts.locateProgram(name, io.env) })),
  );
  const k6 = { name: 'k6', path: await parts.locateK6(io.env) };
  const needed = await parts.checkPrograms(io.env);
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

export const define: Define = (command, { io, parts, run }) =>
  command.addOption(jsonOption()).action((o) => run(() => doctorCommand(io, o, parts)));
