import { randomBytes } from 'node:crypto';
import type { SignIn } from '../declaration/platform.ts';
import type { Actor } from '../kit/actor.ts';
import { fail, type Result } from '../kit/result.ts';
import { type CommandLineDesk, createCommandLineDesk } from './sign-in/command-line.ts';
import { keysOfIssuers, machineOfToken } from './sign-in/machines.ts';
import {
  type Begun,
  beginSession,
  beginSignIn,
  discover,
  finishSignIn,
  type PeopleDesk,
  type Sessions,
} from './sign-in/people.ts';
import { seldom } from './sign-in/seldom.ts';

/** Who signs in, and by whose word: people by OpenID Connect in a browser, CI systems by tokens they carry. */
export interface SignInDesk {
  /** The issuer that people sign in with; null: none is declared. */
  readonly issuer: string | null;
  /** Where a browser is sent to sign in and what it keeps meanwhile, or why it cannot be. */
  begin(publicUrl: string, returnTo: string): Promise<Result<Begun, string>>;
  /** Ends the sign-in that `begin` began in the same browser: a session and where to go on. */
  finish(
    publicUrl: string,
    url: string,
    pending: string | undefined,
  ): Promise<Result<{ session: string; returnTo: string }, string>>;
  /** Begins a session of a token: whoever it is of at each use, so that it ends with the token. */
  beginWithToken(who: () => Actor | undefined): string;
  actorOfSession(session: string | undefined): Actor | undefined;
  end(session: string | undefined): void;
  /** How a command line elsewhere signs in as a person. */
  readonly commandLine: CommandLineDesk;
  /** The machine that a CI system's token is of; undefined: no declared issuer, claim or signature fits. */
  actorOfToken(token: string): Promise<Actor | undefined>;
}

export function createSignIn(signIn: SignIn, clientSecret: string | null, now: () => number): SignInDesk {
  const { people } = signIn;
  const sessions: Sessions = { open: new Map() };
  const keys = keysOfIssuers(signIn, now);
  const desk: PeopleDesk | null = people && {
    people,
    clientSecret,
    sessions,
    provider: seldom(() => discover({ people, clientSecret }), now),
    seal: randomBytes(32),
    now,
  };
  return {
    issuer: people?.issuer ?? null,
    begin: async (publicUrl, returnTo) =>
      desk
        ? beginSignIn(desk, publicUrl, returnTo)
        : fail('no issuer for people is declared: spec.signIn.people'),
    finish: async (publicUrl, url, pending) =>
      desk
        ? finishSignIn(desk, publicUrl, url, pending)
        : fail('no issuer for people is declared: spec.signIn.people'),
    beginWithToken: (who) => beginSession(sessions, who, now()),
    actorOfSession(session) {
      const found = session === undefined ? undefined : sessions.open.get(session);
      return found && found.until > now() ? found.who() : undefined;
    },
    commandLine: createCommandLineDesk(sessions, now),
    end: (session) => void (session !== undefined && sessions.open.delete(session)),
    actorOfToken: (token) => machineOfToken(signIn, keys, token, now()),
  };
}
