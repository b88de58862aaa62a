import type pg from 'pg';

/** What pg says when it no longer waits for the answer to a query. */
const GIVEN_UP = 'Query read timeout';

/**
 * Ends a connection on which an answer did not come. pg goes on using it otherwise, and every later query waits behind
 * the lost one: a connection that a network dropped without a word would hold up the ledger for many minutes.
 */
export function endWhenSilent(client: pg.ClientBase): void {
  const ask = client.query.bind(client) as (...asked: unknown[]) => unknown;
  const query = (...asked: unknown[]): unknown => {
    const answer = ask(...asked);
    if (answer instanceof Promise)
      answer.catch((thrown: unknown) => {
        if (thrown instanceof Error && thrown.message === GIVEN_UP)
          void (client as pg.Client).end().catch(() => undefined);
      });
    return answer;
  };
  client.query = query as pg.ClientBase['query'];
}
