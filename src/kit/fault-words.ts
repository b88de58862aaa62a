import { nearest } from './nearest.ts';

/** What a schema found wrong, as zod tells it: `message` is its own wording, or that of whoever wrote the schema. */
export interface ShapeIssue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly expected?: string | undefined;
  readonly origin?: string | undefined;
  readonly minimum?: number | bigint | undefined;
  readonly maximum?: number | bigint | undefined;
  readonly inclusive?: boolean | undefined;
  readonly exact?: boolean | undefined;
  readonly format?: string | undefined;
  readonly pattern?: string | undefined;
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
  readonly includes?: string | undefined;
  readonly divisor?: number | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly values?: readonly unknown[] | undefined;
  readonly options?: readonly unknown[] | undefined;
  readonly key?: unknown;
  readonly issues?: readonly ShapeIssue[] | undefined;
  readonly errors?: readonly (readonly ShapeIssue[])[] | undefined;
}

/** Messages of zod's own begin like this; those of our schemas never do. */
const ZODS_WORDING = /^(Invalid\b|Too (big|small):|Unrecognized key)/;

/** Whether the message was written for the schema: it says more than anything that can be made of the issue. */
export const isOwnWording = ({ message }: ShapeIssue): boolean => !ZODS_WORDING.test(message);

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  set: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  map: 'a mapping',
  null: 'null',
  undefined: 'nothing',
  void: 'nothing',
  never: 'nothing',
  nonoptional: 'a value',
  date: 'a date',
  nan: 'NaN',
};

const FORMATS: Readonly<Record<string, string>> = {
  email: 'an e-mail address',
  url: 'an address, such as https://example.com/path',
  uuid: 'a UUID',
  datetime: 'a time, such as 2026-01-31T08:00:00Z',
  date: 'a date, such as 2026-01-31',
  time: 'a time of day, such as 08:00:00',
  duration: 'a duration, such as P1D',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  cidrv4: 'a range of IPv4 addresses, such as 10.0.0.0/8',
  cidrv6: 'a range of IPv6 addresses',
  base64: 'base64 text',
  base64url: 'base64url text',
  json_string: 'JSON',
};

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  map: ['entry', 'entries'],
  file: ['byte', 'bytes'],
};

const inWords = (value: unknown): string => (typeof value === 'string' ? value : String(value));
/** Names beyond these are not read by anybody. */
const MAX_NAMES = 40;
const oneOf = (values: readonly unknown[]): string => {
  const names = values.slice(0, MAX_NAMES).map(inWords);
  if (names.length === 1) return names[0]!;
  return `one of ${names.join(', ')}${values.length > MAX_NAMES ? ', …' : ''}`;
};

function bound({ origin = '', exact, inclusive }: ShapeIssue, limit: number | bigint, low: boolean): string {
  const unit = UNITS[origin];
  if (unit) {
    const count = `${limit} ${unit[Number(limit) === 1 ? 0 : 1]}`;
    if (exact) return `exactly ${count}`;
    if (low && Number(limit) === 1)
      return origin === 'string' ? 'text that is not empty' : `at least ${count}`;
    return `${low ? 'at least' : 'at most'} ${count}`;
  }
  if (exact) return `exactly ${limit}`;
  if (inclusive === false) return `${low ? 'more' : 'less'} than ${limit}`;
  return `${limit} or ${low ? 'more' : 'less'}`;
}

function format({ format: name = '', pattern, prefix, suffix, includes }: ShapeIssue): string {
  if (name === 'starts_with') return `text that begins with "${prefix}"`;
  if (name === 'ends_with') return `text that ends with "${suffix}"`;
  if (name === 'includes') return `text that contains "${includes}"`;
  if (name === 'regex') return `text of the form ${pattern}`;
  return FORMATS[name] ?? (name ? `text of the form ${name}` : 'text of another form');
}

/** Alternatives of a union that all fail at their top: what each of them takes. */
function alternatives({ options, errors = [] }: ShapeIssue): string {
  if (options && options.length > 0) return oneOf(options);
  const each = errors.flatMap((issues) => issues.slice(0, 1).map((issue) => wanted(issue)));
  return [...new Set(each)].join(' or ') || 'another value';
}

/** What an issue expects, behind the word "expected". */
function wanted(issue: ShapeIssue): string {
  if (isOwnWording(issue)) return issue.message.replace(/^expected /, '');
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected ?? ''] ?? `${issue.expected ?? 'another value'}`;
    case 'too_small':
      return bound(issue, issue.minimum ?? 0, true);
    case 'too_big':
      return bound(issue, issue.maximum ?? 0, false);
    case 'invalid_format':
      return format(issue);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_value':
      return oneOf(issue.values ?? []);
    case 'invalid_union':
      return alternatives(issue);
    default:
      return 'another value';
  }
}

/** What is wrong, before what was given instead: `expected a list`. */
export function expectedOf(issue: ShapeIssue): string {
  if (isOwnWording(issue)) return issue.message;
  const [inner] = issue.issues ?? [];
  if (issue.code === 'invalid_key')
    return `the name "${inWords(issue.path.at(-1) ?? '')}" is not allowed${inner ? `: ${expectedOf(inner)}` : ''}`;
  if (issue.code === 'invalid_element')
    return `the entry "${inWords(issue.key)}" is wrong${inner ? `: ${expectedOf(inner)}` : ''}`;
  if (issue.code === 'custom') return 'not as expected';
  return `expected ${wanted(issue)}`;
}

/** More of a text than this is not repeated. */
const LONGEST = 60;
function shown(value: unknown): string {
  if (value === null) return 'nothing: the field is empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return String(value);
  // An address may hold a password before its host.
  const told = value.replace(/\/\/[^/\s]*@/g, '//…@');
  return JSON.stringify(told.length > LONGEST ? `${told.slice(0, LONGEST)}…` : told);
}

/** How long a value is, where that is what is wrong with it. */
const lengthOf = ({ code, origin }: ShapeIssue, value: unknown): number | null =>
  (code === 'too_small' || code === 'too_big') &&
  UNITS[origin ?? ''] &&
  (typeof value === 'string' || Array.isArray(value))
    ? value.length
    : null;

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** How the value that was given becomes the one that is expected, where that is plain. */
function cure({ code, expected, values, options }: ShapeIssue, value: unknown): string | undefined {
  if (typeof value === 'string') {
    const near = nearest(value, (values ?? options ?? []).map(inWords));
    if (near !== undefined && near !== value) return `did you mean "${near}"?`;
  }
  if (code !== 'invalid_type') return undefined;
  if (expected === 'string' && isScalar(value)) return `put it in quotes: "${String(value)}"`;
  const quoted = typeof value === 'string' && value.trim() !== '';
  if ((expected === 'number' || expected === 'int') && quoted && Number.isFinite(Number(value)))
    return `write it without quotes: ${value.trim()}`;
  if (expected === 'boolean' && (value === 'true' || value === 'false'))
    return `write it without quotes: ${value}`;
  if (expected === 'array' && isScalar(value))
    return `write it as a list: [${String(value).slice(0, LONGEST)}]`;
  return undefined;
}

/** Values of such fields are never repeated: what is told ends in logs. */
const SECRET = /token|secret|password|bearer|credential|authorization|header|cookie|private/i;
/** Where anything else was expected, a text may be anything: that it is a text says enough. */
const SCALARS: readonly (string | undefined)[] = ['number', 'int', 'boolean', 'array'];
const isTold = ({ code, expected }: ShapeIssue, value: unknown): boolean =>
  typeof value !== 'string' || code !== 'invalid_type' || SCALARS.includes(expected);

/** What was given instead, as `, got a list`, and what to do about it. */
export function gotOf(issue: ShapeIssue, value: unknown): { readonly got: string; readonly next?: string } {
  const silent = ['custom', 'invalid_key', 'invalid_element'].includes(issue.code ?? '');
  if (silent || issue.path.some((part) => SECRET.test(String(part)))) return { got: '' };
  const own = isOwnWording(issue);
  // Whoever wrote a whole sentence said what there is to say.
  if (own && !issue.message.startsWith('expected')) return { got: '' };
  const got = own ? '; got' : ', got';
  if (!isTold(issue, value)) return { got: `${got} a string` };
  const length = own ? null : lengthOf(issue, value);
  if (length !== null) return { got: `${got} ${length === 0 ? 'none' : length}` };
  const next = cure(issue, value);
  return { got: `${got} ${shown(value)}`, ...(next === undefined ? {} : { next }) };
}
