import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { compile } from '../../src/controller/compile.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import { renderRules } from '../../src/runtime/render/prometheus/rules.ts';
import { temporaryFolder } from '../folder.ts';

export interface Case {
  readonly interval?: string;
  readonly series: Readonly<Record<string, string>>;
  /** Expression at a time → values, whatever their labels; or that something is there at all. */
  readonly expect: readonly { expr: string; at: string; values: readonly number[] }[];
  readonly alerts?: readonly { alertname: string; at: string; labels: readonly Record<string, string>[] }[];
}

export function platformOf(text: string): Platform {
  const compiled = compile([{ file: 'case.yaml', text }], { platform: 'optional' });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error, null, 1));
  return compiled.value;
}

/** Runs rules through promtool; gives what it says. Values are compared by promtool itself, labels dropped. */
export async function promtool(rules: string, cases: readonly Case[], program = 'promtool'): Promise<string> {
  const directory = temporaryFolder('promtool');
  // As often as samples come: hours of them are many evaluations.
  const everyMinute = cases.every((one) => one.interval === '1m');
  writeFileSync(join(directory, 'rules.yml'), rules);
  const tests = cases.map((one) => ({
    interval: one.interval ?? '15s',
    input_series: Object.entries(one.series).map(([series, values]) => ({ series, values })),
    promql_expr_test: one.expect.map(({ expr, at, values }) => ({
      expr: `round(sum without (service, slo, environment) (${expr}), 0.000001)`,
      eval_time: at,
      exp_samples: values.map((value) => ({ labels: '{}', value })),
    })),
    alert_rule_test: (one.alerts ?? []).map(({ alertname, at, labels }) => ({
      eval_time: at,
      alertname,
      exp_alerts: labels.map((l) => ({ exp_labels: l })),
    })),
  }));
  writeFileSync(
    join(directory, 'cases.yml'),
    stringify({ rule_files: ['rules.yml'], group_eval_order: groupNames(rules), evaluation_interval: everyMinute ? '1m' : '15s', tests }),
  );
  const run = await execa(program, ['test', 'rules', 'cases.yml'], { cwd: directory, reject: false });
  return `${run.stdout}\n${run.stderr}`;
}

/** As they stand in the file: what is counted is evaluated before what is made of it. */
const groupNames = (rules: string): string[] =>
  (parse(rules) as { groups: { name: string }[] }).groups.map((g) => g.name);

export const rulesOf = (platform: Platform): string => renderRules(platform, platform.environments[0]!);
