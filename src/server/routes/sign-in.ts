import { createRoute } from '@hono/zod-openapi';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { meSchema } from '../../api/governance.ts';
import { type AppParts, actorOf, type HttpApp, json, problem, SESSION_COOKIE } from '../http.ts';

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
        signIn: parts.signIn.issuer,
      },
      200,
    );
  });
  app.get('/auth/login', async (c) => {
    const begun = await parts.signIn.begin(parts.publicUrl(), c.req.query('return') ?? '/');
    return begun.ok
      ? c.redirect(begun.value, 302)
      : problem(c, 503, 'Nobody can sign in', begun.error, 'use a token: sluice token create');
  });
  app.get('/auth/callback', async (c) => {
    const done = await parts.signIn.finish(parts.publicUrl(), c.req.url);
    if (!done.ok) return problem(c, 401, 'Not signed in', done.error, 'start again at /auth/login');
    setCookie(c, SESSION_COOKIE, done.value.session, {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      secure: parts.publicUrl().startsWith('https:'),
      maxAge: 8 * 3_600,
    });
    return c.redirect(done.value.returnTo, 302);
  });
  app.post('/auth/logout', (c) => {
    parts.signIn.end(getCookie(c, SESSION_COOKIE));
    deleteCookie(c, SESSION_COOKIE, { path: '/' });
    return c.json({ ok: true });
  });
}
