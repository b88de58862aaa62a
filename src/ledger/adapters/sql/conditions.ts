import { type RawBuilder, sql } from 'kysely';
import type { HistoryQuery } from '../../history.ts';

const and = (conditions: readonly RawBuilder<boolean>[]): RawBuilder<boolean> =>
  sql.join(conditions, sql` AND `);

/** How one store says it. */
export interface SqlOfStore {
  readonly table: RawBuilder<unknown>;
  /** The time of a record. */
  readonly at: RawBuilder<number>;
  /** What only this ledger's records are. */
  readonly own: readonly RawBuilder<boolean>[];
  /** Whether the subject begins so, by an index where the store has one for it. */
  startsWith(prefix: string): RawBuilder<boolean>;
  /** What is asked of a time is looked up through this, where the store keeps one. */
  readonly spans?: Spans;
}

/** Records one after another, with the times between which all of them lie: a table of `span`, `earliest`, `latest`. */
interface Spans {
  readonly table: RawBuilder<unknown>;
  /** The span of a number. */
  of(seq: number): RawBuilder<number>;
  /** Whether a record lies in a span. */
  readonly holds: RawBuilder<boolean>;
}

/** Records of the spans that hold what is asked for, in order: those between are not looked at. */
function throughSpans(query: HistoryQuery, { table, of, holds }: Spans, records: RawBuilder<unknown>) {
  const { after, before, from, to } = query;
  const conditions: RawBuilder<boolean>[] = [];
  if (after !== undefined) conditions.push(sql`span >= ${of(after)}`);
  if (before !== undefined) conditions.push(sql`span <= ${of(before)}`);
  if (from !== undefined) conditions.push(sql`latest >= ${from}`);
  if (to !== undefined) conditions.push(sql`earliest <= ${to}`);
  // Spans first: that is what CROSS says to SQLite.
  return { table: sql`${table} CROSS JOIN ${records}`, conditions: [...conditions, holds] };
}

/** What all records of an answer have in common. */
function commonOf(query: HistoryQuery, { at, own }: SqlOfStore): RawBuilder<boolean>[] {
  const { after, before, subject, type, exceptTypes, from, to } = query;
  const all: RawBuilder<boolean>[] = [...own, sql<boolean>`seq > ${after ?? 0}`];
  if (before !== undefined) all.push(sql`seq < ${before}`);
  if (subject !== undefined) all.push(sql`subject = ${subject}`);
  if (type !== undefined) all.push(sql`type = ${type}`);
  if (exceptTypes?.length) all.push(sql`type NOT IN (${sql.join([...exceptTypes])})`);
  if (from !== undefined) all.push(sql`${at} >= ${from}`);
  if (to !== undefined) all.push(sql`${at} <= ${to}`);
  return all;
}

/**
 * A statement that gives the numbers of the records of an answer, in columns that every store of ours has. What may be
 * one of several is looked up one by one, each by its index and no further than the answer may need.
 */
export function foundBy(query: HistoryQuery, store: SqlOfStore): RawBuilder<unknown> {
  const order = query.after === undefined ? sql`DESC` : sql`ASC`;
  const timed = query.from !== undefined || query.to !== undefined;
  const spans = timed && store.spans ? throughSpans(query, store.spans, store.table) : null;
  const table = spans?.table ?? store.table;
  const inOrder = spans ? sql`span ${order}, seq ${order}` : sql`seq ${order}`;
  const common = [...(spans?.conditions ?? []), ...commonOf(query, store)];
  const limited = (conditions: readonly RawBuilder<boolean>[]) =>
    sql`SELECT seq FROM ${table} WHERE ${and(conditions)} ORDER BY ${inOrder} LIMIT ${query.limit}`;
  const { anyOf } = query;
  if (!anyOf) return limited(common);
  const each = [
    ...(anyOf.subjects ?? []).map((subject) => sql<boolean>`subject = ${subject}`),
    ...(anyOf.prefixes ?? []).map((prefix) => store.startsWith(prefix)),
    ...(anyOf.types ?? []).map((type) => sql<boolean>`type = ${type}`),
  ].map((one) => sql`SELECT seq FROM (${limited([...common, one])}) AS one`);
  const found = each.length > 0 ? sql.join(each, sql` UNION `) : sql`SELECT seq FROM ${table} WHERE seq < 0`;
  return sql`SELECT seq FROM (${found}) AS several ORDER BY seq ${order} LIMIT ${query.limit}`;
}
