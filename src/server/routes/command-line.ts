import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { z } from 'zod';
import { type Actor, rightsText } from '../../kit/actor.ts';
import { type AppParts, actorOf, type HttpApp, problem, SESSION_COOKIE } from '../http.ts';
import { escaped, smallPage } from '../page.ts';
import { CLIENT_ID, isLoopbackRedirect, POLL_S } from '../sign-in/command-line.ts';

/** What a command line asks for with a browser on its own machine (RFC 6749, 7636, 8252). */
const authorizeSchema = z.object({
  response_type: z.literal('code'),
  client_id: z.literal(CLIENT_ID),
  redirect_uri: z.string().refine(isLoopbackRedirect, 'must be an address of 127.0.0.1'),
  code_challenge: z.string().length(43),
  code_challenge_method: z.literal('S256'),
  state: z.string().max(500).optional(),
});

type Form = Readonly<Record<string, string>>;

async function formOf(c: Context): Promise<Form> {
  return Object.fromEntries(new URLSearchParams(await c.req.text()));
}

const oauthError = (c: Context, error: string) => c.json({ error }, 400, { 'cache-control': 'no-store' });

const noSignIn = (c: Context) =>
  problem(
    c,
    503,
    'Nobody can sign in',
    'this server declares no sign-in for people (spec.signIn.people)',
    'use a token: sluice login --with-token; `sluice token create` makes one',
  );

const personIn = (parts: AppParts, c: Context): Actor | undefined =>
  parts.signIn.actorOfSession(getCookie(c, SESSION_COOKIE));

/** To the sign-in of the console, and back to where the browser is now. */
const toSignIn = (c: Context) => {
  const { pathname, search } = new URL(c.req.url);
  return c.redirect(`/auth/login?return=${encodeURIComponent(`${pathname}${search}`)}`, 302);
};

const question = (actor: Actor, who: string, more = ''): string =>
  `<p>${who} wants to use Sluice as <strong>${escaped(actor.id)}</strong>, with scope ${escaped(rightsText(actor))}.</p>${more}` +
  '<p>Allow this only if you ran <code>sluice login</code> just now.</p>' +
  '<form method="post"><button name="answer" value="allow">Allow</button><button name="answer" value="deny">Deny</button></form>';

const problemOf = (c: Context, error: z.ZodError) => {
  const [issue] = error.issues;
  const what = `${issue?.path.join('.')}: ${issue?.message}`;
  return problem(c, 400, 'Bad request', what, 'run `sluice login` again');
};

const notSignedIn = (c: Context) =>
  problem(c, 401, 'Not signed in', 'the session of this browser has ended', 'run `sluice login` again');

/** With a browser on the machine of the command line: a code goes to an address of that machine. */
function browserRoutes(app: HttpApp, parts: AppParts): void {
  app.get('/auth/authorize', (c) => {
    if (parts.signIn.issuer === null) return noSignIn(c);
    const asked = authorizeSchema.safeParse(c.req.query());
    if (!asked.success) return problemOf(c, asked.error);
    const actor = personIn(parts, c);
    if (!actor) return toSignIn(c);
    return c.html(smallPage('Sign in a command line', question(actor, 'The command line on this machine')));
  });
  app.post('/auth/authorize', async (c) => {
    const asked = authorizeSchema.safeParse(c.req.query());
    if (!asked.success) return problemOf(c, asked.error);
    const actor = await actorOf(parts, c);
    if (actor?.kind !== 'person') return notSignedIn(c);
    const { redirect_uri: redirectUri, code_challenge: challenge, state } = asked.data;
    const back = new URL(redirectUri);
    if ((await formOf(c))['answer'] === 'allow')
      back.searchParams.set('code', parts.signIn.commandLine.allow(actor, challenge, redirectUri));
    else back.searchParams.set('error', 'access_denied');
    if (state !== undefined) back.searchParams.set('state', state);
    // A form of ours may lead to no other place, a redirect of its answer included: the page goes there itself.
    const to = escaped(back.href);
    const body = `<p><a href="${to}">Continue to the command line</a></p>`;
    const head = `<meta http-equiv="refresh" content="0;url=${to}">`;
    return c.html(smallPage('Back to the command line', body, head), 200, { 'cache-control': 'no-store' });
  });
}

/** With a browser anywhere: a person confirms the code that the command line shows (RFC 8628). */
function deviceRoutes(app: HttpApp, parts: AppParts): void {
  const desk = () => parts.signIn.commandLine;
  app.post('/auth/device/code', async (c) => {
    if (parts.signIn.issuer === null) return noSignIn(c);
    if ((await formOf(c))['client_id'] !== CLIENT_ID) return oauthError(c, 'invalid_client');
    const begun = desk().beginDevice();
    if (!begun.ok) {
      c.header('retry-after', '60');
      return problem(
        c,
        503,
        'Too many sign-ins',
        'too many command lines wait already',
        'try again in a moment',
      );
    }
    const { deviceCode, userCode, seconds } = begun.value;
    const uri = `${parts.publicUrl()}/auth/device`;
    return c.json(
      {
        device_code: deviceCode,
        user_code: userCode,
        verification_uri: uri,
        verification_uri_complete: `${uri}?code=${userCode}`,
        expires_in: seconds,
        interval: POLL_S,
      },
      200,
      { 'cache-control': 'no-store' },
    );
  });
  app.get('/auth/device', (c) => {
    if (parts.signIn.issuer === null) return noSignIn(c);
    const actor = personIn(parts, c);
    if (!actor) return toSignIn(c);
    const code = c.req.query('code') ?? '';
    if (code !== '' && desk().waits(code)) {
      const shown = `<p>It shows the code <code>${escaped(code)}</code>.</p>`;
      return c.html(smallPage('Sign in a command line', question(actor, 'A command line', shown)));
    }
    const wrong = code === '' ? '' : `<p>No command line waits with the code ${escaped(code)}.</p>`;
    const form = '<form><label>Code <input name="code" autofocus></label> <button>Continue</button></form>';
    return c.html(smallPage('Sign in a command line', `${wrong}${form}`));
  });
  app.post('/auth/device', async (c) => {
    const actor = await actorOf(parts, c);
    if (actor?.kind !== 'person') return notSignedIn(c);
    const allowed = (await formOf(c))['answer'] === 'allow';
    const found = desk().answerDevice(c.req.query('code') ?? '', allowed ? actor : 'denied');
    if (!found)
      return c.html(smallPage('Too late', '<p>Nobody waits with this code. Run sluice login again.</p>'));
    const title = allowed ? 'The command line is signed in' : 'Denied';
    return c.html(smallPage(title, '<p>You can close this page.</p>'));
  });
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** What a command line fetches once a person has allowed it: a session that it carries as a token. */
function tokenRoute(app: HttpApp, parts: AppParts): void {
  const desk = () => parts.signIn.commandLine;
  const redeemed = (form: Form) => {
    const of = (name: string): string => form[name] ?? '';
    if (of('grant_type') === 'authorization_code')
      return desk().redeem(of('code'), of('code_verifier'), of('redirect_uri'));
    return of('grant_type') === DEVICE_GRANT ? desk().poll(of('device_code')) : null;
  };
  app.post('/auth/token', async (c) => {
    const form = await formOf(c);
    if (form['client_id'] !== CLIENT_ID) return oauthError(c, 'invalid_client');
    const opened = redeemed(form);
    if (opened === null) return oauthError(c, 'unsupported_grant_type');
    if (!opened.ok) return oauthError(c, opened.error);
    const { session, seconds, actor } = opened.value;
    return c.json(
      {
        access_token: session,
        token_type: 'Bearer',
        expires_in: seconds,
        scope: actor.scopes.join(' '),
      },
      200,
      { 'cache-control': 'no-store' },
    );
  });
  app.post('/auth/revoke', async (c) => {
    parts.signIn.end((await formOf(c))['token']);
    return c.body(null, 200);
  });
}

/** How a command line elsewhere signs in as a person who is signed in to this server. */
export function commandLineRoutes(app: HttpApp, parts: AppParts): void {
  browserRoutes(app, parts);
  deviceRoutes(app, parts);
  tokenRoute(app, parts);
}
