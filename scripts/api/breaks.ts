import type { Deprecated } from '../../src/server/deprecation.ts';
import {
  answerOf,
  bodyOf,
  type Description,
  type Operation,
  operationsOf,
  type Parameter,
  type Schema,
} from './description.ts';

/** What a program that was written against the older of two descriptions no longer gets, or is no longer understood with. */

/** `answer`: we say it, and may say less than before; `request`: others say it, and may say all that they said. */
type Side = 'answer' | 'request';

interface Both {
  readonly old: Description;
  readonly now: Description;
}

const refOf = (schema: Schema, { components }: Description): Schema =>
  schema.$ref
    ? refOf(components.schemas[schema.$ref.split('/').at(-1)!] ?? {}, { components } as Description)
    : schema;

/** Types that a schema allows; a whole number is a number. */
const typesOf = ({ type, enum: values }: Schema): string[] =>
  type === undefined ? (values ?? []).map((v) => typeof v) : [type].flat();

const within = (types: readonly string[], allowed: readonly string[]): boolean =>
  allowed.length === 0 ||
  (types.length > 0 &&
    types.every((type) => allowed.includes(type) || (type === 'integer' && allowed.includes('number'))));

const said = (types: readonly string[]): string => types.join(' or ') || 'anything';

/** An answer says nothing of another type than before; a request may say all that it said. */
function typeBreaks(old: Schema, now: Schema, side: Side, at: string): string[] {
  const [before, after] = [typesOf(old), typesOf(now)];
  const fits = side === 'answer' ? within(after, before) : within(before, after);
  return fits ? [] : [`${at} was ${said(before)}, and is ${said(after)}`];
}

/**
 * Values that are listed. Whoever reads answers has to expect new ones; that one is never given any more is found, since
 * somebody waits for it. A request may give all that were taken.
 */
function valueBreaks(old: Schema, now: Schema, side: Side, at: string): string[] {
  if (!now.enum) return old.enum && side === 'answer' ? [`${at} no longer lists its values`] : [];
  if (!old.enum) return side === 'request' ? [`${at} takes listed values only`] : [];
  const left = new Set(now.enum);
  return old.enum.filter((value) => !left.has(value)).map((value) => `${at} no longer has ${String(value)}`);
}

/** Bounds that a request has to keep: each is named, with the direction in which it asks for more. */
const BOUNDS = [
  ['minimum', 1],
  ['exclusiveMinimum', 1],
  ['minLength', 1],
  ['minItems', 1],
  ['maximum', -1],
  ['maxLength', -1],
  ['maxItems', -1],
] as const;

function boundBreaks(old: Schema, now: Schema, at: string): string[] {
  const narrower = BOUNDS.filter(([name, way]) => {
    const [before, after] = [old[name], now[name]];
    return after !== undefined && (before === undefined || way * (after - before) > 0);
  }).map(([name]) => `${at} has a narrower ${name}: ${now[name]}`);
  const pattern =
    now.pattern !== undefined && now.pattern !== old.pattern ? [`${at} has another pattern`] : [];
  return [...narrower, ...pattern];
}

function fieldBreaks(old: Schema, now: Schema, side: Side, at: string, both: Both): string[] {
  const [before, after] = [old.required ?? [], now.required ?? []];
  const known = Object.entries(old.properties ?? {}).flatMap(([name, schema]) => {
    const other = now.properties?.[name];
    const path = `${at}.${name}`;
    if (!other) return [`${path} is gone`];
    const optional = side === 'answer' && before.includes(name) && !after.includes(name);
    return [
      ...(optional ? [`${path} is no longer always there`] : []),
      ...schemaBreaks(schema, other, side, path, both),
    ];
  });
  const demanded = after
    .filter((name) => !before.includes(name))
    .map((name) => `${at}.${name} is required now`);
  return side === 'request' ? [...known, ...demanded] : known;
}

/** A schema that says something: an object that may hold more promises nothing of it. */
const isSchema = (value: Schema | boolean | undefined): value is Schema =>
  typeof value === 'object' && Object.keys(value).length > 0;

function insideBreaks(old: Schema, now: Schema, side: Side, at: string, both: Both): string[] {
  const pairs: [Schema | boolean | undefined, Schema | boolean | undefined, string][] = [
    [old.items, now.items, `${at}[]`],
    [old.additionalProperties, now.additionalProperties, `${at}.*`],
    ...(old.prefixItems ?? []).map((item, i): [Schema, Schema | undefined, string] => [
      item,
      now.prefixItems?.[i],
      `${at}[${i}]`,
    ]),
  ];
  return pairs.flatMap(([before, after, path]) => {
    if (!isSchema(before)) return [];
    return schemaBreaks(before, isSchema(after) ? after : {}, side, path, both);
  });
}

const formsOf = ({ anyOf, ...rest }: Schema): readonly Schema[] => anyOf ?? [rest];

/** One of several forms: an answer comes in no other one than before, a request may come in all that were taken. */
function formBreaks(old: Schema, now: Schema, side: Side, at: string, both: Both): string[] {
  const [before, after] = [formsOf(old), formsOf(now)];
  const fits = (one: Schema, other: Schema) => schemaBreaks(one, other, side, at, both).length === 0;
  const lost =
    side === 'answer'
      ? after.filter((form) => !before.some((one) => fits(one, form)))
      : before.filter((form) => !after.some((one) => fits(form, one)));
  return lost.length === 0 ? [] : [`${at} has other forms than before`];
}

function schemaBreaks(before: Schema, after: Schema, side: Side, at: string, both: Both): string[] {
  const [old, now] = [refOf(before, both.old), refOf(after, both.now)];
  if (old.anyOf || now.anyOf) return formBreaks(old, now, side, at, both);
  const types = typeBreaks(old, now, side, at);
  if (types.length > 0) return types;
  return [
    ...valueBreaks(old, now, side, at),
    ...(side === 'request' ? boundBreaks(old, now, at) : []),
    ...fieldBreaks(old, now, side, at, both),
    ...insideBreaks(old, now, side, at, both),
  ];
}

function parameterBreaks(old: Operation, now: Operation, at: string, both: Both): string[] {
  const named = ({ parameters = [] }: Operation) => new Map(parameters.map((p) => [`${p.in} ${p.name}`, p]));
  const [before, after] = [named(old), named(now)];
  const broken = (name: string, one: Parameter): string[] => {
    const other = after.get(name);
    const path = `${at} ${name}`;
    if (!other) return [`${path} is gone`];
    const required = other.required && !one.required ? [`${path} is required now`] : [];
    return [...required, ...schemaBreaks(one.schema ?? {}, other.schema ?? {}, 'request', path, both)];
  };
  return [
    ...[...before].flatMap(([name, one]) => broken(name, one)),
    ...[...after]
      .filter(([name, { required }]) => required && !before.has(name))
      .map(([name]) => `${at} ${name} is required now`),
  ];
}

function bodyBreaks(old: Operation, now: Operation, at: string, both: Both): string[] {
  const [before, after] = [bodyOf(old), bodyOf(now)];
  if (!before) return now.requestBody?.required ? [`${at} needs a body now`] : [];
  if (!after) return [`${at} takes no body any more`];
  const required = now.requestBody?.required && !old.requestBody?.required ? [`${at} needs a body now`] : [];
  return [...required, ...schemaBreaks(before, after, 'request', `${at} body`, both)];
}

function answerBreaks(old: Operation, now: Operation, at: string, both: Both): string[] {
  const [[oldStatus, oldType, before], [status, type, after]] = [answerOf(old), answerOf(now)];
  if (status !== oldStatus) return [`${at} answered ${oldStatus}, and answers ${status}`];
  if (type !== oldType) return [`${at} answered with ${oldType}, and answers with ${type}`];
  return schemaBreaks(before, after, 'answer', `${at} answer`, both);
}

/** Everything of the older description that the newer one does not keep, each with its place. */
export function breaksOf(old: Description, now: Description): string[] {
  const both = { old, now };
  const after = new Map(
    operationsOf(now).map(([method, path, operation]) => [`${method} ${path}`, operation]),
  );
  return operationsOf(old).flatMap(([method, path, operation]) => {
    const at = `${method} ${path}`;
    const other = after.get(at);
    if (!other) return [`${at} is gone`];
    return [
      ...parameterBreaks(operation, other, at, both),
      ...bodyBreaks(operation, other, at, both),
      ...answerBreaks(operation, other, at, both),
    ];
  });
}

const YEAR_MS = 365 * 24 * 3_600_000;

/** Whether an operation may be gone: it was deprecated for a year, and its day has come. */
const mayBeGone = ({ since, sunset }: Deprecated, now: number): boolean =>
  Date.parse(sunset) - Date.parse(since) >= YEAR_MS && Date.parse(sunset) <= now;

/** What to do about what is not kept. */
const NEXT =
  'Next: bring it back beside what is new. An operation ends by its entry in src/server/deprecation.ts: docs/operations/api.md';

/** What is not kept of a released description, but for operations whose time is over; with what to do about it. */
export function unkept(
  released: Description,
  now: Description,
  deprecated: readonly Deprecated[],
  today: number,
): string[] {
  const over = deprecated
    .filter((one) => mayBeGone(one, today))
    .map(({ method, path }) => `${method} ${path}`);
  const isOver = (line: string) => over.some((name) => line === `${name} is gone`);
  const breaks = breaksOf(released, now).filter((line) => !isOver(line));
  return breaks.length > 0 ? [...breaks, NEXT] : [];
}
