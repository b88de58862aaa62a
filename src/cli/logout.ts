import { credentialOf, dropCredential } from './client-config.ts';
import { type Define, type JsonOptions, jsonOption } from './command.ts';
import { EXIT, type Exit, type Io, printJson } from './io.ts';
import { meantServer } from './login.ts';

interface LogoutOptions extends JsonOptions {
  readonly server?: string | undefined;
}

/** `sluice logout`: ends the sign-in at a server, there where it answers, and here in any case. */
export async function logoutCommand(io: Io, o: LogoutOptions): Promise<Exit> {
  const url = meantServer(io.env, o.server);
  const kept = credentialOf(io.env, url);
  dropCredential(io.env, url);
  const { endSession } = await import('./sign-in.ts');
  // What is kept here is gone: at the server it ends by itself, at the latest when it expires.
  const ended = kept
    ? await endSession(url, kept.token).then(
        () => true,
        () => false,
      )
    : false;
  if (o.json) printJson(io, { schema: 'sluice.dev/logout/v1', server: url, signedIn: kept !== undefined });
  else if (!kept) io.out(`Nobody was signed in at ${url}.\n`);
  else
    io.out(
      `Signed out at ${url}.${ended ? '' : ' The server did not answer; there the session ends by itself.'}\n`,
    );
  return EXIT.yes;
}

export const define: Define = (command, { io, run }) =>
  command
    .option('--server <url>', 'address of the server (default: SLUICE_SERVER, else the current context)')
    .addOption(jsonOption())
    .action((o) => run(() => logoutCommand(io, o)));
