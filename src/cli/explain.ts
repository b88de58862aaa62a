import type { Environment, Platform, Slo } from '../declaration/platform.ts';
import { nearest } from '../kit/nearest.ts';
import { type ExplainedRule, explainRules } from '../runtime/explain.ts';
import { addressOf, type Define, type JsonOptions, jsonOption, NO_ANSWER_NEXT } from './command.ts';
import { platformOf, readDeclarations } from './files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';
import type { CommandParts } from './parts.ts';

interface ExplainOptions extends JsonOptions {
  readonly environment?: string | undefined;
  readonly prometheus?: string | undefined;
  readonly expressions?: boolean | undefined;
}

function sloNamed(platform: Platform, name: string): Slo {
  const slo = platform.slos.find((s) => s.name === name);
  if (slo) return slo;
  const names = platform.slos.map((s) => s.name);
  const near = nearest(name, names);
  throw new CliError(EXIT.usage, {
    code: 'UNKNOWN_SLO',
    message: `no SLO is named "${name}"`,
    next: near ? `did you mean "${near}"?` : `known: ${names.join(', ')}`,
  });
}

function environmentNamed(platform: Platform, name: string | undefined): Environment {
  const found =
    name === undefined ? platform.environments[0] : platform.environments.find((e) => e.name === name);
  if (found) return found;
  throw new CliError(EXIT.usage, {
    code: 'UNKNOWN_ENVIRONMENT',
    message: `no environment is named "${name}"`,
    next: `known: ${platform.environments.map((e) => e.name).join(', ')}`,
  });
}

type Numbers = readonly (string | null)[];

/** What each rule gives now; null for all where no Prometheus is asked. */
async function numbersOf(
  io: Io,
  parts: Pick<CommandParts, 'openLive'>,
  platform: Platform,
  environment: Environment,
  rules: readonly ExplainedRule[],
  url: string | undefined,
): Promise<Numbers> {
  if (url === undefined) return rules.map(() => null);
  const opened = await parts.openLive(platform, environment.name, url, io.env);
  if (!opened.ok)
    throw new CliError(EXIT.unreachable, {
      code: 'SOURCE_UNAVAILABLE',
      message: opened.error,
      next: 'set what is missing, or name another Prometheus with --prometheus',
    });
  const at = Date.now();
  try {
    const numbers: (string | null)[] = [];
    for (const { query } of rules) {
      const answer = await opened.value.instant(query, at);
      if (!answer.ok) throw new CliError(EXIT.unreachable, { ...answer.error, next: NO_ANSWER_NEXT });
      const values = answer.value.map((s) => s.samples[0]?.[1]).filter((v) => v !== undefined);
      const shown = values.slice(0, 3).map((v) => String(Number(v.toPrecision(6))));
      numbers.push(values.length === 0 ? 'none' : `${shown.join(', ')}${values.length > 3 ? ', …' : ''}`);
    }
    return numbers;
  } finally {
    await opened.value.close();
  }
}

function show(
  io: Io,
  slo: Slo,
  rules: readonly ExplainedRule[],
  numbers: Numbers,
  expressions: boolean,
): void {
  const p = palette(io);
  const asked = numbers.some((n) => n !== null);
  io.out(
    `${p.bold(`SLO ${slo.name}`)} of ${slo.service}: ${Number((slo.objective * 100).toPrecision(12))}%\n`,
  );
  const rows = rules.map((rule, i) => ({ ...rule, now: numbers[i] ?? 'none' }));
  for (const [group, own] of Map.groupBy(rows, (r) => r.group)) {
    io.out(`\n${p.bold(group)}\n`);
    io.out(table(own.map((r) => [`  ${r.rule}`, ...(asked ? [r.now] : []), r.what])));
    if (expressions)
      for (const { rule, expr } of own) io.out(`  ${rule}:\n${expr.replace(/^/gm, '      ')}\n`);
  }
}

/** `sluice explain slo NAME [dir]`: what each rule of an SLO is for, and which numbers it gives now. It never writes. */
export async function explainSloCommand(
  io: Io,
  name: string,
  where: string,
  options: ExplainOptions,
  parts: Pick<CommandParts, 'openLive'>,
): Promise<Exit> {
  const platform = platformOf(readDeclarations(io, where), where, { platform: 'optional' });
  const slo = sloNamed(platform, name);
  const environment = environmentNamed(platform, options.environment);
  const rules = explainRules(platform, environment, slo);
  const numbers = await numbersOf(io, parts, platform, environment, rules, options.prometheus);
  if (options.json)
    printJson(io, {
      schema: 'sluice.dev/explain-slo/v1',
      slo: slo.name,
      service: slo.service,
      environment: environment.name,
      rules: rules.map((rule, i) => ({ ...rule, now: numbers[i] ?? null })),
    });
  else show(io, slo, rules, numbers, options.expressions === true);
  return EXIT.yes;
}

export const define: Define = (command, { io, parts, run }) => {
  command
    .command('slo')
    .description('Explain the rules of one SLO: what each is for, and the numbers it gives now')
    .argument('<name>', 'name of the SLO')
    .argument('[dir]', 'the declaration', '.')
    .option('--environment <name>', 'environment (default: the first one)')
    .option('--prometheus <url>', 'address of the Prometheus to query', addressOf)
    .option('--expressions', 'also show the expressions')
    .addOption(jsonOption())
    .action((name, dir, o) => run(() => explainSloCommand(io, name, dir, o, parts)));
};
