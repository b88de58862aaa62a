import { parseSync } from 'oxc-parser';
import { walk } from './syntax.ts';

/** One rule of SPEC.md. */
export interface Rule {
  readonly id: string;
  readonly line: number;
  /** The rule that replaced it; null: it holds. */
  readonly withdrawnBy: string | null;
}

export interface Title {
  readonly file: string;
  readonly title: string;
}

const RULE = /^- \*\*([A-Z]+-\d+)\*\*(.*)$/;
const WITHDRAWN = /^ \*withdrawn by ([A-Z]+-\d+)\*:? \S/;
/** Something that means to withdraw a rule, whether or not it is written as it should be. */
const MEANS_WITHDRAWN = /^\s*[*_(]*\s*withdrawn\b/i;

const familyOf = (id: string): string => id.replace(/-\d+$/, '');
const numberOf = (id: string): number => Number(id.replace(/^[A-Z]+-/, ''));

/** The rules of a specification, in order; and lines that look like one and are none. */
export function rulesIn(text: string): { readonly rules: Rule[]; readonly wrong: string[] } {
  const rules: Rule[] = [];
  const wrong: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const match = RULE.exec(line);
    if (!match) {
      if (/^\s*[-*]\s*\**[A-Z]+-\d+\**/.test(line)) wrong.push(`line ${index + 1} is not written as a rule`);
      continue;
    }
    const [, id, rest] = match as unknown as [string, string, string];
    const withdrawn = WITHDRAWN.exec(rest);
    if (!withdrawn && MEANS_WITHDRAWN.test(rest))
      wrong.push(`${id} is to be marked *withdrawn by X-n*, followed by what it said`);
    if (!MEANS_WITHDRAWN.test(rest) && !/^ \S/.test(rest)) wrong.push(`${id} says nothing`);
    rules.push({ id, line: index + 1, withdrawnBy: withdrawn?.[1] ?? null });
  }
  return { rules, wrong };
}

/** A number that stands twice was used again, or given twice at the same time. */
function numberViolations(rules: readonly Rule[]): string[] {
  const seen = new Map<string, number>();
  return rules.flatMap(({ id, line }) => {
    const before = seen.get(id);
    seen.set(id, line);
    return before === undefined ? [] : [`${id} stands twice, in lines ${before} and ${line}`];
  });
}

/** The rule that holds in place of a withdrawn one, or what is wrong with the way there. */
function successorOf(rule: Rule, byId: ReadonlyMap<string, Rule>): Rule | string {
  const path = [rule.id];
  for (let at = rule; at.withdrawnBy !== null; ) {
    const next = byId.get(at.withdrawnBy);
    path.push(at.withdrawnBy);
    if (!next) return `${at.id} is withdrawn by ${at.withdrawnBy}, which is no rule`;
    if (path.indexOf(next.id) < path.length - 1) return `no rule holds in the end: ${path.join(' → ')}`;
    if (familyOf(next.id) === familyOf(at.id) && numberOf(next.id) < numberOf(at.id))
      return `${at.id} is withdrawn by ${next.id}: a successor has a new number`;
    at = next;
  }
  return byId.get(path.at(-1)!)!;
}

/** Everything that is wrong with a specification and the titles of the tests of it. */
export function specViolations(text: string, titles: readonly Title[]): string[] {
  const { rules, wrong } = rulesIn(text);
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const successors = new Map(
    rules.filter((r) => r.withdrawnBy !== null).map((rule) => [rule.id, successorOf(rule, byId)]),
  );
  const tested = new Set<string>();
  const titleViolations = titles.flatMap(({ file, title }) => {
    const id = /^([A-Z]+-\d+): \S/.exec(title)?.[1];
    if (id === undefined || !byId.has(id)) return [`${file}: "${title}" does not begin with a rule`];
    tested.add(id);
    const successor = successors.get(id);
    if (successor === undefined) return [];
    const by = typeof successor === 'string' ? byId.get(id)!.withdrawnBy : successor.id;
    return [`${file}: "${title}" tests a rule that was withdrawn by ${by}`];
  });
  return [
    ...wrong,
    ...numberViolations(rules),
    ...[...successors.values()].filter((s): s is string => typeof s === 'string'),
    ...titleViolations,
    ...rules.filter((r) => r.withdrawnBy === null && !tested.has(r.id)).map((r) => `${r.id} has no test`),
  ];
}

/** The numbers that were ever given: the highest of each family, and those below it that are on the page no more or never were. */
export interface GivenNumbers {
  readonly highest: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
}

/** A rule that is gone, a number that is used again, and a new rule that is not in the list yet. */
export function givenViolations(text: string, { highest, missing }: GivenNumbers): string[] {
  const there = new Set(rulesIn(text).rules.map((rule) => rule.id));
  const families = new Set([...Object.keys(highest), ...[...there].map(familyOf)]);
  return [...families]
    .flatMap((family) => {
      const most = highest[family] ?? 0;
      const given = Array.from({ length: most }, (_, i) => `${family}-${i + 1}`);
      const above = [...there].filter((id) => familyOf(id) === family && numberOf(id) > most);
      return [
        ...given
          .filter((id) => !there.has(id) && !missing.includes(id))
          .map((id) => `${id} is gone: a rule that holds no more stays, marked as withdrawn`),
        ...above.map((id) => `${id} is new: write it into test/house/rule-numbers.json`),
      ];
    })
    .concat(missing.filter((id) => there.has(id)).map((id) => `${id} was given before: take a new number`));
}

/** What runs a test: `it`, its other name, and the steps of a story (`stage.step`). */
const RUNNERS = new Set(['it', 'test', 'step']);
const MODIFIERS = new Set(['only', 'skip', 'todo', 'fails', 'concurrent', 'sequential']);
/** What comes between: a table, or a condition. */
const TABLES = new Set(['each', 'for', 'skipIf', 'runIf']);

interface Callee {
  readonly type: string;
  readonly name?: string;
  readonly object?: Callee;
  readonly property?: Callee;
  readonly callee?: Callee;
  readonly tag?: Callee;
}

/** Whether a call of this is a test: `it(…)`, `stage.step(…)`, `it.skip(…)`, `it.each(…)(…)`. */
function isRunner(callee: Callee): boolean {
  if (callee.type === 'Identifier') return RUNNERS.has(callee.name!);
  const { object, property } = callee;
  if (callee.type === 'MemberExpression')
    return property!.name === 'step' || (MODIFIERS.has(property!.name!) && isRunner(object!));
  const table = callee.callee ?? callee.tag;
  return table?.type === 'MemberExpression' && TABLES.has(table.property!.name!) && isRunner(table.object!);
}

/** How a title begins, where it is written out. */
function textOf(
  node: { type: string; value?: unknown; quasis?: { value: { cooked: string } }[] } | undefined,
) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  return node?.type === 'TemplateLiteral' ? node.quasis!.map((q) => q.value.cooked).join('…') : null;
}

/** The titles of all tests of a file, by its syntax. */
export function titlesIn(file: string, text: string): Title[] {
  const titles: Title[] = [];
  walk(parseSync(file, text).program, (node) => {
    if (node.type !== 'CallExpression' || !isRunner(node['callee'] as Callee)) return;
    const [first] = node['arguments'] as Parameters<typeof textOf>[0][];
    const title = first && textOf(first);
    // Simulated houses have steps of time: they begin with a number.
    if (typeof title !== 'string' && (node['callee'] as Callee).property?.name === 'step') return;
    if (first) titles.push({ file, title: title ?? 'a title that is not written out' });
  });
  return titles;
}
