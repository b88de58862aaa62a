import type { Platform } from '../declaration/platform.ts';
import { problemLine } from '../kit/problem.ts';
import { DeclarationError, readPlatform } from './files.ts';
import { EXIT, type Exit, type Io, palette, printJson } from './io.ts';

const summary = (platform: Platform) => ({
  platform: platform.name,
  digest: platform.digest,
  environments: platform.environments.map((e) => e.name),
  services: platform.services.map((s) => s.name),
  slos: platform.slos.map((s) => s.name),
});

/** `sluice validate [dir]`: every problem of every file at once, or what was understood. */
export async function validateCommand(io: Io, where: string, options: { json?: boolean }): Promise<Exit> {
  const p = palette(io);
  try {
    const platform = readPlatform(io, where);
    if (options.json)
      printJson(io, { schema: 'sluice.dev/validate/v1', ok: true, ...summary(platform), problems: [] });
    else {
      const { environments, services, slos } = summary(platform);
      io.out(
        `${p.green('valid')}: platform ${platform.name}, ${services.length} services, ${slos.length} SLOs, environments ${environments.join(' → ')}\n`,
      );
      io.out(`Next: sluice serve ${where}\n`);
    }
    return EXIT.yes;
  } catch (thrown) {
    if (!(thrown instanceof DeclarationError)) throw thrown;
    const { problems } = thrown;
    if (options.json) {
      const { code, message, file, line, next } = thrown.failure;
      printJson(io, {
        schema: 'sluice.dev/validate/v1',
        ok: false,
        error: { code, message, file, line, next },
        problems,
      });
    } else {
      for (const problem of problems) io.err(`${problemLine(problem)}\n`);
      io.err(
        `${p.red(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`)}. Mend these lines and run sluice validate again.\n`,
      );
    }
    return EXIT.usage;
  }
}
