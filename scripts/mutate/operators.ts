/** A node of a syntax tree; its fields are whatever its type has. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

export type Operator = 'comparison' | 'arithmetic' | 'boolean' | 'return' | 'removed statement';

/** A stretch of the text and what takes its place. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly to: string;
}

type Edits = (node: Node, text: string, parent: Node | null) => Edit[];

const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
};
const ARITHMETIC: Readonly<Record<string, string>> = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '**': '*',
};
const ASSIGNED: Readonly<Record<string, string>> = { '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=' };
const LOGIC: Readonly<Record<string, string>> = { '&&': '||', '||': '&&', '??': '&&' };

const child = (node: Node, field: string): Node => node[field] as Node;
const operatorOf = (node: Node): string => String(node['operator']);

/** Where the operator of a node stands, between its two sides: comments may be there, too. */
function between(node: Node, text: string, left: Node, right: Node, to: string): Edit[] {
  const sign = operatorOf(node);
  const at = text.indexOf(sign, left.end);
  return at >= 0 && at < right.start ? [{ start: at, end: at + sign.length, to }] : [];
}

const comparison: Edits = (node, text) =>
  node.type === 'BinaryExpression'
    ? (COMPARISONS[operatorOf(node)] ?? []).flatMap((to) =>
        between(node, text, child(node, 'left'), child(node, 'right'), to),
      )
    : [];

/** Texts are put together by `+`, too: their difference would be noticed by anybody. */
const isText = (node: unknown): boolean =>
  isNode(node) &&
  (node.type === 'TemplateLiteral' ||
    (node.type === 'Literal' && typeof node['value'] === 'string') ||
    (node.type === 'BinaryExpression' &&
      operatorOf(node) === '+' &&
      (isText(node['left']) || isText(node['right']))));

const arithmetic: Edits = (node, text) => {
  if (node.type === 'UpdateExpression') {
    const sign = operatorOf(node);
    const to = sign === '++' ? '--' : '++';
    const start = node['prefix'] ? node.start : node.end - sign.length;
    return [{ start, end: start + sign.length, to }];
  }
  const table =
    node.type === 'BinaryExpression' ? ARITHMETIC : node.type === 'AssignmentExpression' ? ASSIGNED : {};
  const to = table[operatorOf(node)];
  const [left, right] = [node['left'], node['right']];
  if (to === undefined || !isNode(left) || !isNode(right) || isText(left) || isText(right)) return [];
  return between(node, text, left, right, to);
};

const LITERALS: Readonly<Record<string, string>> = { true: 'false', false: 'true' };

const boolean: Edits = (node, text) => {
  if (node.type === 'LogicalExpression')
    return between(node, text, child(node, 'left'), child(node, 'right'), LOGIC[operatorOf(node)]!);
  if (node.type === 'UnaryExpression' && operatorOf(node) === '!')
    return [{ start: node.start, end: child(node, 'argument').start, to: '' }];
  if (node.type === 'Literal' && typeof node['value'] === 'boolean')
    return [{ start: node.start, end: node.end, to: LITERALS[String(node['value'])]! }];
  if (node.type !== 'IfStatement' && node.type !== 'ConditionalExpression') return [];
  const { start, end } = child(node, 'test');
  return ['true', 'false'].map((to) => ({ start, end, to }));
};

const NOTHING = 'undefined';

const returned: Edits = (node) => {
  const value = node.type === 'ReturnStatement' ? node['argument'] : node['body'];
  const gives =
    node.type === 'ReturnStatement' ||
    (node.type === 'ArrowFunctionExpression' && isNode(value) && value.type !== 'BlockStatement');
  if (!gives || !isNode(value)) return [];
  return value.type === 'Identifier' && value['name'] === NOTHING
    ? []
    : [{ start: value.start, end: value.end, to: NOTHING }];
};

const REMOVABLE = [
  'ExpressionStatement',
  'ThrowStatement',
  'IfStatement',
  'ContinueStatement',
  'BreakStatement',
];

/** A statement that is the whole body of another leaves an empty one behind. */
const removed: Edits = (node, _, parent) => {
  if (!REMOVABLE.includes(node.type)) return [];
  const isDirective = typeof node['directive'] === 'string';
  const isTop = parent?.type === 'Program';
  return isDirective || isTop ? [] : [{ start: node.start, end: node.end, to: ';' }];
};

export const OPERATORS: readonly { readonly operator: Operator; readonly edits: Edits }[] = [
  { operator: 'comparison', edits: comparison },
  { operator: 'arithmetic', edits: arithmetic },
  { operator: 'boolean', edits: boolean },
  { operator: 'return', edits: returned },
  { operator: 'removed statement', edits: removed },
];
