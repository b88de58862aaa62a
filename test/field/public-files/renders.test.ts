import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/controller/compile.ts';
import type { SourceFile } from '../../../src/declaration/documents.ts';
import { checkedReading, filesOf, uniqueReading } from '../../../src/declaration/import/bundle.ts';
import { importOpenSlo } from '../../../src/declaration/import/openslo-documents.ts';
import { importPyrra } from '../../../src/declaration/import/pyrra.ts';
import type { Reading } from '../../../src/declaration/import/reading.ts';
import { importSloth } from '../../../src/declaration/import/sloth.ts';
import { temporaryFolder } from '../../folder.ts';
import { rulesOf } from '../../golden/promtool.ts';
import { NATIVE_PROMTOOLS } from '../../golden/promtools.ts';
import { query, SERVICE, sloText } from '../../golden/slo-text.ts';
import { documentOf } from '../sloth/documents.ts';
import { SPECS } from '../sloth/specs.ts';

/** What validates renders, whatever it is made of: rules are loaded by each promtool, many of them at a time. */
const VERSION = `---\napiVersion: openslo/v1\nkind: DataSource\nmetadata: { name: p }\nspec: { type: Prometheus, connectionDetails: { version: '3.1' } }\n`;

/** Rules of a declaration; null: it is refused, which is an answer. Anything that is thrown is none. */
function rendered(files: readonly SourceFile[]): string | null {
  const compiled = compile(files, { platform: 'optional' });
  return compiled.ok ? rulesOf(compiled.value) : null;
}

async function loads(rules: readonly string[]): Promise<void> {
  const cwd = temporaryFolder('renders');
  const names = rules.map((text, i) => {
    writeFileSync(join(cwd, `${i}.yml`), text);
    return `${i}.yml`;
  });
  // Of Prometheus 3: names of any letters are among them.
  for (const program of NATIVE_PROMTOOLS) {
    const run = await execa(program, ['check', 'rules', '--lint=none', ...names], { cwd, reject: false });
    expect([run.exitCode, run.exitCode === 0 ? '' : `${run.stdout}${run.stderr}`]).toEqual([0, '']);
  }
}

const value = fc.constantFrom('a', '5..', "it's", 'a"b', '\\d', '', 'ü', '$x', '$zone', '1', '+Inf', 'a\nb');
const label = fc.constantFrom(
  'code',
  'zone',
  'le',
  'service',
  'slo',
  'status.code',
  'environment',
  '__name__',
);
const named = (name: string) => (/^\w+$/.test(name) ? name : JSON.stringify(name));
const matcher = fc
  .tuple(label, fc.constantFrom('=', '!=', '=~', '!~'), value)
  .map(([name, op, text]) => `${named(name)}${op}${JSON.stringify(text)}`);
const metric = fc.constantFrom('r_total', 'r_bucket', 'r_count', 'up', 'sum', 'r:rate5m', 'r.total', 'r');
const selector = fc
  .tuple(metric, fc.array(matcher, { maxLength: 3 }))
  .map(([name, all]) => (/^[\w:]+$/.test(name) ? `${name}{${all}}` : `{${[JSON.stringify(name), ...all]}}`));
const window = fc.constantFrom('[5m]', '[1h]', '[30s]', '[5m] offset 1h', '[5m] @ end()', '[10m:1m]');
const grouping = fc.constantFrom(
  '',
  ' by (zone)',
  ' by (service)',
  ' by (le)',
  ' by ()',
  ' without (code)',
  ' by (slo, code)',
);
const number = fc.constantFrom('0', '1', '100', '-1', 'NaN', 'Inf', '0.5', '1e3', '5m');
/** Expressions as people write them, and as nobody should. */
const { expr } = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    selector,
    fc
      .tuple(
        fc.constantFrom('rate', 'irate', 'increase', 'avg_over_time', 'sum_over_time', 'count_over_time'),
        selector,
        window,
      )
      .map(([fn, s, w]) => `${fn}(${s}${w})`),
    number.map((n) => `vector(${n})`),
    fc
      .tuple(fc.constantFrom('sum', 'avg', 'max', 'count', 'group'), grouping, tie('expr'))
      .map(([op, g, e]) => `${op}${g} (${e})`),
    fc
      .tuple(
        tie('expr'),
        fc.constantFrom('+', '-', '*', '/', 'or', '> bool', '>', '==', 'unless', 'and on ()'),
        fc.oneof(tie('expr'), number),
      )
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc
      .tuple(
        fc.constantFrom('abs', 'clamp_min', 'scalar', 'absent', 'histogram_quantile', 'label_replace', ''),
        tie('expr'),
      )
      .map(([fn, e]) => {
        if (fn === 'clamp_min') return `clamp_min(${e}, 0)`;
        if (fn === 'histogram_quantile') return `histogram_quantile(0.9, ${e})`;
        return fn === 'label_replace' ? `label_replace(${e}, "zone", "$1", "code", "(.*)")` : `${fn}(${e})`;
      }),
  ),
}));
const quoted = (text: string): string => query(text.replaceAll("'", "''"));
const indicator = fc.oneof(
  fc
    .tuple(expr, expr, fc.constantFrom('good', 'bad'), fc.boolean())
    .map(
      ([part, total, is, counter]) =>
        `{ ratioMetric: { counter: ${counter}, ${is}: ${quoted(part)}, total: ${quoted(total)} } }`,
    ),
  fc
    .tuple(expr, fc.constantFrom('good', 'bad'))
    .map(
      ([e, is]) =>
        `{ ratioMetric: { counter: true, ${is}: ${quoted(`sum(rate(r_total{ok="no"}[5m])) + (${e})`)}, total: ${quoted(`sum(rate(r_total[5m])) + (${e})`)} } }`,
    ),
  fc
    .tuple(expr, fc.constantFrom('success', 'failure'))
    .map(([raw, type]) => `{ ratioMetric: { rawType: ${type}, raw: ${quoted(raw)} } }`),
  expr.map((e) => `{ thresholdMetric: ${quoted(e)} }`),
);
const method = fc.constantFrom(
  ['Occurrences', '{ target: 0.99 }'],
  ['Occurrences', '{ op: lt, value: 0.5, target: 0.999 }'],
  ['Timeslices', '{ target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 5m }'],
  ['Timeslices', '{ op: gte, value: 1, target: 0.95, timeSliceTarget: 0.5, timeSliceWindow: 1m }'],
  ['RatioTimeslices', '{ target: 0.99, timeSliceWindow: 5m }'],
);
const annotation = fc.constantFrom(
  '',
  ', annotations: { sluice.dev/group-by: zone }',
  ', annotations: { sluice.dev/group-by: "service,code" }',
);
const slo = fc
  .tuple(indicator, method, annotation)
  .map(
    ([i, [budgeting, objective], more]) => SERVICE + sloText('s', i, objective, budgeting, more) + VERSION,
  );

describe('what validates', () => {
  it('FIELD-57: generated objectives of every kind render, and every Prometheus 3 loads them', async () => {
    const rules: string[] = [];
    fc.assert(
      fc.property(slo, (text) => {
        const made = rendered([{ file: 's.yaml', text }]);
        if (made !== null) rules.push(made);
      }),
      { numRuns: 400, seed: 20_261_127 },
    );
    // Enough of them are valid for this to say anything.
    expect(rules.length).toBeGreaterThan(50);
    await loads(rules);
  });

  const imported = (reading: Reading): SourceFile[] =>
    [...filesOf(uniqueReading(checkedReading(reading, compile, '3.1')).brought, '3.1')].map(
      ([file, text]) => ({ file, text }),
    );
  const pyrra = (part: string, total: string, by: string) => `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: { name: s, labels: { pyrra.dev/service: api } }
spec:
  target: '99'
  window: 2w
  indicator:
    ratio: { errors: { metric: '${part.replaceAll("'", "''")}' }, total: { metric: '${total.replaceAll("'", "''")}' }, grouping: [${by}] }
`;
  const sloth = (part: string, total: string) => `version: prometheus/v1
service: api
slos:
  - { name: s, objective: 99, sli: { events: { error_query: '${part.replaceAll("'", "''")}', total_query: '${total.replaceAll("'", "''")}' } } }
`;

  it('FIELD-57: whatever an importer writes validates, renders and loads', async () => {
    const rules: string[] = [];
    const takes = (reading: Reading): void => {
      const files = imported(reading);
      if (files.length === 0) return;
      const made = rendered(files);
      expect(made).not.toBeNull();
      rules.push(made!);
    };
    const text = (one: string) => [{ file: 'in.yaml', text: one }];
    for (const spec of SPECS) takes(importSloth(text(documentOf(spec, spec.sli, 99))));
    fc.assert(
      fc.property(
        expr,
        expr,
        selector,
        selector,
        fc.constantFrom('', 'zone', 'service', 'zone, slo'),
        (part, total, some, all, by) => {
          takes(importSloth(text(sloth(part, total))));
          takes(importPyrra(text(pyrra(some, all, by))));
          takes(
            importOpenSlo(
              text(
                SERVICE +
                  sloText(
                    's',
                    `{ ratioMetric: { counter: true, bad: ${quoted(some)}, total: ${quoted(all)} } }`,
                  ),
              ),
            ),
          );
        },
      ),
      { numRuns: 60, seed: 20_261_127 },
    );
    expect(rules.length).toBeGreaterThan(100);
    await loads(rules);
  });
});
