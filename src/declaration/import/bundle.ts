import { stringify } from 'yaml';
import type { Problem } from '../../kit/problem.ts';
import type { Result } from '../../kit/result.ts';
import type { SourceFile } from '../documents.ts';
import { serviceText, versionSource } from './openslo.ts';
import { type Brought, GIVE_VERSION, type Reading } from './reading.ts';

/** How a declaration is checked; handed in, since planes below have checks of their own. */
type CheckDeclaration = (
  files: readonly SourceFile[],
  options: { readonly platform: 'optional' },
) => Result<unknown, readonly Problem[]>;

const documentsOf = ({ value, alerting }: Brought): object[] => (alerting ? [value, alerting] : [value]);

const refused = (reading: Reading, one: Brought, problems: readonly Problem[]): Reading => {
  const { value: _, alerting: __, service: ___, ...outcome } = one;
  const notes = problems.map((p) => (p.next ? `${p.message}; ${p.next}` : p.message));
  return {
    ...reading,
    brought: reading.brought.filter((b) => b !== one),
    refused: [...reading.refused, { ...outcome, as: null, notes }],
    problems: [...reading.problems, ...problems],
  };
};

/** Problems of a document that nobody wrote are told at the SLO it was made of: there, two that say the same are one. */
const placed = (one: Brought, problems: readonly Problem[]): Problem[] =>
  [...new Map(problems.map((p) => [`${p.code} ${p.message}`, p])).values()].map(
    ({ code, message, next: declared }) => {
      const next = code === 'PROMQL_VERSION' ? GIVE_VERSION : declared;
      return { code, file: one.file, line: one.line, path: one.slo, message, ...(next ? { next } : {}) };
    },
  );

/** Checks every SLO alone, so that one which does not compile hides no other, and is told at its own line. */
export function checkedReading(
  reading: Reading,
  check: CheckDeclaration,
  version: string | null = null,
): Reading {
  let checked = reading;
  const source = version === null ? [] : [{ file: SOURCE_FILE, text: sourceText(version) }];
  for (const one of reading.brought) {
    const text = serviceText(one.service, documentsOf(one));
    const compiled = check([{ file: one.file, text }, ...source], { platform: 'optional' });
    if (!compiled.ok) checked = refused(checked, one, placed(one, compiled.error));
  }
  return checked;
}

const sameAs = (a: Brought, b: Brought): boolean =>
  a.service === b.service && JSON.stringify(documentsOf(a)) === JSON.stringify(documentsOf(b));

/** One SLO a name: what several files declare alike is one; of what they declare otherwise, the first is kept. */
export function uniqueReading(reading: Reading): Reading {
  const first = new Map<string, Brought>();
  let unique = reading;
  for (const one of reading.brought) {
    const before = first.get(one.slo);
    if (!before) first.set(one.slo, one);
    else if (sameAs(before, one)) unique = { ...unique, brought: unique.brought.filter((b) => b !== one) };
    else {
      const message = `SLO "${one.slo}" is declared earlier with other content: the first one is kept`;
      const [problem] = placed(one, [{ code: 'DUPLICATE_NAME', file: '', line: 0, path: '', message }]);
      unique = refused(unique, one, [{ ...problem!, next: `first at ${before.file}:${before.line}` }]);
    }
  }
  return unique;
}

/** Beside one file a service; no service is called like this. */
const SOURCE_FILE = '_prometheus.yaml';
const sourceText = (version: string): string => stringify(versionSource(version));

/** One file a service, by its name; and one that says which Prometheus is asked, where that is given. */
export function filesOf(brought: readonly Brought[], version: string | null = null): Map<string, string> {
  const services = new Map<string, object[]>();
  for (const one of brought)
    services.set(one.service, [...(services.get(one.service) ?? []), ...documentsOf(one)]);
  const files = [...services].map(([name, values]): [string, string] => [
    `${name}.yaml`,
    serviceText(name, values),
  ]);
  const source: [string, string][] = version === null ? [] : [[SOURCE_FILE, sourceText(version)]];
  return new Map(files.length > 0 ? [...files, ...source] : []);
}
