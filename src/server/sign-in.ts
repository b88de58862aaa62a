import type { SignIn } from '../declaration/platform.ts';
import type { Actor } from '../kit/actor.ts';
import { fail, type Result } from '../kit/result.ts';
import { type CommandLineDesk, createCommandLineDesk } from './sign-in/command-line.ts';
import { type KnownKeys, machineOfToken } from './sign-in/machines.ts';
import { beginSignIn, finishSignIn, type PeopleDesk, type Sessions } from './sign-in/people.ts';

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
  /** How a command line elsewhere signs in as a person. */
  readonly commandLine: CommandLineDesk;
  /** The machine that a CI system's token is of; undefined: no declared issuer, claim or signature fits. */
  actorOfToken(token: string): Promise<Actor | undefined>;
}

export function createSignIn(signIn: SignIn, clientSecret: string | null, now: () => number): SignInDesk {
  const { people } = signIn;
  const sessions: Sessions = { pending: new Map(), open: new Map() };
  const keys: KnownKeys = new Map();
  const desk: PeopleDesk | null = people && { people, clientSecret, sessions, now };
  return {
    issuer: people?.issuer ?? null,
    begin: async (publicUrl, returnTo) =>
      desk
        ? beginSignIn(desk, publicUrl, returnTo)
        : fail('no issuer for people is declared: spec.signIn.people'),
    finish: async (publicUrl, url) =>
      desk ? finishSignIn(desk, publicUrl, url) : fail('this sign-in was not started here, or took too long'),
    actorOfSession(session) {
      const found = session === undefined ? undefined : sessions.open.get(session);
      return found && found.until > now() ? found.actor : undefined;
    },
    commandLine: createCommandLineDesk(sessions, now),
    end: (session) => void (session !== undefined && sessions.open.delete(session)),
    actorOfToken: (token) => machineOfToken(signIn, keys, token, now()),
  };
}
