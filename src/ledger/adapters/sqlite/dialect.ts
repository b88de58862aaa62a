import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/** Whether a query gives no rows but a count of them: Node 22.13 cannot ask a prepared statement for its columns. */
function onlyCounts({ query }: CompiledQuery): boolean {
  const writes = query.kind === 'InsertQueryNode' || query.kind === 'UpdateQueryNode';
  return (writes || query.kind === 'DeleteQueryNode') && query.returning === undefined;
}

/** Kysely over node:sqlite: parameters spread, transactions immediate, one connection behind one mutex. */
export function nodeSqliteDialect(database: DatabaseSync): Dialect {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const statement = database.prepare(query.sql);
      const parameters = query.parameters as SQLInputValue[];
      if (!onlyCounts(query)) return { rows: statement.all(...parameters) as R[] };
      const { changes } = statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes) };
    },
    // biome-ignore lint/correctness/useYield: streaming is not offered by this connection
    async *streamQuery() {
      throw new Error('node:sqlite does not stream');
    },
  };
  let busy: Promise<void> = Promise.resolve();
  let release: () => void = () => {};
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => {
      const before = busy;
      let free: () => void = () => {};
      busy = new Promise((resolve) => {
        free = resolve;
      });
      await before;
      release = free;
      return connection;
    },
    beginTransaction: async () => void (await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'))),
    commitTransaction: async () => void (await connection.executeQuery(CompiledQuery.raw('COMMIT'))),
    // A full disk makes SQLite roll back by itself: a second rollback would hide the first error.
    rollbackTransaction: async () => {
      if (database.isTransaction) await connection.executeQuery(CompiledQuery.raw('ROLLBACK'));
    },
    releaseConnection: async () => release(),
    destroy: async () => database.close(),
  };
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}
