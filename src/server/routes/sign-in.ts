import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { meSchema } from '../../api/governance.ts';
import { grantView } from '../../api/rights.ts';
import { may, reached } from '../../kit/actor.ts';
import { teamsOf } from '../concerns.ts';
import { type AppParts, actorOf, type HttpApp, isOwnPage, json, problem, SESSION_COOKIE } from '../http.ts';
import { escaped, smallPage } from '../page.ts';
import { localPath, SESSION_MS } from '../sign-in/people.ts';

/** What a browser keeps of a sign-in that it began, until it ends. */
const PENDING_COOKIE = 'sluice_sign_in';
const PENDING_S = 10 * 60;

const cookieOf = (parts: Pick<AppParts, 'publicUrl'>, path: string, maxAge: number) => ({
  httpOnly: true,
  sameSite: 'Lax' as const,
  path,
  secure: parts.publicUrl().startsWith('https:'),
  maxAge,
});

/** Where nobody is declared to sign people in, a browser is given a token: it keeps a session, not the token. */
const tokenForm = (returnTo: string, wrong = ''): string =>
  smallPage(
    'Sign in',
    `${wrong}<form method="post" action="/auth/login?return=${escaped(encodeURIComponent(returnTo))}">` +
      '<label>Token <input name="token" type="password" autocomplete="off" autofocus></label> <button>Sign in</button></form>' +
      '<p><code>sluice token create</code> makes a token; this server declares no sign-in for people.</p>',
  );

const returnOf = (c: Context): string => c.req.query('return') ?? '/';

/** By a token, where no provider signs people in. */
function tokenLoginRoute(app: HttpApp, parts: AppParts): void {
  app.post('/auth/login', async (c) => {
    const secret = new URLSearchParams(await c.req.text()).get('token') ?? '';
    const who = () => parts.tokens.whose(secret, parts.now());
    // A page of elsewhere must not sign somebody in as somebody else.
    if (!isOwnPage(c) || parts.signIn.issuer !== null || !who())
      return c.html(tokenForm(returnOf(c), '<p>This token is not accepted.</p>'), 401);
    const session = parts.signIn.beginWithToken(who);
    setCookie(c, SESSION_COOKIE, session, cookieOf(parts, '/', SESSION_MS / 1_000));
    return c.redirect(localPath(returnOf(c), parts.publicUrl()), 303);
  });
}

/** By the provider that is declared, else by a token. */
function loginRoutes(app: HttpApp, parts: AppParts): void {
  app.get('/auth/login', async (c) => {
    if (parts.signIn.issuer === null) return c.html(tokenForm(returnOf(c)));
    const begun = await parts.signIn.begin(parts.publicUrl(), returnOf(c));
    if (!begun.ok)
      return problem(c, 503, 'Nobody can sign in', begun.error, 'use a token: sluice token create');
    setCookie(c, PENDING_COOKIE, begun.value.pending, cookieOf(parts, '/auth/callback', PENDING_S));
    return c.redirect(begun.value.url, 302);
  });
  app.get('/auth/callback', async (c) => {
    const pending = getCookie(c, PENDING_COOKIE);
    deleteCookie(c, PENDING_COOKIE, { path: '/auth/callback' });
    const done = await parts.signIn.finish(parts.publicUrl(), c.req.url, pending);
    if (!done.ok) return problem(c, 401, 'Not signed in', done.error, 'start again at /auth/login');
    setCookie(c, SESSION_COOKIE, done.value.session, cookieOf(parts, '/', SESSION_MS / 1_000));
    return c.redirect(done.value.returnTo, 302);
  });
  tokenLoginRoute(app, parts);
}

/** Signing in and out, and who one is. */
export function signInRoutes(app: HttpApp, parts: AppParts): void {
  const me = createRoute({
    method: 'get',
    path: '/api/v1/me',
    responses: { 200: json(meSchema, 'The current identity and its scopes.') },
  });
  app.openapi(me, async (c) => {
    const actor = await actorOf(parts, c);
    return c.json(
      {
        schema: 'sluice.dev/me/v1' as const,
        actor: actor?.id ?? null,
        kind: actor?.kind ?? null,
        scopes: [...(actor?.scopes ?? [])],
        limited: (actor?.limited ?? []).map((grant) => ({
          ...grantView(grant),
          covers: reached(grant, teamsOf(parts.platform)),
        })),
        reads: parts.openReads || (actor !== undefined && may(actor, 'read')),
        signIn: parts.signIn.issuer,
      },
      200,
    );
  });
  loginRoutes(app, parts);
  app.post('/auth/logout', (c) => {
    parts.signIn.end(getCookie(c, SESSION_COOKIE));
    deleteCookie(c, SESSION_COOKIE, { path: '/' });
    return c.json({ ok: true });
  });
}
