import { createHash, randomInt } from 'node:crypto';
import type { Actor } from '../../kit/actor.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import { newSecret, sameSecret } from '../auth.ts';
import { beginSession, bounded, SESSION_MS, type Sessions } from './people.ts';

/** The one client of these grants: it runs on machines of people and keeps no secret. */
export const CLIENT_ID = 'sluice-cli';
/** A person has so long to allow a sign-in, and a command line so long to fetch it. */
const DEVICE_MS = 10 * 60_000;
const CODE_MS = 60_000;
/** So many wait at once; whoever comes then is asked to wait, so that nobody who waits is put out. */
const MAX_DEVICES = 10_000;
const MAX_CODES = 1_000;
/** A command line asks no more often. */
export const POLL_S = 2;
/** Without vowels, and without letters that look like others: it spells nothing, and is read out. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

/** A session for a command line. */
interface Opened {
  readonly session: string;
  readonly seconds: number;
  readonly actor: Actor;
}

/** Error codes of RFC 6749 and RFC 8628. */
type GrantError = 'invalid_grant' | 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token';

interface Device {
  readonly userCode: string;
  readonly until: number;
  readonly polledAt: number | null;
  /** What a person answered; null: nobody has yet. */
  readonly answer: Actor | 'denied' | null;
}

interface DeviceBegun {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly seconds: number;
}

interface Code {
  readonly actor: Actor;
  readonly challenge: string;
  readonly redirectUri: string;
  readonly until: number;
}

/** Lets a command line act as a person who is signed in to this server and allows it. */
export interface CommandLineDesk {
  /** A code for a redirect to this machine, bound to the challenge of who asked (RFC 7636). */
  allow(actor: Actor, challenge: string, redirectUri: string): string;
  redeem(code: string, verifier: string, redirectUri: string): Result<Opened, GrantError>;
  /** Begins a sign-in on another device (RFC 8628). */
  beginDevice(): Result<DeviceBegun, 'slow_down'>;
  /** Whether somebody waits with this code. */
  waits(userCode: string): boolean;
  /** What a person answers to a code; false: nobody waits with it. */
  answerDevice(userCode: string, answer: Actor | 'denied'): boolean;
  poll(deviceCode: string): Result<Opened, GrantError>;
}

/** Only this machine is told: whoever asks listens on its loopback interface (RFC 8252). */
export function isLoopbackRedirect(uri: string): boolean {
  const url = URL.canParse(uri) ? new URL(uri) : null;
  return url?.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(url.hostname) && !url.username;
}

const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

const newUserCode = (): string => {
  const letters = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
};

/** As a person may type it: without the dash, in small letters. */
const plainCode = (userCode: string): string => userCode.toUpperCase().replace(/[^A-Z]/g, '');

/** Codes are lost with the process, as sessions are: then a command line asks again. */
export function createCommandLineDesk(sessions: Sessions, now: () => number): CommandLineDesk {
  const codes = new Map<string, Code>();
  const devices = new Map<string, Device>();
  const opened = (actor: Actor): Opened => ({
    session: beginSession(sessions, () => actor, now()),
    seconds: SESSION_MS / 1_000,
    actor,
  });
  const forgetLate = (): void => {
    for (const [code, { until }] of devices) if (until <= now()) devices.delete(code);
  };
  const waiting = (userCode: string): [string, Device] | undefined =>
    [...devices].find(
      ([, d]) => d.answer === null && d.until > now() && plainCode(d.userCode) === plainCode(userCode),
    );
  return {
    allow(actor, challenge, redirectUri) {
      const code = newSecret();
      bounded(codes, code, { actor, challenge, redirectUri, until: now() + CODE_MS }, MAX_CODES);
      return code;
    },
    redeem(code, verifier, redirectUri) {
      const found = codes.get(code);
      codes.delete(code);
      return found &&
        found.until > now() &&
        found.redirectUri === redirectUri &&
        sameSecret(found.challenge, challengeOf(verifier))
        ? ok(opened(found.actor))
        : fail('invalid_grant');
    },
    beginDevice() {
      const [deviceCode, userCode] = [newSecret(), newUserCode()];
      if (devices.size >= MAX_DEVICES) forgetLate();
      if (devices.size >= MAX_DEVICES) return fail('slow_down');
      devices.set(deviceCode, { userCode, until: now() + DEVICE_MS, polledAt: null, answer: null });
      return ok({ deviceCode, userCode, seconds: DEVICE_MS / 1_000 });
    },
    waits: (userCode) => waiting(userCode) !== undefined,
    answerDevice(userCode, answer) {
      const found = waiting(userCode);
      if (found) devices.set(found[0], { ...found[1], answer });
      return found !== undefined;
    },
    poll(deviceCode) {
      const found = devices.get(deviceCode);
      if (!found || found.until <= now()) return fail('expired_token');
      if (found.answer !== null) devices.delete(deviceCode);
      if (found.answer === 'denied') return fail('access_denied');
      if (found.answer !== null) return ok(opened(found.answer));
      const early = found.polledAt !== null && now() - found.polledAt < POLL_S * 500;
      devices.set(deviceCode, { ...found, polledAt: now() });
      return fail(early ? 'slow_down' : 'authorization_pending');
    },
  };
}
