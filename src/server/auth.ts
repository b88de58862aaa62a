import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Actor, Scope } from '../kit/actor.ts';
import { sha256 } from '../kit/digest.ts';
import type { LedgerPort } from '../ledger/port.ts';

/** A token as it is kept: its hash, whose it is, and what it may. */
interface KeptToken {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly scopes: readonly Scope[];
}

export interface Tokens {
  /** Who presents this secret; undefined if nobody of ours. */
  whose(secret: string | undefined): Actor | undefined;
  /** Makes a token; its secret is shown once and kept as a hash only. */
  create(
    name: string,
    scopes: readonly Scope[],
    by: Actor,
    now: number,
  ): Promise<{ id: string; token: string }>;
  /** A token of this process alone, for the command line on this machine. */
  readonly local: string;
}

export const newSecret = (): string => `sluice_${randomBytes(24).toString('base64url')}`;

/** Compares in a time that tells nothing of where they differ. */
export const sameSecret = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export async function loadTokens(ledger: LedgerPort): Promise<Tokens> {
  const tokens: KeptToken[] = (await ledger.read({ type: 'token.created' })).map((r) => r.data as KeptToken);
  const local = newSecret();
  const localHash = sha256(local);
  return {
    local,
    whose(secret) {
      if (!secret) return undefined;
      const hash = sha256(secret);
      if (sameSecret(hash, localHash)) return { id: 'local', kind: 'person', scopes: ['admin'] };
      const token = tokens.find((t) => sameSecret(t.hash, hash));
      return token ? { id: `token:${token.name}`, kind: 'machine', scopes: token.scopes } : undefined;
    },
    async create(name, scopes, by, now) {
      const token = newSecret();
      const kept: KeptToken = { id: `t${tokens.length + 1}`, name, hash: sha256(token), scopes };
      await ledger.append([
        {
          at: now,
          type: 'token.created',
          v: 1,
          subject: 'tokens',
          actor: { id: by.id, kind: by.kind },
          cause: null,
          data: kept,
        },
      ]);
      tokens.push(kept);
      return { id: kept.id, token };
    },
  };
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** A page of elsewhere must not reach us through a name that points here, nor post from its origin. */
export function foreignRequest(
  host: string | undefined,
  origin: string | undefined,
  allowed: readonly string[],
): string | undefined {
  const name = host?.replace(/:\d+$/, '');
  if (!name || !(LOOPBACK.has(name) || allowed.includes(name)))
    return `host ${host ?? '(none)'} is not served here`;
  if (origin && origin !== 'null') {
    const from = URL.canParse(origin) ? new URL(origin).host : '';
    if (from !== host) return `origin ${origin} may not ask here`;
  } else if (origin === 'null') return 'an opaque origin may not ask here';
  return undefined;
}
