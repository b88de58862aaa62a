import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { fail, messageOf, ok } from '../../../kit/result.ts';
import type { RuleRunner } from '../../rule-runner.ts';

/** No series of anybody's carries it: every question fails, and promtool says what it got instead. */
const SENTINEL = '{sluice_asked="0"}';

/** Names of the groups of a file, in its order. */
const groupsOf = (rules: string): string[] =>
  [...rules.matchAll(/^ {2}- name: (.*)$/gm)].map(([, name]) => name!.replace(/^'(.*)'$/, '$1'));

function readAnswers(output: string, count: number): ReadonlyMap<string, number>[] {
  const answers = Array.from({ length: count }, () => new Map<string, number>());
  const lines = output.split('\n');
  for (const [i, line] of lines.entries()) {
    const asked = /exp: \{sluice_asked="(\d+)"\}/.exec(line);
    const got = /^\s*got: (.*)$/.exec(lines[i + 1] ?? '')?.[1];
    if (!asked || got === undefined || got === 'nil') continue;
    for (const [, labels, value] of got.matchAll(/(\{[^}]*\}) ([-+\w.]+)/g))
      answers[Number(asked[1])]!.set(labels!, value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value));
  }
  return answers;
}

/** Runs rules by promtool. Its unit tests print what they got, which is all that is wanted of them. */
export const promtool =
  (program = 'promtool'): RuleRunner =>
  async ({ rules, intervalMs, evaluationMs, series, questions }) => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-cases-'));
    try {
      writeFileSync(join(directory, 'rules.yml'), rules);
      const test = {
        interval: `${intervalMs}ms`,
        input_series: series,
        promql_expr_test: questions.map(({ expr, atMs }, i) => ({
          expr,
          eval_time: `${atMs}ms`,
          exp_samples: [{ labels: SENTINEL.replace('"0"', `"${i}"`), value: 0 }],
        })),
      };
      writeFileSync(
        join(directory, 'cases.yml'),
        stringify({
          rule_files: ['rules.yml'],
          // Groups are of different moments in a Prometheus; here those that are read come before those that read.
          group_eval_order: groupsOf(rules),
          evaluation_interval: `${evaluationMs ?? intervalMs}ms`,
          tests: [test],
        }),
      );
      const run = await execa(program, ['test', 'rules', 'cases.yml'], { cwd: directory, reject: false });
      if (run.exitCode === undefined)
        return fail({
          // Only a program that is not there can be installed; one that was ended is not missing.
          code: run.isTerminated ? 'RULES_REFUSED' : 'NO_PROMTOOL',
          message: run.isTerminated
            ? `promtool was ended by ${run.signal}`
            : `promtool could not be run: ${messageOf(run.cause ?? run)}`,
        });
      const output = `${run.stdout}\n${run.stderr}`;
      const wrong = /^\s*(error.*|.*\berr: .*|.*unmarshal.*)$/im.exec(
        output.replaceAll(/^\s*(exp|got|expr):.*$/gm, ''),
      );
      if (wrong) return fail({ code: 'RULES_REFUSED', message: wrong[1]!.trim() });
      return ok(readAnswers(output, questions.length));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
