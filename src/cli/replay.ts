import { type ReplayAnswer, replaySentence } from '../api/budgets.ts';
import { type PastRelease, releasesOf } from '../controller/history.ts';
import { alertSpans, type ChangedRule, recount, replayRelease } from '../controller/replay.ts';
import { slisOf } from '../controller/settings.ts';
import { underEdition } from '../declaration/judging.ts';
import { slosIn } from '../declaration/layout.ts';
import type { Platform } from '../declaration/platform.ts';
import { partsOfLane } from '../kit/lane.ts';
import { type LedgerRecord, verifyChain } from '../ledger/record.ts';
import { quote } from '../promql/scope.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { burnSeries, burnSeriesOf } from '../runtime/series.ts';
import { burnRuleOf } from '../runtime/slo-status.ts';
import { type Define, editionOption, jsonOption, type Shared } from './command.ts';
import { readFileArgument, refusedFile } from './file-argument.ts';
import { readPlatform } from './files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, progress, table } from './io.ts';
import type { CommandParts } from './parts.ts';
import { withPast } from './past.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

interface ReplayOptions extends Shared {
  readonly file?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly prometheus?: string | undefined;
  readonly edition?: '1' | '2' | undefined;
}
type ReplayParts = Pick<CommandParts, 'openExistingHistory' | 'openMetrics'>;

const usage = (code: string, message: string, next: string) =>
  new CliError(EXIT.usage, { code, message, next });

function moment(text: string | undefined, otherwise: number, name: string): number {
  if (text === undefined) return otherwise;
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw usage('BAD_TIME', `--${name} "${text}" is not a time`, 'write it as 2026-03-01T02:00:00Z');
  return at;
}

const EXPORT = { code: 'FILE_UNREADABLE', next: 'name an export: sluice ledger export > FILE makes one' };
function textsIn(io: Io, file: string): string[] {
  const texts = readFileArgument(io, file, EXPORT).split('\n').filter(Boolean);
  if (texts.length === 0) throw refusedFile(file, EXPORT, 'it holds no record');
  return texts;
}

/** Records of an export, a running server, or the ledger itself; only a whole chain is believed. */
async function recordsOf(io: Io, o: ReplayOptions, parts: ReplayParts): Promise<LedgerRecord[]> {
  const texts =
    o.file !== undefined
      ? textsIn(io, o.file)
      : await withPast(parts, o, async (past) => {
          const found: string[] = [];
          for await (const chunk of past.texts()) found.push(...chunk);
          return found;
        });
  const checked = verifyChain(texts);
  if (!checked.ok)
    throw new CliError(EXIT.no, {
      code: 'TAMPERED',
      message: `${o.file ?? 'the ledger'} does not verify: ${checked.breaks[0]?.message ?? ''}`,
      next: o.file === undefined ? 'sluice ledger verify' : `sluice ledger verify --file ${o.file}`,
    });
  return texts.map((t) => JSON.parse(t) as LedgerRecord);
}

/** Today's declaration as a rule: what it says of every SLO it still knows. */
const declaredRule = (platform: Platform, edition: ReplayOptions['edition']): ChangedRule => ({
  evidence: edition ? underEdition(platform.evidence, edition === '1' ? 1 : 2) : platform.evidence,
  objectives: Object.fromEntries(platform.slos.map((s) => [s.name, s.objective])),
});

const DAY_MS = 86_400_000;
const MAX_POINTS = 10_000;
const stepOf = (spanMs: number): number => Math.max(10_000, Math.ceil(spanMs / MAX_POINTS / 10_000) * 10_000);

type Ports = ReadonlyMap<string, MetricsPort>;

/** The Prometheus that was named, as each environment would ask it; none where none was. */
async function openPorts(io: Io, platform: Platform, o: ReplayOptions, parts: ReplayParts): Promise<Ports> {
  const ports = new Map<string, MetricsPort>();
  for (const { name } of o.prometheus ? platform.environments : []) {
    const opened = await parts.openMetrics(platform, name, o.prometheus!, io.env);
    if (!opened.ok) throw usage('SECRET_MISSING', opened.error, 'set it and run this again');
    ports.set(name, opened.value);
  }
  return ports;
}

/** Alerts of the pair, by the thresholds of the architecture and by those declared today. */
async function alertsOf(
  platform: Platform,
  o: ReplayOptions,
  range: { from: number; to: number },
  ports: Ports,
): Promise<ReplayAnswer['alerts']> {
  const out: ReplayAnswer['alerts'] = [];
  const to = Math.min(range.to, Date.now());
  const spanMs = Math.max(60_000, Math.min(to - range.from, 31 * DAY_MS));
  for (const environment of platform.environments) {
    const port = ports.get(environment.name);
    if (!port) continue;
    for (const slo of slosIn(platform, environment)) {
      const m = `{slo=${quote(slo.name)},environment=${quote(environment.name)}}`;
      const { fast: fastRule, slow: slowRule } = environment.burn;
      const query = `${burnSeriesOf(fastRule.windowMs)}${m}`;
      const slowSeries = slowRule ? burnSeriesOf(slowRule.windowMs) : burnSeries('1h');
      const [fast, slow] = await Promise.all(
        [query, `${slowSeries}${m}`].map((q) => port.instant(`${q}[${spanMs}ms:${stepOf(spanMs)}ms]`, to)),
      );
      if (!fast!.ok || !slow!.ok)
        throw new CliError(EXIT.unreachable, {
          code: 'SOURCE_UNAVAILABLE',
          message: `${o.prometheus} does not answer: ${fast!.ok ? (slow!.ok ? '' : slow!.error.message) : fast!.error.message}`,
          next: 'check the address with --prometheus',
        });
      const samples = [fast!, slow!].map((a) => (a.ok ? (a.value[0]?.samples ?? []) : []));
      const before = alertSpans(samples[0]!, samples[1]!, { fast: 14, slow: 3 }).length;
      const now = alertSpans(samples[0]!, samples[1]!, burnRuleOf(environment)).length;
      out.push({ slo: slo.name, environment: environment.name, was: before, would: now, query });
    }
  }
  return out;
}

const seconds = (s: number | null): string => (s === null ? '-' : `${s} s`);
const saved = (n: number | null, unit: string): string =>
  n === null ? '-' : n === 0 ? '0' : `${n > 0 ? '+' : ''}${n}${unit}`;

function show(io: Io, answer: ReplayAnswer): void {
  const p = palette(io);
  io.out(`${p.bold(answer.sentence)}\n`);
  if (answer.releases.length > 0)
    io.out(
      table([
        ['RELEASE', 'VERSION', 'THEN', 'AFTER', 'NOW', 'AFTER', 'SAVED', 'FAILED', 'COUNTS', ''],
        ...answer.releases.map((r) => [
          r.release,
          r.version,
          r.was.outcome,
          seconds(r.was.seconds),
          r.would.outcome,
          seconds(r.would.seconds),
          saved(r.secondsSaved, ' s'),
          saved(r.failedSaved, ''),
          r.counts,
          r.note === 'same' ? '' : r.note,
        ]),
      ]),
    );
  if (answer.alerts.length > 0)
    io.out(
      `\n${table([['SLO', 'ENVIRONMENT', 'ALERTS AT 14x AND 3x', 'ALERTS AS DECLARED'], ...answer.alerts.map((a) => [a.slo, a.environment, String(a.was), String(a.would)])])}`,
    );
}

/** `sluice replay [dir]`: past releases judged again by what is declared in a folder. */
export async function replayCommand(
  io: Io,
  where: string,
  o: ReplayOptions,
  parts: ReplayParts,
): Promise<Exit> {
  const platform = readPlatform(io, where);
  const range = { from: moment(o.from, 0, 'from'), to: moment(o.to, Number.MAX_SAFE_INTEGER, 'to') };
  if (range.to <= range.from) throw usage('BAD_RANGE', '--to is before --from', 'swap them');
  const records = await recordsOf(io, o, parts);
  const lanes = [...new Set(records.filter((r) => r.type === 'release.opened').map((r) => r.subject))];
  const line = progress(io);
  const rule = declaredRule(platform, o.edition);
  const ports = await openPorts(io, platform, o, parts);
  const releases: ReplayAnswer['releases'] = [];
  /** With a Prometheus at hand, raw samples are counted again by the queries declared now. */
  const again = async (one: PastRelease) => {
    const [serviceName, environmentName] = partsOfLane(one.lane.lane);
    const service = platform.services.find((s) => s.name === serviceName);
    const environment = platform.environments.find((e) => e.name === environmentName);
    const port = ports.get(environmentName);
    if (!port || !service || !environment) return null;
    const counted = await recount(one, port, slisOf(platform, service, environment), service.revisionLabel);
    if (counted.ok) return counted.value;
    throw new CliError(EXIT.unreachable, {
      code: 'SOURCE_UNAVAILABLE',
      message: counted.error,
      next: 'check the address with --prometheus, or leave it out to judge by the ledger',
    });
  };
  for (const lane of lanes) {
    line.say(`judging ${lane} again`);
    const past = releasesOf(
      lane,
      records.filter((r) => r.subject === lane),
    );
    for (const one of past.filter(
      (x) => x.release.openedAt >= range.from && x.release.openedAt <= range.to,
    )) {
      const replayed = replayRelease(one, rule, await again(one));
      if (!replayed.ok) throw usage('RULE', replayed.error, 'change spec.evidence of the Platform');
      releases.push(replayed.value);
    }
  }
  const opened = releases.map((r) => r.openedAt);
  const alertRange = { from: range.from || Math.min(Date.now(), ...opened), to: range.to };
  const alerts = await alertsOf(platform, o, alertRange, ports);
  line.done();
  releases.sort((a, b) => b.openedAt - a.openedAt);
  const answer: ReplayAnswer = {
    schema: 'sluice.dev/replay/v1',
    sentence: replaySentence(releases),
    releases,
    alerts,
  };
  if (o.json) printJson(io, answer);
  else show(io, answer);
  return EXIT.yes;
}

export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('[dir]', 'folder of the declaration to judge by', '.')
    .option('--file <file>', 'export of a ledger, instead of a work folder')
    .option('--from <time>', 'only releases opened at or after this time')
    .option('--to <time>', 'only releases opened before this time')
    .option('--prometheus <url>', 'address of a Prometheus: also count the alerts of that period')
    .addOption(editionOption())
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((dir, o) => run(() => replayCommand(io, dir, o, parts)));
