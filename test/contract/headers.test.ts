import { describe, expect, it } from 'vitest';
import { endings, newApp } from '../../src/server/app.ts';
import { createFollowerApp } from '../../src/server/follower.ts';
import { startingApp } from '../../src/server/starting.ts';

const HOST = { host: '127.0.0.1:7117' };
const SELF = "'self'";
const NONE = "'none'";

/** Directives of a policy by their names. */
const policyOf = (answer: Response): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (answer.headers.get('content-security-policy') ?? '')
      .split(';')
      .map((one) => one.trim())
      .filter(Boolean)
      .map((one) => [one.split(' ')[0]!, one.split(' ').slice(1).join(' ')]),
  );

/** What every browser is told, whatever was asked. */
function expectTold(answer: Response): void {
  expect(policyOf(answer)).toEqual({
    'default-src': SELF,
    'style-src': `${SELF} 'unsafe-inline'`,
    'img-src': `${SELF} data:`,
    'object-src': NONE,
    'base-uri': NONE,
    'form-action': SELF,
    'frame-ancestors': NONE,
  });
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
  });
}

function leadingApp() {
  const app = newApp({ allowedHosts: [] });
  app.get('/works', (c) => c.text('here'));
  app.get('/streams', (c) => c.body(new ReadableStream(), 200, { 'content-type': 'text/event-stream' }));
  app.get('/fails', () => {
    throw new Error('the disk is full');
  });
  app.post('/takes', async (c) => c.text(await c.req.text()));
  app.get('/says-otherwise', (c) =>
    c.text('here', 200, {
      'content-security-policy': "default-src 'unsafe-eval'",
      'x-frame-options': 'ALLOWALL',
    }),
  );
  endings(app);
  return app;
}

describe('what every answer tells browsers', () => {
  it.each<[string, number, string, RequestInit]>([
    ['an answer', 200, '/works', {}],
    ['a stream', 200, '/streams', {}],
    ['what is not there', 404, '/nothing', {}],
    ['a failure', 503, '/fails', {}],
    ['a question for headers alone that is refused', 405, '/api/v1/events', { method: 'HEAD' }],
    ['too large a body', 413, '/takes', { method: 'POST', body: 'x'.repeat(2 << 20) }],
    ['a foreign host', 403, '/works', { headers: { host: 'evil.example' } }],
    ['a foreign origin', 403, '/works', { headers: { origin: 'http://evil.example' } }],
    ['the description of itself', 200, '/openapi.json', {}],
    ['a handler that says otherwise', 200, '/says-otherwise', {}],
  ])('API-16: %s', async (_, status, path, init) => {
    const answer = await leadingApp().request(path, {
      ...init,
      headers: { ...HOST, ...(init.headers as Record<string, string>) },
    });
    expect(answer.status).toBe(status);
    expectTold(answer);
    await answer.body?.cancel();
  });

  it.each([
    ['that it lives', 200, '/healthz'],
    ['that it starts', 503, '/api/v1/overview'],
  ])('API-16: a server that starts, asked, says %s', async (_, status, path) => {
    const answer = await startingApp().request(path);
    expect(answer.status).toBe(status);
    expectTold(answer);
  });

  it('API-16: a server that follows, where nobody leads', async () => {
    const never = (): never => {
      throw new Error('nothing is read here');
    };
    const app = createFollowerApp({
      queries: { overview: never, release: never, releases: never, explain: never, verdict: never },
      allowedHosts: [],
      consoleDir: null,
      unready: () => null,
      leader: () => null,
      now: () => 0,
    } as unknown as Parameters<typeof createFollowerApp>[0]);
    for (const [path, headers, status] of [
      ['/api/v1/budgets', HOST, 503],
      ['/api/v1/budgets', { host: 'evil.example' }, 403],
    ] as const) {
      const answer = await app.request(path, { headers });
      expect(answer.status).toBe(status);
      expectTold(answer);
    }
  });
});
