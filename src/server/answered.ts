import { sha256 } from '../kit/digest.ts';
import { type Answered, problem } from './http.ts';

/** So many answers are remembered, for so long: for whoever lost one and asks again. */
const MOST = 1_000;
const KEPT_MS = 10 * 60_000;

interface Kept {
  readonly at: number;
  /** What was asked under the key. */
  readonly asked: string;
  readonly answer: Promise<Response>;
}

export function createAnswered(now: () => number): Answered {
  const kept = new Map<string, Kept>();
  function forget(): void {
    for (const [key, { at }] of kept) if (kept.size > MOST || now() - at > KEPT_MS) kept.delete(key);
  }
  return {
    async once(c, actor, next) {
      const key = c.req.header('idempotency-key');
      if (c.req.method !== 'POST' || !key) {
        await next();
        return undefined;
      }
      const name = JSON.stringify([actor, key]);
      const asked = sha256(`${c.req.path}\n${await c.req.text()}`);
      forget();
      const before = kept.get(name);
      if (before && before.asked !== asked)
        return problem(
          c,
          409,
          'Two orders under one key',
          'this idempotency-key was used for another order',
          'give each order a key of its own',
        );
      if (before) return (await before.answer).clone();
      const answer = next().then(() => c.res.clone());
      kept.set(name, { at: now(), asked, answer });
      // What was not carried out may be asked for again.
      const drop = () => kept.get(name)?.answer === answer && kept.delete(name);
      answer.then(({ status }) => status >= 400 && drop(), drop);
      await answer;
      return undefined;
    },
  };
}
