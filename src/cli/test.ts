import { unreadInputs } from '../controller/case-inputs.ts';
import {
  alertsExpr,
  environmentOf,
  expandValues,
  groupText,
  judgeCase,
  meets,
  type Question,
  questionsOf,
  testedEnvironment,
  valuesOf,
} from '../controller/cases.ts';
import { renderRulesFile } from '../controller/render.ts';
import type { SloCase, SloTestDocument } from '../declaration/cases.ts';
import { type Parsed, parseDocuments } from '../declaration/documents.ts';
import type { Environment, Platform } from '../declaration/platform.ts';
import { parseDuration } from '../kit/time.ts';
import type { RuleRunner } from '../runtime/rule-runner.ts';
import { textChart } from './chart.ts';
import { type Define, type JsonOptions, jsonOption } from './command.ts';
import { platformOf, readDeclarations } from './files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, progress } from './io.ts';

interface Checked {
  readonly what: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly got: string;
  /** Series to look at where it failed. */
  readonly chart?: string;
}
interface CaseResult {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly checks: readonly Checked[];
  /** Of its inputs, those that no SLO reads: what they are is of no effect. */
  readonly notes?: readonly { readonly line: number; readonly message: string }[];
  /** Why it could not be run: a mistake in the case itself. */
  readonly error?: string;
}

const CHART_POINTS = 24;
const span = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1_000}s`);

function wrong(at: Parsed, index: number, message: string): CliError {
  const line = at.lineOf(['spec', 'cases', index]);
  return new CliError(EXIT.usage, {
    code: 'CASE',
    message: `${at.file}:${line}: ${message}`,
    file: at.file,
    line,
    next: 'fix the case',
  });
}

/** The same number at so many moments up to the one asked about: what a chart is drawn of. */
const trail = (q: Question) =>
  Array.from({ length: CHART_POINTS }, (_, i) => ({
    expr: q.expr,
    atMs: Math.round((q.atMs * (i + 1)) / CHART_POINTS / 1_000) * 1_000,
  }));

/** The number that is drawn across a chart: the first that is wanted, 0 where nothing is. */
const levelOf = (wanted: string | number): number =>
  Number(/[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?/i.exec(String(wanted))?.[0] ?? 0);

async function numbers(one: SloCase, questions: readonly Question[], run: Ask): Promise<Checked[]> {
  const answers = await run(questions);
  const only = (i: number): number | null => [...(answers[i]?.values() ?? [])][0] ?? null;
  const results: Checked[] = [];
  for (const [i, q] of questions.entries()) {
    const got = only(i);
    const held = meets(q.wanted, got);
    let chart: string | undefined;
    if (!held) {
      const points = await run(trail(q));
      const values = points.map((p) => [...p.values()][0] ?? 0);
      chart = textChart(
        [{ mark: '*', values }],
        { value: levelOf(q.wanted), name: 'want' },
        CHART_POINTS * 2,
        6,
      );
    }
    results.push({
      what: `${q.what} at ${span(q.atMs)}`,
      ok: held,
      expected: String(q.wanted),
      got: got === null ? 'none' : String(Number(got.toPrecision(8))),
      ...(chart ? { chart } : {}),
    });
  }
  return [...results, ...(await alerts(one, run))];
}

type Ask = (
  questions: readonly { expr: string; atMs: number }[],
) => Promise<readonly ReadonlyMap<string, number>[]>;

async function alerts(one: SloCase, run: Ask): Promise<Checked[]> {
  const asked = one.expect.filter((e) => e.alerts !== undefined);
  if (asked.length === 0) return [];
  const answers = await run(
    asked.map((e) => ({ expr: alertsExpr(e.slo, e.group), atMs: parseDuration(e.at)! })),
  );
  return asked.map((e, i) => {
    const firing = [...answers[i]!.keys()]
      .flatMap((labels) => /alertname="([^"]+)"/.exec(labels)?.[1] ?? [])
      .sort();
    const wanted = [...e.alerts!].sort();
    return {
      what: `${e.slo}${e.group ? ` of ${groupText(e.group)}` : ''} alerts at ${e.at}`,
      ok: firing.join() === wanted.join(),
      expected: wanted.join(', ') || 'none',
      got: firing.join(', ') || 'none',
    };
  });
}

function verdicts(
  one: SloCase,
  platform: Platform,
  intervalMs: number,
  refuse: (m: string) => CliError,
): Checked[] {
  return one.verdicts.map((v) => {
    const answer = judgeCase(one, v, platform, intervalMs);
    if (!answer.ok) throw refuse(answer.error);
    const { verdict, bar, evidence } = answer.value;
    const ok = verdict === v.expect;
    return {
      what: `verdict of ${v.canary} against ${v.stable} by ${v.slo}`,
      ok,
      expected: v.expect,
      got: verdict,
      ...(ok
        ? {}
        : { chart: textChart([{ mark: '*', values: evidence }], { value: bar, name: 'bar' }, 48, 6) }),
    };
  });
}

/** One case, or why it cannot be run; a machine without promtool can run none. */
async function runOrSay(...[doc, index, ...rest]: Parameters<typeof runCase>): Promise<CaseResult> {
  try {
    return await runCase(doc, index, ...rest);
  } catch (thrown) {
    if (!(thrown instanceof CliError) || thrown.exit !== EXIT.usage) throw thrown;
    const { name } = doc.value.spec.cases[index]!;
    const line = doc.lineOf(['spec', 'cases', index]);
    return { name, file: doc.file, line, checks: [], error: thrown.failure.message };
  }
}

async function runCase(
  doc: Parsed<SloTestDocument>,
  index: number,
  platform: Platform,
  environment: Environment,
  runner: RuleRunner,
): Promise<CaseResult> {
  const one = doc.value.spec.cases[index]!;
  const refuse = (message: string) => wrong(doc, index, message);
  const intervalMs = parseDuration(doc.value.spec.interval)!;
  const series = one.input.map((input) => {
    const values = valuesOf(input, intervalMs);
    const expanded = expandValues(values);
    if (!expanded.ok) throw refuse(`${input.series}: ${expanded.error}`);
    return { series: input.series, values };
  });
  const questions = questionsOf(one, platform, environment);
  if (!questions.ok) throw refuse(questions.error);
  const asked = new Set(one.expect.map((e) => e.slo));
  const concerned = { ...platform, slos: platform.slos.filter((s) => asked.has(s.name)) };
  const rules = renderRulesFile(concerned, testedEnvironment(environment, intervalMs));
  const ask: Ask = async (asked) => {
    if (asked.length === 0) return [];
    const answers = await runner({ rules, intervalMs, series, questions: asked });
    if (answers.ok) return answers.value;
    if (answers.error.code === 'NO_PROMTOOL')
      throw new CliError(EXIT.unreachable, {
        ...answers.error,
        next: 'apt-get install prometheus (macOS: brew install prometheus)',
      });
    throw refuse(answers.error.message);
  };
  const checks = [
    ...(await numbers(one, questions.value, ask)),
    ...verdicts(one, platform, intervalMs, refuse),
  ];
  const lineOf = (...path: (string | number)[]) => doc.lineOf(['spec', 'cases', index, ...path]);
  const notes = unreadInputs(one, platform).map(({ index: input, message }) => ({
    line: lineOf('input', input, 'series'),
    message,
  }));
  const noted = notes.length > 0 ? { notes } : {};
  return { name: one.name, file: doc.file, line: lineOf(), checks, ...noted };
}

function show(io: Io, results: readonly CaseResult[]): void {
  const p = palette(io);
  for (const { name, checks, file, line, error, notes = [] } of results) {
    if (error !== undefined) {
      io.out(`${p.red('cannot be run')} ${name}\n   ${error}\n`);
      continue;
    }
    const bad = checks.filter((c) => !c.ok);
    io.out(`${bad.length === 0 ? p.green('ok') : p.red('failed')} ${name} (${checks.length} checks)\n`);
    for (const c of bad) {
      io.out(`   ${file}:${line}: ${c.what}\n     expected ${c.expected}\n     got      ${c.got}\n`);
      if (c.chart) io.out(c.chart);
    }
    for (const note of notes) io.out(`   ${p.yellow('note')} ${file}:${note.line}: ${note.message}\n`);
  }
}

/** `sluice test [dir]`: users' own cases, by promtool and the judge. */
export async function testCommand(
  io: Io,
  where: string,
  options: JsonOptions,
  runner: RuleRunner,
): Promise<Exit> {
  const files = readDeclarations(io, where);
  const platform = platformOf(files, where, { platform: 'optional' });
  const { documents } = parseDocuments(files);
  const docs = documents.filter((d) => d.kind === 'sluice.dev/v1 SloTest') as Parsed<SloTestDocument>[];
  if (docs.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'NO_CASES',
      message: `no SloTest document was found below ${where}`,
      next: 'write one next to your SLOs; docs/testing.md has an example to copy',
    });
  const line = progress(io);
  const results: CaseResult[] = [];
  for (const doc of docs) {
    const environment = environmentOf(platform, doc.value.spec);
    if (!environment) throw wrong(doc, 0, `no environment is named "${doc.value.spec.environment}"`);
    for (const [i, { name }] of doc.value.spec.cases.entries()) {
      line.say(`case ${results.length + 1}: ${name}`);
      results.push(await runOrSay(doc, i, platform, environment, runner));
    }
  }
  line.done();
  const unread = results.some((r) => r.error !== undefined);
  const failed = results.filter((r) => r.error !== undefined || r.checks.some((c) => !c.ok)).length;
  if (options.json) printJson(io, { schema: 'sluice.dev/test/v1', ok: failed === 0, cases: results });
  else {
    show(io, results);
    io.out(
      failed === 0 ? `${results.length} cases passed.\n` : `${failed} of ${results.length} cases failed.\n`,
    );
    io.out(
      failed === 0
        ? `Next: sluice render ${where} --out rendered\n`
        : 'Next: change the SLO, or the expectation of the case\n',
    );
  }
  if (unread) return EXIT.usage;
  return failed === 0 ? EXIT.yes : EXIT.no;
}

export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('[dir]', 'folder of the declaration with its SloTest documents', '.')
    .addOption(jsonOption())
    .action((dir, o) => run(async () => testCommand(io, dir, o, await parts.openRuleRunner())));
