import { type RawBuilder, sql } from 'kysely';
import type { HistoryQuery } from '../../history.ts';

const like = (text: string): string => text.replace(/[\\%_]/g, (c) => `\\${c}`);

/** A query as SQL conditions over the columns that every store of ours has; `at` is how that store finds the time. */
export function conditionsOf(query: HistoryQuery, at: RawBuilder<number>): RawBuilder<boolean> {
  const { after, before, subject, type, subjectPrefix, subjectSuffix, orTypes, exceptTypes, from, to } =
    query;
  const all: RawBuilder<boolean>[] = [sql<boolean>`seq > ${after ?? 0}`];
  if (before !== undefined) all.push(sql`seq < ${before}`);
  if (subject !== undefined) all.push(sql`subject = ${subject}`);
  if (type !== undefined) all.push(sql`type = ${type}`);
  if (subjectPrefix !== undefined || subjectSuffix !== undefined) {
    const pattern = `${like(subjectPrefix ?? '')}%${like(subjectSuffix ?? '')}`;
    const named = sql<boolean>`subject LIKE ${pattern} ESCAPE '\\'`;
    all.push(orTypes?.length ? sql`(${named} OR type IN (${sql.join([...orTypes])}))` : named);
  }
  if (exceptTypes?.length) all.push(sql`type NOT IN (${sql.join([...exceptTypes])})`);
  if (from !== undefined) all.push(sql`${at} >= ${from}`);
  if (to !== undefined) all.push(sql`${at} <= ${to}`);
  return sql.join(all, sql` AND `);
}
