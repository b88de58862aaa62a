import { type AnyOf, type History, type HistoryQuery, singleFlight } from '../../history.ts';
import { type LedgerRecord, verifyChain } from '../../record.ts';

const isAnyOf = (
  { subject, type }: LedgerRecord,
  { subjects = [], prefixes = [], types = [] }: AnyOf,
): boolean =>
  subjects.includes(subject) || types.includes(type) || prefixes.some((prefix) => subject.startsWith(prefix));

function fits(record: LedgerRecord, q: HistoryQuery): boolean {
  const { seq, subject, type, at } = record;
  return (
    seq > (q.after ?? 0) &&
    (q.before === undefined || seq < q.before) &&
    (q.subject === undefined || subject === q.subject) &&
    (q.type === undefined || type === q.type) &&
    (!q.anyOf || isAnyOf(record, q.anyOf)) &&
    !(q.exceptTypes ?? []).includes(type) &&
    (q.from === undefined || at >= q.from) &&
    (q.to === undefined || at <= q.to)
  );
}

/** The history of a ledger in memory, in place. */
export function memoryHistory(records: readonly LedgerRecord[], texts: readonly string[]): History {
  return {
    async page(query) {
      const found = records.filter((record) => fits(record, query));
      const ordered = query.after === undefined ? found.reverse() : found;
      return ordered.slice(0, query.limit).map(({ seq }) => texts[seq - 1]!);
    },
    verify: singleFlight(async () => verifyChain(texts)),
    close: async () => {},
  };
}
