import { stringify } from 'yaml';
import { compile } from '../controller/compile.ts';
import { livePaces } from '../controller/live-traffic.ts';
import { BURN_DEFAULTS } from '../declaration/defaults.ts';
import { serviceText } from '../declaration/import/openslo.ts';
import { type Adoption, adopt } from '../declaration/import/rollouts/adopt.ts';
import type { RolloutResources } from '../declaration/import/rollouts/resources.ts';
import type { Platform } from '../declaration/platform.ts';
import type { Pace } from '../delivery/pace.ts';
import { problemLine } from '../kit/problem.ts';
import { ok } from '../kit/result.ts';
import { writeNew } from './import-files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';
import { printNeeds, printPaces } from './pace.ts';
import type { CommandParts } from './parts.ts';

interface AdoptOptions {
  readonly out: string;
  /** Where Prometheus answers; what analyses ask where left out. */
  readonly prometheus?: string | undefined;
  readonly json?: boolean | undefined;
}

const NOWHERE = 'http://prometheus:9090';
const QUESTIONS = 'questions.md';
const yaml = (value: object): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

const FAST = BURN_DEFAULTS.fast.threshold;

/** How fast the loosest objective can burn at most. */
function mostBurn({ rollouts }: Adoption): number {
  const targets = rollouts
    .filter(({ entry }) => entry !== null)
    .flatMap(
      ({ slos }) =>
        slos as readonly { spec: { objectives: readonly { target?: number; targetPercent?: number }[] } }[],
    )
    .flatMap(({ spec }) => spec.objectives.map((o) => o.target ?? (o.targetPercent ?? 100) / 100));
  return 1 / (1 - Math.min(0.999999, ...targets));
}

/** Thresholds that the loosest objective can reach; null: those that are the default. */
function burnFor(adoption: Adoption): { fast: number; slow: number } | null {
  const most = mostBurn(adoption);
  if (most > FAST) return null;
  const share = (part: number) => Number((part * most).toFixed(1));
  return { fast: share(0.7), slow: Math.min(BURN_DEFAULTS.slow.threshold, share(0.3)) };
}

function burnQuestion(adoption: Adoption): string[] {
  const burn = burnFor(adoption);
  return burn === null
    ? []
    : [
        `Is an objective below ${Number((100 * (1 - 1 / FAST)).toFixed(1))}% intended? Its burn rate is at most ${Number(mostBurn(adoption).toFixed(1))}, so the burn rule was written with the thresholds ${burn.fast} and ${burn.slow} instead of ${FAST} and ${BURN_DEFAULTS.slow.threshold}: raise the objective, or keep them.`,
      ];
}

function platformText(adoption: Adoption, prometheus: string): string | null {
  const { rollouts, environments } = adoption;
  const services = rollouts.flatMap(({ entry }) => entry ?? []);
  if (services.length === 0) return null;
  const burn = burnFor(adoption);
  const several = environments.length > 1;
  return yaml({
    apiVersion: 'sluice.dev/v1',
    kind: 'Platform',
    metadata: { name: 'adopted' },
    spec: {
      environments: environments.map(({ name, namespace }) => ({
        name,
        mode: 'observe',
        delivery: 'argo-rollouts',
        cluster: { namespace },
        prometheus: { address: prometheus },
        ...(burn ? { burn: { fast: { threshold: burn.fast }, slow: { threshold: burn.slow } } } : {}),
        ...(several ? { after: [] } : {}),
      })),
      services,
    },
  });
}

/** One file a service with its objectives, the Platform over those that can be judged, and a patch a Rollout. */
function textsOf(adoption: Adoption, prometheus: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { service, slos } of adoption.rollouts)
    if (slos.length > 0) texts.set(`${service}.yaml`, serviceText(service, slos));
  const platform = platformText(adoption, prometheus);
  if (platform) texts.set('platform.yaml', platform);
  return texts;
}

/** Everything that could not be told, for a person to answer. */
function questionsText({ rollouts, questions }: Adoption): string {
  const asked = (title: string, list: readonly string[]) =>
    list.length === 0 ? '' : `\n## ${title}\n\n${list.map((q) => `- [ ] ${q}`).join('\n')}\n`;
  const own = rollouts.map(({ rollout, questions: list }) => asked(rollout, list)).join('');
  return `# Open questions\n\nAnswer each line in the files in this folder; sluice validate reports what is still missing.\n${asked('All of them', questions)}${own}`;
}

interface Written {
  readonly files: readonly string[];
  /** What the files declare; null: nothing of it is followed yet. */
  readonly platform: Platform | null;
}

/** Writes what was found; never over what is there. */
function write(io: Io, said: string, adoption: Adoption, prometheus: string): Written {
  const texts = textsOf(adoption, prometheus);
  const patches = adoption.patches.map(({ path, patch }): [string, string] => [
    `patch-${path.replaceAll('/', '-')}`,
    yaml(patch),
  ]);
  const all = new Map([...texts, ...patches]);
  // Patches are Kubernetes' own: alone they declare nothing.
  const checked =
    texts.size === 0
      ? ok(null)
      : compile(
          [...all].map(([file, text]) => ({ file, text })),
          { platform: 'optional' },
        );
  if (!checked.ok)
    throw new CliError(EXIT.usage, {
      code: 'IMPORT_NOT_VALID',
      message: `nothing was written: ${checked.error.map(problemLine).join('\n')}`,
      next: 'fix the manifest that this comes from',
    });
  writeNew(io, said, all.set(QUESTIONS, questionsText(adoption)));
  return {
    files: [...texts.keys(), ...patches.map(([path]) => path), QUESTIONS],
    platform: texts.has('platform.yaml') ? checked.value : null,
  };
}

/** How long releases take at the traffic that the named Prometheus has seen; null: it does not answer from here. */
async function pacesOf(
  io: Io,
  parts: Pick<CommandParts, 'openLive'>,
  platform: Platform,
  address: string,
): Promise<Pace[] | null> {
  const paces: Pace[] = [];
  for (const environment of platform.environments) {
    const opened = await parts.openLive(platform, environment.name, address, io.env);
    if (!opened.ok) return null;
    const found = await livePaces(platform, environment, opened.value, Date.now());
    await opened.value.close();
    if (!found.ok) return null;
    paces.push(...found.value);
  }
  return paces;
}

/** Says how long releases take, or what they need where nobody knows their traffic. */
function printTraffic(
  io: Io,
  platform: Platform | null,
  asked: string | undefined,
  paces: Pace[] | null,
): void {
  if (!platform) return;
  if (paces) printPaces(io, paces);
  else printNeeds(io, platform);
  if (asked && !paces)
    io.err(
      `${palette(io).yellow('note')} ${asked} does not answer from here: nothing is known of your traffic\n`,
    );
}

function printAdopted(io: Io, whole: Adoption, out: string, count: number, traffic: () => void): void {
  const p = palette(io);
  const rows = whole.rollouts.flatMap(({ rollout, entry, metrics, questions }) => [
    [
      rollout,
      '',
      entry ? 'followed' : 'asked about',
      questions.length > 0 ? `${questions.length} questions` : '',
    ],
    ...metrics.map((m) => ['', m.metric, m.as ?? 'left out', m.note]),
  ]);
  io.out(table([['ROLLOUT', 'METRIC', 'AS', 'NOTE'], ...rows]));
  traffic();
  const ready = whole.rollouts.filter((r) => r.entry !== null).length;
  io.out(
    `${count === 0 ? p.green('adopted') : p.yellow('adopted in part')}: ${ready} of ${whole.rollouts.length} Rollouts into ${out}; ${count} questions in ${out}/${QUESTIONS}\n`,
  );
  io.out(
    ready > 0
      ? `Next: sluice validate ${out}; it observes at first (mode: observe)\n`
      : `Next: answer ${out}/${QUESTIONS}; nothing can be followed before that\n`,
  );
}

/** What to do where no Rollout was found. */
function noRolloutNext({ unrendered, problems }: RolloutResources): string {
  const template = unrendered.find((u) => u.rollout);
  const [problem] = problems;
  if (template)
    return `${template.file} is a template: helm template CHART > manifests.yaml, then sluice adopt manifests.yaml`;
  if (problem) return `${problem.file}:${problem.line} could not be read: ${problem.message}`;
  return 'name the folder of your manifests, or what kustomize and Helm put out';
}

/** Exit 0 where everything could be told, 1 where questions are left: what can be told is written either way. */
export async function adoptResources(
  io: Io,
  where: string,
  resources: RolloutResources,
  options: AdoptOptions,
  parts: Pick<CommandParts, 'openLive'>,
): Promise<Exit> {
  if (resources.rollouts.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'NO_ROLLOUT',
      message: `no Rollout of argoproj.io was found in ${where}`,
      next: noRolloutNext(resources),
    });
  const adoption = adopt(resources);
  const prometheus = options.prometheus ?? adoption.prometheus[0] ?? NOWHERE;
  const unknown =
    options.prometheus === undefined && adoption.prometheus.length === 0
      ? ['Where does Prometheus answer? No analysis names it: --prometheus, or its address in platform.yaml.']
      : [];
  const whole = { ...adoption, questions: [...adoption.questions, ...burnQuestion(adoption), ...unknown] };
  const { files, platform } = write(io, options.out, whole, prometheus);
  const asked = options.prometheus;
  const paces = platform && asked ? await pacesOf(io, parts, platform, asked) : null;
  const count = whole.questions.length + whole.rollouts.reduce((n, r) => n + r.questions.length, 0);
  if (options.json) {
    const { rollouts, questions, environments } = whole;
    printJson(io, {
      schema: 'sluice.dev/import/v1',
      from: 'rollouts',
      files,
      rollouts,
      environments,
      questions,
      ...(paces ? { paces } : {}),
    });
    return count === 0 ? EXIT.yes : EXIT.no;
  }
  printAdopted(io, whole, options.out, count, () => printTraffic(io, platform, asked, paces));
  return count === 0 ? EXIT.yes : EXIT.no;
}
