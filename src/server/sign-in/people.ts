import type { SignIn } from '../../declaration/platform.ts';
import type { Actor } from '../../kit/actor.ts';
import { fail, messageOf, ok, type Result } from '../../kit/result.ts';
import { newSecret } from '../auth.ts';
import { type Claims, scopesOfGroups, whole } from './claims.ts';

const PENDING_MS = 10 * 60_000;
/** So long a sign-in lasts, in a browser and for a command line. */
export const SESSION_MS = 8 * 3_600_000;
const MAX_PENDING = 1_000;
const MAX_SESSIONS = 10_000;

type People = NonNullable<SignIn['people']>;

interface Pending {
  readonly verifier: string;
  readonly nonce: string;
  readonly returnTo: string;
  readonly until: number;
}

/** Who is signing in, and who is signed in: lost with the process, and then they sign in again. */
export interface Sessions {
  /** By the state of the sign-in. */
  readonly pending: Map<string, Pending>;
  /** By the secret of the session; `until` in milliseconds since 1970. */
  readonly open: Map<string, { readonly actor: Actor; readonly until: number }>;
}

/** What a sign-in of people needs: the provider, and the sessions that it begins and ends. */
export interface PeopleDesk {
  readonly people: People;
  readonly clientSecret: string | null;
  readonly sessions: Sessions;
  now(): number;
}

/** Keeps a map from growing: the oldest goes first. */
export function bounded<K, V>(map: Map<K, V>, key: K, value: V, limit: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}

/** Only a path of ours: no sign-in leads elsewhere. */
const localPath = (path: string): string => (/^\/(?![/\\])/.test(path) ? path : '/');

const personId = (claims: Claims): string =>
  claims['email_verified'] === true && typeof claims['email'] === 'string'
    ? `oidc:${claims['email']}`
    : `oidc:${claims['sub']}`;

/** Plain HTTP is for an issuer on this machine alone: in tests, and to try it. */
const isLoopback = (issuer: string): boolean =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(issuer).hostname);

async function provider({ people, clientSecret }: PeopleDesk) {
  const oidc = await import('openid-client');
  const insecure = people.issuer.startsWith('http://') && isLoopback(people.issuer);
  const config = await oidc.discovery(
    new URL(people.issuer),
    people.clientId,
    clientSecret ?? undefined,
    clientSecret ? undefined : oidc.None(),
    insecure ? { execute: [oidc.allowInsecureRequests] } : {},
  );
  return { oidc, config };
}

/** Where a browser is sent to sign in; throws where the provider does not answer as one. */
async function signInUrl(desk: PeopleDesk, publicUrl: string, returnTo: string): Promise<string> {
  const { oidc, config } = await provider(desk);
  const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
  const until = desk.now() + PENDING_MS;
  const begun = { verifier, nonce, returnTo: localPath(returnTo), until };
  bounded(desk.sessions.pending, state, begun, MAX_PENDING);
  return oidc.buildAuthorizationUrl(config, {
    redirect_uri: `${publicUrl}/auth/callback`,
    scope: 'openid email profile',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  }).href;
}

export async function beginSignIn(
  desk: PeopleDesk,
  publicUrl: string,
  returnTo: string,
): Promise<Result<string, string>> {
  try {
    return ok(await signInUrl(desk, publicUrl, returnTo));
  } catch (thrown) {
    return fail(`${desk.people.issuer} does not answer as an OpenID provider: ${messageOf(thrown)}`);
  }
}

/** Claims that the provider confirms for a sign-in that was begun here; throws where it does not. */
async function claimsOf(
  desk: PeopleDesk,
  publicUrl: string,
  given: URL,
  begun: Pending,
): Promise<Claims | undefined> {
  const { oidc, config } = await provider(desk);
  const tokens = await oidc.authorizationCodeGrant(
    config,
    new URL(`${publicUrl}${given.pathname}${given.search}`),
    {
      pkceCodeVerifier: begun.verifier,
      expectedState: given.searchParams.get('state') ?? '',
      expectedNonce: begun.nonce,
    },
  );
  return tokens.claims();
}

/** Begins a session; its secret. */
export function beginSession(sessions: Pick<Sessions, 'open'>, actor: Actor, now: number): string {
  const session = newSecret();
  bounded(sessions.open, session, { actor, until: now + SESSION_MS }, MAX_SESSIONS);
  return session;
}

function openSession({ people, sessions, now }: PeopleDesk, claims: Claims): string {
  const scopes = scopesOfGroups(claims[people.groupsClaim], people.groups);
  const actor: Actor = {
    id: whole(personId(claims)),
    kind: 'person',
    scopes: scopes.length > 0 ? scopes : ['read'],
  };
  return beginSession(sessions, actor, now());
}

/** Ends a sign-in, `url` being where the provider sent the browser back to: a session and where to go on. */
export async function finishSignIn(
  desk: PeopleDesk,
  publicUrl: string,
  url: string,
): Promise<Result<{ session: string; returnTo: string }, string>> {
  const given = new URL(url);
  const { pending } = desk.sessions;
  const state = given.searchParams.get('state') ?? '';
  const begun = pending.get(state);
  pending.delete(state);
  if (!begun || begun.until < desk.now()) return fail('this sign-in was not started here, or took too long');
  try {
    const claims = await claimsOf(desk, publicUrl, given, begun);
    if (!claims) return fail('the provider gave no identity');
    return ok({ session: openSession(desk, claims), returnTo: begun.returnTo });
  } catch (thrown) {
    return fail(`the provider did not confirm this sign-in: ${messageOf(thrown)}`);
  }
}
