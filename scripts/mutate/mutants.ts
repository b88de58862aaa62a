import { parseSync } from 'oxc-parser';
import { isNode, type Node, OPERATORS, type Operator } from './operators.ts';

/** One change of one file that a test should notice. */
export interface Mutant {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly operator: Operator;
  /** The code that is replaced, and what takes its place. */
  readonly from: string;
  readonly to: string;
  /** Offset of `from` in the text of the file. */
  readonly start: number;
}

/** Expressions that stand in a type's clothes: what is below them is code. */
const WRAPPERS = [
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSInstantiationExpression',
];

const isType = (node: Node): boolean => node.type.startsWith('TS') && !WRAPPERS.includes(node.type);

/** Calls `visit` for a node and all code below it, types left out, with what is right above. */
function visitCode(
  value: unknown,
  visit: (node: Node, parent: Node | null) => void,
  parent: Node | null,
): void {
  if (Array.isArray(value)) {
    for (const one of value) visitCode(one, visit, parent);
    return;
  }
  if (!isNode(value) || isType(value)) return;
  visit(value, parent);
  for (const [field, below] of Object.entries(value))
    if (!WRAPPERS.includes(value.type) || field === 'expression') visitCode(below, visit, value);
}

/** Every mutant of a file, by place. Throws where the file does not parse. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]!.message}`);
  const found: Mutant[] = [];
  visitCode(
    program,
    (node, parent) => {
      for (const { operator, edits } of OPERATORS)
        for (const { start, end, to } of edits(node, text, parent)) {
          const line = text.slice(0, start).split('\n').length;
          found.push({ file, line, operator, from: text.slice(start, end), to, start });
        }
    },
    null,
  );
  return found.sort((a, b) => a.start - b.start);
}

/** The text of a file with a mutant in it. */
export const mutated = (text: string, { start, from, to }: Mutant): string =>
  text.slice(0, start) + to + text.slice(start + from.length);
