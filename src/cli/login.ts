import { text } from 'node:stream/consumers';
import { rightsText } from '../kit/actor.ts';
import { humanSpan } from '../kit/time.ts';
import { clientOf } from './client.ts';
import { keepCredential, readContexts, refuseUnkept } from './client-config.ts';
import type { Define } from './command.ts';
import { keepContext, refuseImpossible, refuseTaken } from './context.ts';
import { CliError, EXIT, type Exit, type Io } from './io.ts';
import { contextServer, serverUrl } from './server-address.ts';
import type { SignedIn } from './sign-in.ts';

interface LoginOptions {
  readonly server?: string | undefined;
  readonly name?: string | undefined;
  readonly device?: boolean | undefined;
  readonly withToken?: boolean | undefined;
}

/** The server that is meant: named, of the environment, or of the current context. */
export function meantServer(env: Io['env'], named: string | undefined): string {
  const address = named ?? env['SLUICE_SERVER'];
  if (address) return serverUrl(address);
  const { current } = readContexts(env);
  if (current !== null) return contextServer(current, env);
  throw new CliError(EXIT.usage, {
    code: 'NO_SERVER_NAMED',
    message: 'there is no server to sign in at',
    next: 'name it: sluice login --server https://sluice.example',
  });
}

const whoAmI = (url: string, token: string | null) => clientOf({ url, token }).get('/api/v1/me');

/** Where no person watches a screen of this machine, its browser is of no use. */
const hasBrowser = (io: Io): boolean =>
  io.errTty &&
  !io.env['SSH_CONNECTION'] &&
  (process.platform !== 'linux' || Boolean(io.env['DISPLAY'] || io.env['WAYLAND_DISPLAY']));

async function signInAt(io: Io, url: string, o: LoginOptions): Promise<SignedIn> {
  if (o.withToken) return { token: io.input ? (await text(io.input())).trim() : '', seconds: null };
  const { signIn } = await whoAmI(url, null);
  if (signIn === null)
    throw new CliError(EXIT.no, {
      code: 'NO_SIGN_IN',
      message: `${url} declares no sign-in for people (spec.signIn.people)`,
      next: 'use a token: sluice login --with-token < FILE; sluice token create makes one on the machine of the server',
    });
  const { signInByBrowser, signInByDevice } = await import('./sign-in.ts');
  return o.device ? signInByDevice(io, url) : signInByBrowser(io, url, hasBrowser(io));
}

/** The host, as a context can be named: an address of IPv6 has colons of its own. */
const nameOfHost = (url: string): string =>
  new URL(url).host.replace(/^\[(.*)\]/, (_, address: string) => `ip-${address.replaceAll(':', '-')}`);

/** `sluice login --server URL`: signs in at a server, keeps what that gives, and uses the server from now on. */
export async function loginCommand(io: Io, o: LoginOptions): Promise<Exit> {
  const url = meantServer(io.env, o.server);
  const known = readContexts(io.env).contexts.find((one) => one.server === url);
  const name = o.name ?? known?.name ?? nameOfHost(url);
  // All that could be refused once a person has signed in is refused before.
  refuseImpossible(name);
  refuseTaken(io.env, name, url);
  refuseUnkept(io.env);
  const { token, seconds } = await signInAt(io, url, o);
  const { actor, ...rights } = await whoAmI(url, token);
  if (actor === null)
    throw new CliError(EXIT.no, {
      code: 'TOKEN_REFUSED',
      message: `${url} does not accept this token`,
      next: 'check that it is a token of this server, that it has not expired and was not revoked',
    });
  const expiresAt = seconds === null ? null : Date.now() + seconds * 1_000;
  keepCredential(io.env, url, { token, actor, expiresAt });
  keepContext(io.env, name, url, true);
  const until = seconds === null ? '' : ` for ${humanSpan(seconds * 1_000)}`;
  io.out(`Signed in at ${url} as ${actor}, with scope ${rightsText(rights) || 'read'}${until}.\n`);
  io.out('Next: sluice status\n');
  return EXIT.yes;
}

export const define: Define = (command, { io, run }) =>
  command
    .option('--server <url>', 'address of the server (default: SLUICE_SERVER, else the current context)')
    .option('--name <name>', 'name of its context (default: its host)')
    .option('--device', 'confirm a code in a browser on any machine, instead of the browser of this one')
    .option('--with-token', 'read a token from standard input, instead of signing in')
    .action((o) => run(() => loginCommand(io, o)));
