import type { Context, Env, MiddlewareHandler } from 'hono';
import type { Actor } from '../kit/actor.ts';
import { isLoopback, urlHost } from '../kit/addresses.ts';
import { sameSecret } from './auth.ts';
import { type AppParts, bearerOf } from './http.ts';
import { refusal } from './needs.ts';

const VERDICT = '/api/v1/verdict';
/** Says who asks, and where one signs in: whoever is not known asks it first. */
const ME = '/api/v1/me';

interface ReadParts extends Pick<AppParts, 'openReads' | 'verdictToken'> {
  /** Who asks; undefined: nobody that is known. */
  who(c: Context): Promise<Actor | undefined>;
  /** Why what they carry is no longer good; null: it is, or never was. */
  ended?(c: Context): string | null;
}

/** A verdict is answered to whoever carries its token, or to everybody where none is declared. */
const mayAskVerdict = (c: Context, token: string | null): boolean =>
  token === null || sameSecret(bearerOf(c) ?? '', token);

/**
 * Where others reach the server, everything that is read below /api/ needs the scope `read`. A new route is refused
 * to strangers without anybody thinking of it; what is answered to them is named here.
 */
export const readGuard =
  ({ openReads, verdictToken, who, ended }: ReadParts): MiddlewareHandler =>
  async (c, next) => {
    const { method, path } = c.req;
    if (method !== 'GET' || path === ME) return next();
    if (path === VERDICT ? mayAskVerdict(c, verdictToken) : openReads) return next();
    const actor = await who(c);
    const refused = refusal(c, actor, 'read', actor ? null : (ended?.(c) ?? null));
    return refused ?? next();
  };

/** The whole ledger as it is stored has digests of tokens: where others reach the server, it takes an administrator. */
export const exportGuard = <E extends Env>(
  openReads: boolean,
  needsAdmin: MiddlewareHandler<E>,
): MiddlewareHandler<E> => (openReads ? (_, next) => next() : needsAdmin);

/** Whether nobody but this machine reaches a server: it listens there alone, and is served under no further name. */
export const onlyThisMachine = (host: string, allowedHosts: readonly string[]): boolean =>
  isLoopback(urlHost(host)) && allowedHosts.length === 0;
