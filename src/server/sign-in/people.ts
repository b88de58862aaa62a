import { EncryptJWT, jwtDecrypt } from 'jose';
import type { SignIn } from '../../declaration/platform.ts';
import { type Actor, may } from '../../kit/actor.ts';
import { isLoopback } from '../../kit/addresses.ts';
import { fail, messageOf, ok, type Result } from '../../kit/result.ts';
import { newSecret, sameSecret } from '../auth.ts';
import { type Claims, rightsOfGroups, whole } from './claims.ts';

const PENDING_MS = 10 * 60_000;
/** So long a sign-in lasts, in a browser and for a command line. */
export const SESSION_MS = 8 * 3_600_000;
const MAX_SESSIONS = 10_000;

type People = NonNullable<SignIn['people']>;

/** A sign-in that was begun: kept by the browser that began it, sealed, and nowhere else. */
interface Pending {
  readonly state: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly returnTo: string;
}

/** Who is signed in: lost with the process, and then they sign in again. */
export interface Sessions {
  /** By the secret of the session; `until` in milliseconds since 1970. */
  readonly open: Map<string, { who(): Actor | undefined; readonly until: number }>;
}

/** Where to send a browser, and what it must bring back: nobody else can end the sign-in that it began. */
export interface Begun {
  readonly url: string;
  readonly pending: string;
}

/** What a sign-in of people needs: the provider, and the sessions that it begins and ends. */
export interface PeopleDesk {
  readonly people: People;
  readonly clientSecret: string | null;
  readonly sessions: Sessions;
  /** What the provider says of itself, asked seldom. */
  readonly provider: () => Promise<Provider>;
  /** Seals what browsers keep for us: they neither read nor write it. */
  readonly seal: Uint8Array;
  now(): number;
}

/** Keeps a map from growing: the oldest goes first. */
export function bounded<K, V>(map: Map<K, V>, key: K, value: V, limit: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}

/** A cookie holds no more. */
const LONGEST_PATH = 1_500;

/** Only a path of ours, as browsers understand it: no sign-in leads elsewhere. */
export function localPath(path: string, publicUrl: string): string {
  const { origin } = new URL(publicUrl);
  const within = (text: string): URL | null => {
    const url = URL.canParse(text, origin) ? new URL(text, origin) : null;
    return url?.origin === origin ? url : null;
  };
  const url = path.startsWith('/') ? within(path) : null;
  const local = url ? `${url.pathname}${url.search}${url.hash}` : '/';
  // What `/.//elsewhere` comes to begins with two slashes.
  return within(local)?.href === url?.href && local.length <= LONGEST_PATH ? local : '/';
}

const personId = (claims: Claims): string =>
  claims['email_verified'] === true && typeof claims['email'] === 'string'
    ? `oidc:${claims['email']}`
    : `oidc:${claims['sub']}`;

type Provider = Awaited<ReturnType<typeof discover>>;

/** Asks the provider what it is; throws where it does not answer as one. */
export async function discover({ people, clientSecret }: Pick<PeopleDesk, 'people' | 'clientSecret'>) {
  const oidc = await import('openid-client');
  // Plain HTTP is for an issuer on this machine alone: in tests, and to try it.
  const insecure = people.issuer.startsWith('http://') && isLoopback(new URL(people.issuer).hostname);
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
async function begin(desk: PeopleDesk, publicUrl: string, returnTo: string): Promise<Begun> {
  const { oidc, config } = await desk.provider();
  const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
  const begun: Pending = { state, verifier, nonce, returnTo: localPath(returnTo, publicUrl) };
  const pending = await new EncryptJWT({ ...begun })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setExpirationTime(new Date(desk.now() + PENDING_MS))
    .encrypt(desk.seal);
  const { href: url } = oidc.buildAuthorizationUrl(config, {
    redirect_uri: `${publicUrl}/auth/callback`,
    scope: 'openid email profile',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  return { url, pending };
}

/** What a browser brings back of the sign-in that it began; null: nothing of ours, or too late. */
async function begunBy(desk: PeopleDesk, pending: string | undefined): Promise<Pending | null> {
  if (pending === undefined) return null;
  try {
    const { payload } = await jwtDecrypt(pending, desk.seal, {
      currentDate: new Date(desk.now()),
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return payload as unknown as Pending;
  } catch {
    return null;
  }
}

export async function beginSignIn(
  desk: PeopleDesk,
  publicUrl: string,
  returnTo: string,
): Promise<Result<Begun, string>> {
  try {
    return ok(await begin(desk, publicUrl, returnTo));
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
  const { oidc, config } = await desk.provider();
  const tokens = await oidc.authorizationCodeGrant(
    config,
    new URL(`${publicUrl}${given.pathname}${given.search}`),
    {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
    },
  );
  return tokens.claims();
}

/** Begins a session of whoever `who` says at each use; its secret. */
export function beginSession(sessions: Sessions, who: () => Actor | undefined, now: number): string {
  const session = newSecret();
  bounded(sessions.open, session, { who, until: now + SESSION_MS }, MAX_SESSIONS);
  return session;
}

function openSession({ people, sessions, now }: PeopleDesk, claims: Claims): string {
  const rights = rightsOfGroups(claims[people.groupsClaim], people.groups);
  const actor: Actor = {
    id: whole(personId(claims)),
    kind: 'person',
    ...(may(rights, 'read') ? rights : { scopes: ['read'] }),
  };
  return beginSession(sessions, () => actor, now());
}

/**
 * Ends a sign-in, `url` being where the provider sent the browser back to and `pending` what that browser kept: a
 * session and where to go on.
 */
export async function finishSignIn(
  desk: PeopleDesk,
  publicUrl: string,
  url: string,
  pending: string | undefined,
): Promise<Result<{ session: string; returnTo: string }, string>> {
  const given = new URL(url);
  const begun = await begunBy(desk, pending);
  if (!begun || !sameSecret(begun.state, given.searchParams.get('state') ?? ''))
    return fail('this sign-in was not started in this browser, or took too long');
  try {
    const claims = await claimsOf(desk, publicUrl, given, begun);
    if (!claims) return fail('the provider gave no identity');
    return ok({ session: openSession(desk, claims), returnTo: begun.returnTo });
  } catch (thrown) {
    return fail(`the provider did not confirm this sign-in: ${messageOf(thrown)}`);
  }
}
