import { createRemoteJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { request } from 'undici';
import type { SignIn } from '../../declaration/platform.ts';
import { textOf } from '../../io/answer.ts';
import { type Actor, grantIn, rightsOf } from '../../kit/actor.ts';
import { addressRefusal } from '../../kit/addresses.ts';
import { parseForeign } from '../../kit/json.ts';
import { claimsFit, whole } from './claims.ts';
import { seldom } from './seldom.ts';

const CLOCK_SKEW_S = 30;
const TIMEOUT_MS = 5_000;
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'];

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** How the keys of each declared issuer are asked for: seldom, whatever tokens are shown to us. */
type KnownKeys = Map<string, () => Promise<KeySet>>;

async function discoverKeys(issuer: string): Promise<KeySet> {
  const answer = await request(`${issuer}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { jwks_uri: uri, issuer: named } = parseForeign(await textOf(answer)) as {
    jwks_uri: string;
    issuer: string;
  };
  if (named !== issuer) throw new Error(`${issuer} reports the issuer ${named}`);
  const refusal = addressRefusal(uri);
  if (refusal) throw new Error(`${issuer} says that its keys are at ${uri}: ${refusal}`);
  return createRemoteJWKSet(new URL(uri), { timeoutDuration: TIMEOUT_MS });
}

export const keysOfIssuers = ({ machines }: Pick<SignIn, 'machines'>, now: () => number): KnownKeys =>
  new Map(machines.map(({ issuer }) => [issuer, seldom(() => discoverKeys(issuer), now)]));

/** What a token says, if it is of this issuer, for this audience, in time and signed; else null. */
async function payloadFor(
  { issuer, audience }: SignIn['machines'][number],
  keys: KeySet,
  token: string,
  now: number,
): Promise<JWTPayload | null> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      clockTolerance: CLOCK_SKEW_S,
      algorithms: ALGORITHMS,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'sub'],
    });
    return payload;
  } catch {
    return null;
  }
}

async function verified(
  { machines }: Pick<SignIn, 'machines'>,
  known: KnownKeys,
  token: string,
  now: number,
): Promise<Actor | undefined> {
  const { iss } = decodeJwt(token);
  const keys = iss === undefined ? undefined : await known.get(iss)?.();
  if (!keys) return undefined;
  for (const machine of machines.filter((m) => m.issuer === iss)) {
    const payload = await payloadFor(machine, keys, token, now);
    if (payload && claimsFit(payload, machine.claims))
      return { id: whole(`ci:${payload.sub}`), kind: 'machine', ...rightsOf([grantIn(machine)]) };
  }
  return undefined;
}

/** The machine that a CI system's token is of; undefined: no declared issuer, claim or signature fits. */
export const machineOfToken = (
  signIn: Pick<SignIn, 'machines'>,
  known: KnownKeys,
  token: string,
  now: number,
): Promise<Actor | undefined> => verified(signIn, known, token, now).catch(() => undefined);
