import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { compile } from '../../../src/controller/compile.ts';
import { filesOf } from '../../../src/declaration/import/bundle.ts';
import type { Reading } from '../../../src/declaration/import/reading.ts';
import { renderRules } from '../../../src/runtime/render/prometheus/rules.ts';
import { temporaryFolder } from '../../folder.ts';
import { MOMENTS, type Moment, SERIES } from './world.ts';

/** Rules of somebody else and ours run beside each other over the same series, by a real promtool. */
export const OBJECTIVE = 99;
export const WINDOWS = ['5m', '1h'] as const;
export type Window = (typeof WINDOWS)[number];

interface RuleFile {
  readonly groups: readonly { readonly name: string }[];
}

/** Rules of ours for what was imported: what is counted, and the windows up to an hour. */
export function ourRules(reading: Reading): RuleFile {
  const files = [...filesOf(reading.brought)].map(([file, text]) => ({ file, text }));
  const compiled = compile(files, { platform: 'optional' });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error, null, 1));
  const { groups } = parse(renderRules(compiled.value, compiled.value.environments[0]!)) as RuleFile;
  return { groups: groups.filter((g) => /:counts$|^sluice:(windows|groups)$/.test(g.name)) };
}

interface Value {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `{__name__="a", slo="b"} 1.5E-02, …` as promtool says what it got. */
const valuesOf = (text: string): Value[] =>
  [...text.matchAll(/\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\} (\S+?)(?:,|$)/gm)].map(([, labels, value]) => ({
    labels: Object.fromEntries(
      [...labels!.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)].map(([, k, v]) => [k!, JSON.parse(v!) as string]),
    ),
    value: Number(value!.replace('+Inf', 'Infinity').replace('-Inf', '-Infinity')),
  }));

const minutesOf = (duration: string): number => {
  const [, hours, minutes] = /^(?:(\d+)h)?(?:(\d+)m)?/.exec(duration)!;
  return 60 * Number(hours ?? 0) + Number(minutes ?? 0);
};

/** What every expression gives at a moment. */
export type Got = (moment: Moment, expression: string) => readonly Value[];

/** Everything that these expressions give: promtool expects nothing at all, and says what it got instead. */
export async function evaluated(
  rules: RuleFile,
  expressions: Iterable<string>,
  program: string,
): Promise<Got> {
  const folder = temporaryFolder('compared');
  writeFileSync(join(folder, 'rules.yml'), stringify(rules));
  const asked = [...new Set(expressions)];
  const cases = {
    rule_files: ['rules.yml'],
    group_eval_order: rules.groups.map((g) => g.name),
    // As often as a tile ends: every moment is the end of one.
    evaluation_interval: '5m',
    tests: [
      {
        interval: '15s',
        input_series: Object.entries(SERIES).map(([series, values]) => ({ series, values })),
        promql_expr_test: Object.values(MOMENTS).flatMap((minute) =>
          asked.map((expr) => ({ expr, eval_time: `${minute}m`, exp_samples: [] })),
        ),
      },
    ],
  };
  writeFileSync(join(folder, 'cases.yml'), stringify(cases));
  const run = await execa(program, ['test', 'rules', 'cases.yml'], { cwd: folder, reject: false, all: true });
  const got = new Map<string, Value[]>();
  for (const [, expr, time, text] of run.all.matchAll(
    /expr: ("(?:[^"\\]|\\.)*"), time: (\w+),\s+exp: nil\s+got: (.*)$/gm,
  ))
    got.set(`${minutesOf(time!)} ${JSON.parse(expr!)}`, valuesOf(text!));
  if (got.size === 0) throw new Error(run.all.slice(0, 2_000));
  return (moment, expression) => got.get(`${MOMENTS[moment]} ${expression}`) ?? [];
}

const BUDGET = 1 - OBJECTIVE / 100;

/** What is compared: an SLO of ours, and the expressions by which the other has its error ratio. */
export interface Compared {
  readonly our: string;
  readonly theirs: Readonly<Record<Window, string>>;
  /** Labels by which each gives a ratio; none: one of all. */
  readonly by: readonly string[];
}

const burnRate = ({ our, by }: Compared, window: Window): string =>
  `slo:burn_rate_${window}${by.length > 0 ? ':by_group' : ''}{slo="${our}"}`;

/** Every expression that has to be evaluated. */
export const expressionsOf = (all: readonly Compared[]): string[] =>
  all.flatMap((one) => WINDOWS.flatMap((w) => [burnRate(one, w), one.theirs[w]]));

const shown = (value: number | undefined): string =>
  value === undefined ? 'none' : String(Number(value.toPrecision(3)));

const alike = (a: number | undefined, b: number | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Math.abs(a - b) <= Math.max(0.01 * Math.abs(b), 1e-9);

/** Error ratios that differ by more than one per cent, as `outage 5m: 0.45, theirs 0.4`. NaN is none. */
export function differences(one: Compared, got: Got): string[] {
  const ratios = (values: readonly Value[], times: number) =>
    new Map(
      values
        .filter(({ value }) => !Number.isNaN(value))
        .map(({ labels, value }) => [one.by.map((name) => labels[name] ?? '').join('/'), value * times]),
    );
  let seen = 0;
  const found = (Object.keys(MOMENTS) as Moment[]).flatMap((moment) =>
    WINDOWS.flatMap((w) => {
      const mine = ratios(got(moment, burnRate(one, w)), BUDGET);
      const theirs = ratios(got(moment, one.theirs[w]), 1);
      seen += mine.size + theirs.size;
      return [...new Set([...mine.keys(), ...theirs.keys()])]
        .filter((of) => !alike(mine.get(of), theirs.get(of)))
        .map(
          (of) =>
            `${moment} ${w}${of ? ` ${of}` : ''}: ${shown(mine.get(of))}, theirs ${shown(theirs.get(of))}`,
        );
    }),
  );
  if (seen === 0) throw new Error(`nobody has anything of ${one.our}`);
  return found;
}
