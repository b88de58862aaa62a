import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { request } from 'undici';
import type { SignIn } from '../../declaration/platform.ts';
import type { Actor } from '../../kit/actor.ts';
import { parseForeign } from '../../kit/json.ts';
import { claimsFit, whole } from './claims.ts';

const CLOCK_SKEW_S = 30;
const TIMEOUT_MS = 5_000;
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'];

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** The keys of each issuer that were fetched already. */
export type KnownKeys = Map<string, KeySet>;

async function keysOf(known: KnownKeys, issuer: string): Promise<KeySet> {
  const found = known.get(issuer);
  if (found) return found;
  const answer = await request(`${issuer}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { jwks_uri: uri, issuer: named } = parseForeign(await answer.body.text()) as {
    jwks_uri: string;
    issuer: string;
  };
  if (named !== issuer) throw new Error(`${issuer} reports the issuer ${named}`);
  const set = createRemoteJWKSet(new URL(uri), { timeoutDuration: TIMEOUT_MS });
  known.set(issuer, set);
  return set;
}

async function verified(
  { machines }: Pick<SignIn, 'machines'>,
  known: KnownKeys,
  token: string,
  now: number,
): Promise<Actor | undefined> {
  const { iss } = decodeJwt(token);
  for (const machine of machines.filter((m) => m.issuer === iss)) {
    const { payload } = await jwtVerify(token, await keysOf(known, machine.issuer), {
      issuer: machine.issuer,
      audience: machine.audience,
      clockTolerance: CLOCK_SKEW_S,
      algorithms: ALGORITHMS,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'sub'],
    });
    if (claimsFit(payload, machine.claims))
      return { id: whole(`ci:${payload.sub}`), kind: 'machine', scopes: machine.scopes };
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
