import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../controller/compile.ts';
import type { LiveSource } from '../../controller/live-check.ts';
import type { ServiceMatcher } from '../../declaration/proposal/propose.ts';
import {
  exampleSlo,
  objectivesText,
  type ProposedSlo,
  platformText,
} from '../../declaration/proposal/text.ts';
import type { JsonOptions } from '../command.ts';
import { DeclarationError } from '../files.ts';
import { CliError, EXIT, type Exit, type Io, printJson, progress, table } from '../io.ts';
import type { CommandParts } from '../parts.ts';
import { freshFolder } from './example.ts';
import { matcherOf, namedServices, proposalFor, serviceNames, unknownService } from './look.ts';
import { givenLabel, namespaceAlone, refuseWords, type ServiceWords } from './options.ts';
import { openQuestions, type Questions } from './questions.ts';

interface ServiceOptions extends JsonOptions, ServiceWords {
  readonly environment: string;
}

/** What is known before anything is written. */
interface Wanted {
  readonly service: string;
  readonly prometheus: string | null;
  /** The namespace of its Rollout; null: objectives alone. */
  readonly namespace: string | null;
  readonly slos: readonly ProposedSlo[];
  readonly revisionLabel: string | null;
  /** Whether a Prometheus has these metrics. */
  readonly observed: boolean;
}

type Source = LiveSource & { close(): Promise<void> };

function urlOf(address: string): string {
  if (URL.canParse(address) && /^https?:/.test(address)) return address.replace(/\/+$/, '');
  throw new CliError(EXIT.usage, {
    code: 'BAD_PROMETHEUS',
    message: `"${address}" is not the address of a Prometheus`,
    next: 'write it as http://localhost:9090',
  });
}

/** A Prometheus without credentials: before there is a declaration, none are declared. */
async function openSource(io: Io, parts: Pick<CommandParts, 'openLive'>, address: string): Promise<Source> {
  const text = objectivesText('any', [exampleSlo('any', 'service')], false);
  const compiled = compile([{ file: 'any.yaml', text }], { platform: 'optional' });
  if (!compiled.ok) throw new DeclarationError(compiled.error);
  const opened = await parts.openLive(compiled.value, compiled.value.environments[0]!.name, address, io.env);
  if (opened.ok) return opened.value;
  throw new CliError(EXIT.unreachable, {
    code: 'SOURCE_UNAVAILABLE',
    message: opened.error,
    next: 'check the address',
  });
}

const SHOWN = 12;

/** Which service is meant, and what selects its series. */
async function chosenService(
  source: Source,
  o: ServiceOptions,
  questions: Questions | null,
  at: number,
): Promise<{ service: string; matcher: ServiceMatcher }> {
  const given = givenLabel(o.label);
  const named = await namedServices(source, given.label, at);
  const names = serviceNames(named);
  const shown = names.slice(0, SHOWN).join(', ');
  const asked = `Service (${shown}${names.length > SHOWN ? ', …' : ''})`;
  const service = o.service ?? (await questions?.ask(names.length > 0 ? asked : 'Service')) ?? '';
  if (service === '') throw noService();
  if (given.label !== null && given.value !== null)
    return { service, matcher: { label: given.label, value: given.value } };
  const matcher = matcherOf(named, service);
  if (matcher === null) throw unknownService(named, service);
  return { service, matcher };
}

const noService = (): CliError =>
  new CliError(EXIT.usage, {
    code: 'NO_SERVICE',
    message: 'init needs the name of a service',
    next: 'run it on a terminal, or: sluice init --service checkout --prometheus http://localhost:9090; sluice init --example shop writes a working example',
  });

/** Asks a live Prometheus; nothing in it is changed. */
async function fromPrometheus(
  io: Io,
  address: string,
  o: ServiceOptions,
  parts: Pick<CommandParts, 'openLive'>,
  questions: Questions | null,
): Promise<Pick<Wanted, 'service' | 'slos' | 'revisionLabel' | 'observed'>> {
  const source = await openSource(io, parts, address);
  const told = progress(io);
  try {
    const at = Date.now();
    told.say(`asking ${address} …`);
    const { service, matcher } = await chosenService(source, o, questions, at);
    const { slos, revisionLabel } = await proposalFor(source, matcher, at);
    return slos.length > 0
      ? { service, slos, revisionLabel, observed: true }
      : { service, slos: [exampleSlo(service, matcher.label)], revisionLabel, observed: false };
  } finally {
    told.done();
    await source.close();
  }
}

async function wantedOf(
  io: Io,
  o: ServiceOptions,
  parts: Pick<CommandParts, 'openLive'>,
  questions: Questions | null,
): Promise<Wanted> {
  const address = o.prometheus ?? (await questions?.ask('Address of Prometheus (empty: none)')) ?? '';
  const prometheus = address === '' ? null : urlOf(address);
  if (prometheus !== null) {
    const found = await fromPrometheus(io, prometheus, o, parts, questions);
    const asked = 'Kubernetes namespace of its Argo Rollout (empty: objectives alone)';
    const namespace = o.namespace ?? (await questions?.ask(asked)) ?? '';
    return { ...found, prometheus, namespace: namespace === '' ? null : namespace };
  }
  if (o.namespace !== undefined) throw namespaceAlone();
  const service = o.service ?? (await questions?.ask('Service')) ?? '';
  if (service === '') throw noService();
  const { label, value } = givenLabel(o.label);
  const slos = [exampleSlo(value ?? service, label ?? 'service')];
  return { service, prometheus, namespace: null, slos, revisionLabel: null, observed: false };
}

function textsOf(wanted: Wanted, environment: string): Map<string, string> {
  const { service, slos, observed, prometheus, namespace, revisionLabel } = wanted;
  const texts = new Map([['slos.yaml', objectivesText(service, slos, observed)]]);
  if (prometheus !== null && namespace !== null)
    texts.set(
      'platform.yaml',
      platformText(service, slos, { environment, prometheus, namespace, revisionLabel }),
    );
  return texts;
}

function show(io: Io, where: string, wanted: Wanted, files: readonly string[]): void {
  const { slos, observed, prometheus } = wanted;
  const rows = slos.map((s) => [
    s.kind,
    `${Number((100 * s.target).toFixed(2))}%`,
    s.within ? `within ${s.within}` : '',
    s.share === null ? 'not measured' : `${Number((100 * s.share).toFixed(3))}%`,
    s.metric,
  ]);
  io.out(`Wrote ${files.join(' and ')} to ${where}\n\n`);
  io.out(table([['OBJECTIVE', 'TARGET', '', 'LAST HOUR', 'METRIC'], ...rows]));
  if (!observed)
    io.out(
      prometheus === null
        ? '\nNo Prometheus was asked: replace the example metric by one of your service.\n'
        : '\nPrometheus has no request metric that is known: replace the example by one of your service.\n',
    );
  const live = prometheus === null ? '' : ` --prometheus ${prometheus}`;
  io.out(`Next: sluice validate ${where}${live}, then sluice render ${where} --out rendered\n`);
}

/** `sluice init [dir]`: a small declaration of one service, from what its Prometheus has. Never over files that are there. */
export async function serviceCommand(
  io: Io,
  where: string,
  o: ServiceOptions,
  parts: Pick<CommandParts, 'openLive'>,
): Promise<Exit> {
  refuseWords(o);
  freshFolder(io, where, ['slos.yaml', 'platform.yaml']);
  const questions = o.service === undefined ? openQuestions(io) : null;
  try {
    const wanted = await wantedOf(io, o, parts, questions);
    const texts = textsOf(wanted, o.environment);
    const files = [...texts.keys()];
    const sources = [...texts].map(([file, text]) => ({ file, text }));
    const compiled = compile(sources, { platform: 'optional' });
    if (!compiled.ok) throw new DeclarationError(compiled.error);
    const target = freshFolder(io, where, files);
    mkdirSync(target, { recursive: true });
    for (const [file, text] of texts) writeFileSync(join(target, file), text, { flag: 'wx' });
    const slos = wanted.slos.map(({ kind, target: objective, share, metric, good, total }) => ({
      kind,
      target: objective,
      share,
      metric,
      good,
      total,
    }));
    if (o.json) printJson(io, { schema: 'sluice.dev/init/v1', directory: target, files, slos });
    else show(io, where, wanted, files);
    return EXIT.yes;
  } finally {
    questions?.close();
  }
}
