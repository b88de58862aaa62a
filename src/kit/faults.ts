import { expectedOf, gotOf, isOwnWording, type ShapeIssue } from './fault-words.ts';
import { nearest } from './nearest.ts';
import { pathText } from './problem.ts';
import { fieldsAt, valueAt } from './shapes.ts';

/** One thing wrong with a value by its schema, in words for people. */
interface Fault {
  readonly code: 'MISSING_FIELD' | 'UNKNOWN_FIELD' | 'INVALID_VALUE';
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly next?: string;
}

/** What a value was checked against: with it, what was given is told, and which names there are. */
interface Checked {
  readonly schema?: unknown;
  /** The value as it was before the check. */
  readonly value?: unknown;
}

type Path = readonly PropertyKey[];

/** More than these of one value help nobody. */
const MAX_FAULTS = 20;

const hinted = (next: string | undefined): { readonly next?: string } => (next === undefined ? {} : { next });

/** Fields that are not known, each with the name that was meant: one that is missing before any other. */
function unknownFields(
  keys: readonly string[],
  parent: Path,
  { schema }: Checked,
  missing: readonly string[],
): Fault[] {
  const known = fieldsAt(schema, parent);
  return keys.map((key) => {
    const near = nearest(key, missing) ?? nearest(key, known);
    const next = near
      ? `did you mean "${near}"?`
      : known.length > 0
        ? `expected one of ${known.join(', ')}`
        : undefined;
    return {
      code: 'UNKNOWN_FIELD',
      path: [...parent, key],
      message: `unknown field "${key}"`,
      ...hinted(next),
    };
  });
}

/** Of a union, the alternative that was probably meant: it fits at its top, and is wrong in the fewest places. */
function meant(alternatives: readonly (readonly ShapeIssue[])[]): readonly ShapeIssue[] | null {
  const fitting = alternatives.filter(
    (issues) => issues.length > 0 && issues.every((i) => i.path.length > 0),
  );
  return fitting.reduce<readonly ShapeIssue[] | null>(
    (best, issues) => (best === null || issues.length < best.length ? issues : best),
    null,
  );
}

/** Issues inside of another one, as issues of the whole value. */
const below = (path: Path, issues: readonly ShapeIssue[]): ShapeIssue[] =>
  issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));

/** A union becomes the issues of the alternative that was meant; everything else stays as it is. */
const flat = (issues: readonly ShapeIssue[]): ShapeIssue[] =>
  issues.flatMap((issue) => {
    const inner = issue.code === 'invalid_union' && isOwnWording(issue) ? null : meant(issue.errors ?? []);
    return inner ? flat(below(issue.path, inner)) : [issue];
  });

function oneFault(issue: ShapeIssue, checked: Checked): Fault {
  const given = 'value' in checked ? { value: valueAt(checked.value, issue.path) } : null;
  const missing = given ? given.value === undefined : /received undefined$/.test(issue.message);
  const expected = expectedOf(issue);
  if (missing && expected.startsWith('expected'))
    return { code: 'MISSING_FIELD', path: issue.path, message: `missing; ${expected}` };
  const { got, next } = given ? gotOf(issue, given.value) : { got: '' };
  return { code: 'INVALID_VALUE', path: issue.path, message: `${expected}${got}`, ...hinted(next) };
}

/**
 * Everything that a schema found wrong with a value, each thing once: a field that is missing because its name is
 * misspelt is told as the misspelt one alone.
 */
export function faultsOf(issues: readonly ShapeIssue[], checked: Checked = {}, most = MAX_FAULTS): Fault[] {
  const all = flat(issues).slice(0, most);
  const isUnknown = (issue: ShapeIssue) => issue.code === 'unrecognized_keys';
  const told = all.filter((issue) => !isUnknown(issue)).map((issue) => oneFault(issue, checked));
  const missingAt = (parent: Path): string[] =>
    told
      .filter((f) => f.code === 'MISSING_FIELD' && pathText(f.path.slice(0, -1)) === pathText(parent))
      .map((f) => String(f.path.at(-1)));
  const unknown = all
    .filter(isUnknown)
    .flatMap(({ keys = [], path }) => unknownFields(keys.slice(0, most), path, checked, missingAt(path)));
  const explained = new Set(
    unknown.flatMap(({ path, next }) => {
      const near = /^did you mean "(.*)"\?$/.exec(next ?? '')?.[1];
      return near === undefined ? [] : [pathText([...path.slice(0, -1), near])];
    }),
  );
  return [...told.filter((f) => f.code !== 'MISSING_FIELD' || !explained.has(pathText(f.path))), ...unknown];
}

/** `spec.target: expected a number, got "high" (next)`: the first of them in one line. */
export function faultText(issues: readonly ShapeIssue[], checked: Checked = {}): string {
  const [first] = faultsOf(issues, checked);
  if (!first) return 'not as expected';
  const where = pathText(first.path);
  return `${where ? `${where}: ` : ''}${first.message}${first.next ? ` (${first.next})` : ''}`;
}
