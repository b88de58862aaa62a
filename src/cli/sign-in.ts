import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type * as OpenIdClient from 'openid-client';
import { isLoopback } from '../kit/addresses.ts';
import { messageOf } from '../kit/result.ts';
import { CliError, EXIT, type Io } from './io.ts';

type Oidc = typeof OpenIdClient;

/** A session that a server gave to this command line. */
export interface SignedIn {
  readonly token: string;
  /** So long it lasts; null: the server did not say. */
  readonly seconds: number | null;
}

const CLIENT_ID = 'sluice-cli';
/** A person has so long in the browser. */
const PATIENCE_MS = 5 * 60_000;

/** The server's own endpoints for command lines: it signs people in by whatever provider it declares. */
async function clientAt(url: string): Promise<{ oidc: Oidc; config: OpenIdClient.Configuration }> {
  const plain = url.startsWith('http://');
  if (plain && !isLoopback(new URL(url).hostname))
    throw new CliError(EXIT.usage, {
      code: 'NOT_ENCRYPTED',
      message: `${url} is not encrypted: what a sign-in gives could be read by others`,
      next: 'use its https address, or kubectl port-forward and http://127.0.0.1',
    });
  const oidc = await import('openid-client');
  const config = new oidc.Configuration(
    {
      issuer: url,
      authorization_endpoint: `${url}/auth/authorize`,
      token_endpoint: `${url}/auth/token`,
      device_authorization_endpoint: `${url}/auth/device/code`,
      revocation_endpoint: `${url}/auth/revoke`,
    },
    CLIENT_ID,
    undefined,
    oidc.None(),
  );
  if (plain) oidc.allowInsecureRequests(config);
  return { oidc, config };
}

const failed = (url: string, thrown: unknown): CliError => {
  if (thrown instanceof CliError) return thrown;
  const denied = thrown instanceof Error && 'error' in thrown && thrown.error === 'access_denied';
  if (denied)
    return new CliError(EXIT.no, {
      code: 'SIGN_IN_DENIED',
      message: 'the sign-in was denied in the browser',
      next: 'run sluice login again, and allow it',
    });
  const { cause } = thrown instanceof Error ? thrown : { cause: undefined };
  return new CliError(EXIT.unreachable, {
    code: 'SIGN_IN_FAILED',
    message: `${url} did not sign you in: ${messageOf(thrown)}${cause instanceof Error ? ` (${cause.message})` : ''}`,
    next: 'check the address, and run sluice login again; in scripts use sluice login --with-token',
  });
};

const signedIn = (answer: { access_token: string; expires_in?: number | undefined }): SignedIn => ({
  token: answer.access_token,
  seconds: answer.expires_in ?? null,
});

/** What stops a sign-in that nobody ends: the person, or time. */
const patience = (io: Io): AbortSignal => AbortSignal.any([io.signal, AbortSignal.timeout(PATIENCE_MS)]);

/** Opens a page where the machine has a browser; where it has none, the person opens it. */
function openBrowser(io: Io, url: string): void {
  const [program, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : [io.env['BROWSER'] || 'xdg-open', url];
  const child = spawn(program!, args, { stdio: 'ignore', detached: true, env: { ...io.env } });
  child.on('error', () => {});
  child.unref();
}

/** With a browser on another device: the person types the code that is shown here (RFC 8628). */
export async function signInByDevice(io: Io, url: string): Promise<SignedIn> {
  try {
    const { oidc, config } = await clientAt(url);
    const begun = await oidc.initiateDeviceAuthorization(config, {});
    io.err(`Open ${begun.verification_uri_complete ?? begun.verification_uri}\n`);
    io.err(`and confirm the code ${begun.user_code}. Waiting …\n`);
    return signedIn(
      await oidc.pollDeviceAuthorizationGrant(config, begun, undefined, { signal: patience(io) }),
    );
  } catch (thrown) {
    throw failed(url, thrown);
  }
}

const CLOSE_PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sluice</title><p>Back to the terminal: you can close this page.</p></html>';

/** Waits for the browser to come back with a code. */
async function callbackAt(server: Server, signal: AbortSignal): Promise<URL> {
  const { port } = server.address() as AddressInfo;
  const events = { signal };
  for (;;) {
    const [request, response] = await once(server, 'request', events);
    const url = new URL(request.url ?? '/', `http://127.0.0.1:${port}`);
    const ours = url.pathname === '/callback';
    response.writeHead(ours ? 200 : 404, { 'content-type': 'text/html', connection: 'close' });
    response.end(ours ? CLOSE_PAGE : '');
    if (ours) return url;
  }
}

/** With a browser on this machine: it comes back with a code, which is worth nothing to others (RFC 7636, 8252). */
export async function signInByBrowser(io: Io, url: string, open: boolean): Promise<SignedIn> {
  const server = createServer().listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { oidc, config } = await clientAt(url);
    const [verifier, state] = [oidc.randomPKCECodeVerifier(), oidc.randomState()];
    const to = oidc.buildAuthorizationUrl(config, {
      redirect_uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
    }).href;
    io.err(`Sign in with your browser: ${to}\n`);
    const coming = callbackAt(server, patience(io));
    if (open) openBrowser(io, to);
    const answer = await oidc.authorizationCodeGrant(config, await coming, {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    return signedIn(answer);
  } catch (thrown) {
    throw failed(url, thrown);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Ends a session at its server. */
export async function endSession(url: string, token: string): Promise<void> {
  try {
    const { oidc, config } = await clientAt(url);
    await oidc.tokenRevocation(config, token);
  } catch (thrown) {
    throw failed(url, thrown);
  }
}
