import { invariant } from '../../../kit/result.ts';
import { readExpression } from '../../../promql/read.ts';
import { checkTypes, checkVersion } from '../../../promql/types.ts';
import type { RuleGroup } from './text.ts';

/** Strings say nothing of the form of an expression: those that differ in them alone are checked once. */
const formOf = (expr: string): string => expr.replace(/"(?:[^"\\]|\\.)*"/g, '""');

function wrongWith(expr: string, version: string | null): string | null {
  const read = readExpression(expr);
  if (!read.ok) return read.error.message;
  const type = checkTypes(read.value);
  if (!type.ok) return type.error.message;
  if (type.value !== 'instant vector' && type.value !== 'scalar') return `gives a ${type.value}`;
  return checkVersion(read.value, version)?.message ?? null;
}

/**
 * Reads and types every expression as Prometheus will: one that it refuses would cost the whole file, and every alert
 * in it. What is declared was checked at its line before, so what is found here is a mistake of the renderer.
 */
export function verified(groups: readonly RuleGroup[], version: string | null): readonly RuleGroup[] {
  const seen = new Set<string>();
  for (const { name, rules } of groups)
    for (const { expr, record, alert } of rules) {
      const form = formOf(expr);
      if (seen.has(form)) continue;
      seen.add(form);
      const wrong = wrongWith(expr, version);
      invariant(
        wrong === null,
        `rule ${record ?? alert} of group ${name} would be refused by Prometheus: ${wrong}`,
      );
    }
  return groups;
}
