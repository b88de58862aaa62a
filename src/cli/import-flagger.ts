import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { stringify } from 'yaml';
import { compile } from '../controller/compile.ts';
import { BURN_DEFAULTS } from '../declaration/defaults.ts';
import { type FlaggerImport, type FlaggerReading, importFlagger } from '../declaration/import/flagger.ts';
import { FLAGGER_PROVIDERS, isFlaggerProvider } from '../declaration/import/flagger-providers.ts';
import { serviceText } from '../declaration/import/openslo.ts';
import { didYouMean } from '../kit/nearest.ts';
import { byPlace, problemLine } from '../kit/problem.ts';
import { addressOf, type Define, type JsonOptions, jsonOption } from './command.ts';
import { readSources, skippedText, writeNew } from './import-files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';

interface FlaggerOptions extends JsonOptions {
  readonly out: string;
  readonly prometheus: string;
  readonly provider?: string | undefined;
  readonly namespace?: string | undefined;
}

/** A provider whose counters are known: with another one every check would be left out. */
function providerNamed(name: string): string {
  if (isFlaggerProvider(name)) return name;
  throw new InvalidArgumentError(
    `Expected a provider whose counters are known; ${didYouMean(name, FLAGGER_PROVIDERS)}.`,
  );
}

const targetOf = (slo: object): number =>
  (slo as { spec: { objectives: readonly { target: number }[] } }).spec.objectives[0]!.target;

/**
 * A burn rate is at most 1 / budget: where an objective is low, the thresholds of an environment have to be lower than
 * usual, or they could never be met.
 */
function burnOf(slos: readonly object[]): object {
  const most = Math.min(...slos.map((slo) => 1 / (1 - targetOf(slo))));
  const fast = BURN_DEFAULTS.fast.threshold;
  if (most > fast) return {};
  const threshold = Number((0.9 * most).toPrecision(3));
  const slow = Math.min(BURN_DEFAULTS.slow.threshold, threshold / 2);
  return { burn: { fast: { threshold }, slow: { threshold: Number(slow.toPrecision(3)) } } };
}

const platformText = (services: readonly object[], slos: readonly object[], prometheus: string): string =>
  stringify(
    {
      apiVersion: 'sluice.dev/v1',
      kind: 'Platform',
      metadata: { name: 'imported' },
      spec: {
        environments: [
          { name: 'prod', mode: 'observe', prometheus: { address: prometheus }, ...burnOf(slos) },
        ],
        services,
      },
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );

/** One file a service with its objectives, and one Platform over those that can be judged. */
function textsOf(imports: readonly FlaggerImport[], prometheus: string): Map<string, string> {
  const judged = imports.filter((i) => i.entry !== null);
  const texts = new Map(judged.map(({ service, slos }) => [`${service}.yaml`, serviceText(service, slos)]));
  if (judged.length === 0) return texts;
  const services = judged.flatMap((i) => i.entry ?? []);
  const slos = judged.flatMap((i) => i.slos);
  return texts.set('platform.yaml', platformText(services, slos, prometheus));
}

/** Each Canary alone must be a declaration: one that is none is told at its own line, and hides no other. */
function checked(reading: FlaggerReading, prometheus: string): FlaggerReading {
  const problems = [...reading.problems];
  const canaries = reading.canaries.map((canary) => {
    if (canary.entry === null) return canary;
    const texts = textsOf([canary], prometheus);
    const compiled = compile([...texts].map(([file, text]) => ({ file, text })));
    if (compiled.ok) return canary;
    const { file, line, service } = canary;
    for (const { code, message, next } of compiled.error)
      problems.push({ code, file, line, path: service, message, ...(next ? { next } : {}) });
    return { ...canary, entry: null };
  });
  return { ...reading, canaries, problems };
}

function printCanaries(io: Io, { canaries, problems, skipped }: FlaggerReading): void {
  const { red } = palette({ ...io, outTty: io.errTty });
  const rows = canaries.flatMap((i) =>
    i.checks.map((c) => [`${c.file}:${c.line}`, i.service, c.check, c.as ?? 'left out', c.note]),
  );
  if (rows.length > 0) io.out(table([['WHERE', 'CANARY', 'CHECK', 'AS', 'NOTE'], ...rows]));
  for (const { service, notes } of canaries) for (const note of notes) io.out(`${service}: ${note}\n`);
  for (const problem of [...problems].sort(byPlace)) io.err(`${red('refused')} ${problemLine(problem)}\n`);
  io.err(skippedText(skipped));
}

/**
 * `sluice import flagger DIR…`: Canaries become objectives and a Platform that observes first; never overwrites. Exit 1
 * where anything was refused.
 */
async function importFlaggerCommand(
  io: Io,
  places: readonly string[],
  options: FlaggerOptions,
): Promise<Exit> {
  const { provider = null, namespace = null } = options;
  const sources = readSources(io, places, 'Canary resources');
  const own = importFlagger(sources.files, { provider, namespace });
  const read = { ...own, problems: [...sources.problems, ...own.problems] };
  if (read.canaries.length + read.problems.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'NO_FLAGGER_CANARY',
      message: `no Canary of flagger.app was found below ${places.join(', ')}`,
      next: 'give the folder of your Canary resources',
    });
  const reading = checked(read, options.prometheus);
  const { canaries, problems, skipped } = reading;
  const texts = textsOf(canaries, options.prometheus);
  writeNew(io, options.out, texts);
  const all = canaries.flatMap((i) => i.checks);
  const brought = canaries
    .filter((i) => i.entry !== null)
    .flatMap((i) => i.checks.filter((c) => c.as !== null));
  if (options.json)
    printJson(io, {
      schema: 'sluice.dev/import/v1',
      from: 'flagger',
      files: [...texts.keys()],
      canaries,
      refused: [...problems].sort(byPlace),
      skipped,
    });
  else {
    const p = palette(io);
    printCanaries(io, reading);
    const word = problems.length === 0 ? p.green('imported') : p.yellow('imported in part');
    const done = `${brought.length} of ${all.length} checks`;
    io.out(texts.size > 0 ? `${word}: ${done} into ${options.out}\n` : `${p.red('not imported')}: ${done}\n`);
    if (texts.size > 0)
      io.out(
        `Next: sluice validate ${options.out}; it starts in mode observe: releases are judged, and nothing is changed\n`,
      );
  }
  return problems.length === 0 ? EXIT.yes : EXIT.no;
}

export const define: Define = (command, { io, run }) =>
  command
    .argument('<dirs...>', 'folders or files, including MetricTemplates')
    .option('--out <dir>', 'folder to write the documents to', 'sluice')
    .option('--prometheus <url>', 'address of Prometheus', addressOf, 'http://prometheus:9090')
    .addOption(
      new Option(
        '--provider <name>',
        `of Canaries that name none: ${FLAGGER_PROVIDERS.join(', ')}`,
      ).argParser(providerNamed),
    )
    .option('--namespace <name>', 'namespace of Canaries that name none')
    .addOption(jsonOption())
    .action((dirs, o) => run(() => importFlaggerCommand(io, dirs, o)));
