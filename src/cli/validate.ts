import { advise } from '../controller/compile.ts';
import type { Platform } from '../declaration/platform.ts';
import { counted } from '../kit/counted.ts';
import { problemLine } from '../kit/problem.ts';
import { addressOf, type Define, type JsonOptions, jsonOption } from './command.ts';
import { DeclarationError, platformOf, readDeclarations } from './files.ts';
import { EXIT, type Exit, type Io, palette, printJson } from './io.ts';
import { checkSources, isWrong, printLive } from './live.ts';
import { printNeeds } from './pace.ts';
import type { CommandParts } from './parts.ts';

const summary = (platform: Platform) => ({
  platform: platform.name,
  digest: platform.digest,
  environments: platform.environments.map((e) => e.name),
  services: platform.services.map((s) => s.name),
  slos: platform.slos.map((s) => s.name),
});

interface ValidateOptions extends JsonOptions {
  /** True: that of each environment. */
  readonly prometheus?: string | true | undefined;
}

/** `sluice validate [dir]`: every problem of every file at once, or what was understood. */
export async function validateCommand(
  io: Io,
  where: string,
  options: ValidateOptions,
  parts: Pick<CommandParts, 'openLive'>,
): Promise<Exit> {
  const p = palette(io);
  try {
    const files = readDeclarations(io, where);
    const platform = platformOf(files, where, { platform: 'optional' });
    const warnings = advise(platform, files);
    const asked = options.prometheus;
    const live =
      asked === undefined
        ? null
        : await checkSources(io, parts, platform, files, asked === true ? null : asked);
    const good = live === null || !isWrong(live);
    if (options.json)
      printJson(io, {
        schema: 'sluice.dev/validate/v1',
        ok: good,
        ...summary(platform),
        problems: [],
        warnings,
        ...(live === null ? {} : { prometheus: live }),
      });
    else {
      const { environments, services, slos } = summary(platform);
      for (const warning of warnings) io.err(`${p.yellow('note')} ${problemLine(warning)}\n`);
      const alone = environments[0] === '';
      io.out(
        alone
          ? `${p.green('valid')}: ${counted(services.length, 'service')}, ${counted(slos.length, 'SLO')}, no Platform: rules, alerts and dashboards only\n`
          : `${p.green('valid')}: platform ${platform.name}, ${counted(services.length, 'service')}, ${counted(slos.length, 'SLO')}, environments ${environments.join(' → ')}\n`,
      );
      if (live === null) printNeeds(io, platform);
      if (live !== null) printLive(io, platform, live);
      else io.out(alone ? `Next: sluice render ${where} --out rendered\n` : `Next: sluice serve ${where}\n`);
    }
    return good ? EXIT.yes : EXIT.no;
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
        `${p.red(counted(problems.length, 'problem'))}. Fix these lines and run sluice validate again.\n`,
      );
    }
    return EXIT.usage;
  }
}

export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('[dir]', 'folder of the declaration', '.')
    .option(
      '--prometheus [url]',
      'compare every selector with a live Prometheus (default address: that of each environment)',
      addressOf,
    )
    .addOption(jsonOption())
    .action((dir, o) => run(() => validateCommand(io, dir, o, parts)));
