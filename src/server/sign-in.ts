import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { request } from 'undici';
import type { SignIn } from '../declaration/platform.ts';
import type { Actor, Scope } from '../kit/actor.ts';
import { fail, messageOf, ok, type Result } from '../kit/result.ts';
import { newSecret } from './auth.ts';

/** Who signs in, and by whose word: people by OpenID Connect in a browser, CI systems by tokens they carry. */
export interface SignInDesk {
  /** The issuer that people sign in with; null: none is declared. */
  readonly issuer: string | null;
  /** Where a browser is sent to sign in, or why it cannot be. */
  begin(publicUrl: string, returnTo: string): Promise<Result<string, string>>;
  /** Ends the sign-in that `begin` began: a session and where to go on. */
  finish(publicUrl: string, url: string): Promise<Result<{ session: string; returnTo: string }, string>>;
  actorOfSession(session: string | undefined): Actor | undefined;
  end(session: string | undefined): void;
  /** The machine that a CI system's token is of; undefined: no declared issuer, claim or signature fits. */
  actorOfToken(token: string): Promise<Actor | undefined>;
}

const PENDING_MS = 10 * 60_000;
const SESSION_MS = 8 * 3_600_000;
const MAX_PENDING = 1_000;
const MAX_SESSIONS = 10_000;
const CLOCK_SKEW_S = 30;
const TIMEOUT_MS = 5_000;
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'];

interface Pending {
  readonly verifier: string;
  readonly nonce: string;
  readonly returnTo: string;
  readonly until: number;
}

/** Keeps a map from growing: the oldest goes first. */
function bounded<K, V>(map: Map<K, V>, key: K, value: V, limit: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}

/** Only a path of ours: no sign-in leads elsewhere. */
const localPath = (path: string): string => (/^\/(?![/\\])/.test(path) ? path : '/');

type Claims = Readonly<Record<string, unknown>>;

/** Scopes of all groups that a claim lists. */
export function scopesOfGroups(claim: unknown, groups: Readonly<Record<string, readonly Scope[]>>): Scope[] {
  const mine = Array.isArray(claim) ? claim : typeof claim === 'string' ? [claim] : [];
  return [...new Set(mine.flatMap((group) => (typeof group === 'string' ? (groups[group] ?? []) : [])))];
}

const personId = (claims: Claims): string =>
  claims['email_verified'] === true && typeof claims['email'] === 'string'
    ? `oidc:${claims['email']}`
    : `oidc:${claims['sub']}`;

/** Every declared claim has exactly the declared value, or matches it where it ends in `*`. */
export const claimsFit = (claims: Claims, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => {
    const got = claims[name];
    if (typeof got !== 'string') return false;
    return value.endsWith('*') ? got.startsWith(value.slice(0, -1)) : got === value;
  });

/** Plain HTTP is for an issuer on this machine alone: in tests, and to try it. */
const isLoopback = (issuer: string): boolean =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(issuer).hostname);

export function createSignIn(signIn: SignIn, clientSecret: string | null, now: () => number): SignInDesk {
  const { people } = signIn;
  const pending = new Map<string, Pending>();
  const sessions = new Map<string, { actor: Actor; until: number }>();
  const keys = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

  async function provider() {
    const oidc = await import('openid-client');
    const insecure = people!.issuer.startsWith('http://') && isLoopback(people!.issuer);
    const config = await oidc.discovery(
      new URL(people!.issuer),
      people!.clientId,
      clientSecret ?? undefined,
      clientSecret ? undefined : oidc.None(),
      insecure ? { execute: [oidc.allowInsecureRequests] } : {},
    );
    return { oidc, config };
  }

  async function keysOf(issuer: string) {
    const known = keys.get(issuer);
    if (known) return known;
    const answer = await request(`${issuer}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { jwks_uri: uri, issuer: named } = (await answer.body.json()) as {
      jwks_uri: string;
      issuer: string;
    };
    if (named !== issuer) throw new Error(`${issuer} calls itself ${named}`);
    const set = createRemoteJWKSet(new URL(uri), { timeoutDuration: TIMEOUT_MS });
    keys.set(issuer, set);
    return set;
  }

  return {
    issuer: people?.issuer ?? null,
    async begin(publicUrl, returnTo) {
      if (!people) return fail('no issuer for people is declared: spec.signIn.people');
      try {
        const { oidc, config } = await provider();
        const [verifier, state, nonce] = [
          oidc.randomPKCECodeVerifier(),
          oidc.randomState(),
          oidc.randomNonce(),
        ];
        const until = now() + PENDING_MS;
        bounded(pending, state, { verifier, nonce, returnTo: localPath(returnTo), until }, MAX_PENDING);
        const url = oidc.buildAuthorizationUrl(config, {
          redirect_uri: `${publicUrl}/auth/callback`,
          scope: 'openid email profile',
          code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          state,
          nonce,
        });
        return ok(url.href);
      } catch (thrown) {
        return fail(`${people.issuer} does not answer as an OpenID provider: ${messageOf(thrown)}`);
      }
    },
    async finish(publicUrl, url) {
      const given = new URL(url);
      const state = given.searchParams.get('state') ?? '';
      const begun = pending.get(state);
      pending.delete(state);
      if (!people || !begun || begun.until < now())
        return fail('this sign-in was not begun here, or took too long');
      try {
        const { oidc, config } = await provider();
        const tokens = await oidc.authorizationCodeGrant(
          config,
          new URL(`${publicUrl}${given.pathname}${given.search}`),
          { pkceCodeVerifier: begun.verifier, expectedState: state, expectedNonce: begun.nonce },
        );
        const claims = tokens.claims();
        if (!claims) return fail('the provider gave no identity');
        const scopes = scopesOfGroups(claims[people.groupsClaim], people.groups);
        const actor: Actor = {
          id: personId(claims),
          kind: 'person',
          scopes: scopes.length > 0 ? scopes : ['read'],
        };
        const session = newSecret();
        bounded(sessions, session, { actor, until: now() + SESSION_MS }, MAX_SESSIONS);
        return ok({ session, returnTo: begun.returnTo });
      } catch (thrown) {
        return fail(`the provider did not confirm this sign-in: ${messageOf(thrown)}`);
      }
    },
    actorOfSession(session) {
      const found = session === undefined ? undefined : sessions.get(session);
      return found && found.until > now() ? found.actor : undefined;
    },
    end: (session) => void (session !== undefined && sessions.delete(session)),
    async actorOfToken(token) {
      try {
        const { iss } = decodeJwt(token);
        for (const machine of signIn.machines.filter((m) => m.issuer === iss)) {
          const { payload } = await jwtVerify(token, await keysOf(machine.issuer), {
            issuer: machine.issuer,
            audience: machine.audience,
            clockTolerance: CLOCK_SKEW_S,
            algorithms: ALGORITHMS,
            currentDate: new Date(now()),
            requiredClaims: ['exp', 'sub'],
          });
          if (claimsFit(payload, machine.claims))
            return { id: `ci:${payload.sub}`, kind: 'machine', scopes: machine.scopes };
        }
        return undefined;
      } catch {
        return undefined;
      }
    },
  };
}
