import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Actor, type Grant, type LimitedGrant, rightsOf, type TokenScope } from '../kit/actor.ts';
import { isLoopback } from '../kit/addresses.ts';
import { sha256 } from '../kit/digest.ts';
import type { LedgerPort } from '../ledger/port.ts';

/** A token as it is kept: its hash, whose it is, and what it may. */
interface KeptToken {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  /** For everything: what a version that knows no limits reads of a limited token is that it may do nothing. */
  readonly scopes: readonly TokenScope[];
  /** For named services and teams; left out, and by earlier versions: nothing. */
  readonly limited?: readonly LimitedGrant[];
  /** Milliseconds since 1970; null, and left out by earlier versions: it does not expire. */
  readonly expiresAt?: number | null;
  /** The person who carries it; left out: see `carrierOf`. */
  readonly person?: string;
}

/** A token as it is shown: never its secret, nor its hash. */
export interface TokenView {
  readonly id: string;
  readonly name: string;
  /** For everything. */
  readonly scopes: readonly TokenScope[];
  /** For named services and teams alone. */
  readonly limited: readonly LimitedGrant[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly createdBy: string;
  /** The person who carries it. */
  readonly person: string;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** When it was last used at this server; null: not since it started. */
  readonly lastUsedAt: number | null;
}

export interface Tokens {
  /** Who presents this secret; undefined if nobody of ours, or if the token has expired or was revoked. */
  whose(secret: string | undefined, now: number): Actor | undefined;
  /** Why a secret of ours is no longer good; null: it is good, or not of ours. */
  ended(secret: string | undefined, now: number): string | null;
  /** Makes a token; its secret is shown once and kept as a hash only. */
  create(
    name: string,
    grant: Grant,
    by: Actor,
    now: number,
    /** Milliseconds since 1970; left out or null: it does not expire. */
    expiresAt?: number | null,
    /** The person who carries it; left out: whoever makes it, if that is a person by name. */
    person?: string,
  ): Promise<{ id: string; token: string }>;
  /** Why no token can be made under a name; null: one can. What is done with a token is recorded by its name. */
  taken(name: string, now: number): string | null;
  /** Every token, the oldest first; those that were revoked too. */
  list(): readonly TokenView[];
  /** Ends a token by its id; once more changes nothing. Undefined: there is no such token. */
  revoke(id: string, by: Actor, now: number): Promise<TokenView | undefined>;
  /** A token of this process alone, for the command line on this machine. */
  readonly local: string;
}

/** How records name who acts by a token. */
const AS_TOKEN = 'token:';

/** Whoever administers the machine of the server, and its command line there. */
const LOCAL = 'local';

export const newSecret = (): string => `sluice_${randomBytes(24).toString('base64url')}`;

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Compares in a time that tells nothing of where they differ, nor how long a secret is. Digests are of one length
 * whatever was sent, so no text of others makes it throw.
 */
export const sameSecret = (a: string, b: string): boolean => timingSafeEqual(digestOf(a), digestOf(b));

/** A token with its hash, and what became of it. */
interface HeldToken extends TokenView {
  readonly hash: string;
}

/**
 * Who carries a token that names nobody. A person makes one for themselves; who administers the machine is nobody by
 * name and makes tokens for others, so each of those is carried by somebody of its own.
 */
const carrierOf = ({ name, person }: KeptToken, by: string): string =>
  person ?? (by === LOCAL ? `${AS_TOKEN}${name}` : by);

const heldOf = (kept: KeptToken, at: number, by: string): HeldToken => ({
  ...kept,
  limited: kept.limited ?? [],
  createdAt: at,
  createdBy: by,
  person: carrierOf(kept, by),
  expiresAt: kept.expiresAt ?? null,
  revokedAt: null,
  lastUsedAt: null,
});

/** Every token, by its id, and where to find it: what finds one takes the same time however many there are. */
class Held {
  readonly byId = new Map<string, HeldToken>();
  /** Ids. A hash tells nothing of its secret, not even by how long it takes to find. */
  readonly #byHash = new Map<string, string>();
  /** Ids, the oldest first: names were not always unique. */
  readonly #byName = new Map<string, string[]>();

  add(token: HeldToken): void {
    this.byId.set(token.id, token);
    this.#byHash.set(token.hash, token.id);
    this.#byName.set(token.name, [...(this.#byName.get(token.name) ?? []), token.id]);
  }

  /** The token with this secret. */
  of(secret: string): HeldToken | undefined {
    const hash = sha256(secret);
    const token = this.byId.get(this.#byHash.get(hash) ?? '');
    return token && sameSecret(token.hash, hash) ? token : undefined;
  }

  named(name: string): HeldToken[] {
    return (this.#byName.get(name) ?? []).flatMap((id) => this.byId.get(id) ?? []);
  }

  /** Those that act as this: `token:ci`. */
  acting(actor: string): HeldToken[] {
    return actor.startsWith(AS_TOKEN) ? this.named(actor.slice(AS_TOKEN.length)) : [];
  }
}

/** The tokens of a ledger. */
async function heldIn(ledger: LedgerPort): Promise<Held> {
  const held = new Held();
  for (const { data, at, actor } of await ledger.read({ type: 'token.created' }))
    held.add(heldOf(data as KeptToken, at, actor.id));
  for (const { data, at } of await ledger.read({ type: 'token.revoked' })) {
    const found = held.byId.get((data as { id: string }).id);
    if (found) held.byId.set(found.id, { ...found, revokedAt: at });
  }
  return held;
}

const viewOf = ({ hash: _, ...view }: HeldToken): TokenView => view;

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Why a token is no longer good; null: it is. */
function endOf({ name, expiresAt, revokedAt }: TokenView, now: number): string | null {
  if (revokedAt !== null) return `the token "${name}" was revoked on ${day(revokedAt)}`;
  if (expiresAt !== null && expiresAt <= now) return `the token "${name}" expired on ${day(expiresAt)}`;
  return null;
}

/** Who acts by a token: the person who carries it, and everybody who made it. Names were not always unique. */
function actorOfToken(token: HeldToken, held: Held): Actor {
  const madeBy = new Set<string>();
  let { person } = token;
  const add = (maker: string): void => {
    if (madeBy.has(maker)) return;
    madeBy.add(maker);
    for (const one of held.acting(maker)) for (const further of [one.person, one.createdBy]) add(further);
  };
  add(token.createdBy);
  // Whoever makes a token with a token is who carries that one.
  for (const seen = new Set<string>(); !seen.has(person); ) {
    seen.add(person);
    person = held.acting(person)[0]?.person ?? person;
  }
  const { name, scopes, limited } = token;
  const rights = limited.length > 0 ? { scopes, limited } : { scopes };
  return { id: `${AS_TOKEN}${name}`, kind: 'machine', ...rights, person, madeBy: [...madeBy] };
}

/** The tokens of a ledger: what is made or revoked here is recorded there. */
export async function loadTokens(ledger: LedgerPort): Promise<Tokens> {
  const held = await heldIn(ledger);
  /** Also counts those that are being recorded: no two have the same id. */
  let made = held.byId.size;
  /** Names of tokens that are being recorded. */
  const making = new Set<string>();
  const local = newSecret();
  const localHash = sha256(local);
  const record = (type: string, by: Actor, at: number, data: object) =>
    ledger.append([
      { at, type, v: 1, subject: 'tokens', actor: { id: by.id, kind: by.kind }, cause: null, data },
    ]);
  return {
    local,
    whose(secret, now) {
      if (!secret) return undefined;
      if (sameSecret(sha256(secret), localHash)) return { id: LOCAL, kind: 'person', scopes: ['admin'] };
      const token = held.of(secret);
      if (!token || endOf(token, now) !== null) return undefined;
      // Not on record: a dashboard that asks every second would fill the ledger.
      held.byId.set(token.id, { ...token, lastUsedAt: now });
      return actorOfToken(token, held);
    },
    ended(secret, now) {
      const token = secret ? held.of(secret) : undefined;
      return token ? endOf(token, now) : null;
    },
    taken(name, now) {
      if (making.has(name)) return `a token "${name}" is being created`;
      const token = held.named(name).find((one) => endOf(one, now) === null);
      return token ? `the token "${name}" (${token.id}) is in use` : null;
    },
    async create(name, grant, by, now, expiresAt = null, person) {
      const token = newSecret();
      made += 1;
      const id = `t${made}`;
      const kept: KeptToken = {
        id,
        name,
        hash: sha256(token),
        ...rightsOf([grant]),
        ...(expiresAt === null ? {} : { expiresAt }),
        ...(person === undefined ? {} : { person }),
      };
      making.add(name);
      await record('token.created', by, now, kept).finally(() => making.delete(name));
      held.add(heldOf(kept, now, by.id));
      return { id, token };
    },
    list: () => [...held.byId.values()].map(viewOf),
    async revoke(id, by, now) {
      const token = held.byId.get(id);
      if (!token) return undefined;
      if (token.revokedAt !== null) return viewOf(token);
      await record('token.revoked', by, now, { id, name: token.name });
      const revoked = { ...token, revokedAt: now };
      held.byId.set(id, revoked);
      return viewOf(revoked);
    },
  };
}

/** A page of elsewhere must not reach us through a name that points here, nor post from its origin. */
export function foreignRequest(
  host: string | undefined,
  origin: string | undefined,
  allowed: readonly string[],
): string | undefined {
  const name = host?.replace(/:\d+$/, '');
  if (!name || !(isLoopback(name) || allowed.includes(name)))
    return `host ${host ?? '(none)'} is not served here`;
  if (origin && origin !== 'null') {
    const from = URL.canParse(origin) ? new URL(origin).host : '';
    if (from !== host) return `origin ${origin} is not allowed here`;
  } else if (origin === 'null') return 'an opaque origin is not allowed here';
  return undefined;
}
