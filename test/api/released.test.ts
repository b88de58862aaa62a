import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { unkept } from '../../scripts/api/breaks.ts';
import { clientFiles } from '../../scripts/api/client.ts';
import { type Description, describedApi, operationsOf } from '../../scripts/api/description.ts';
import { MOVE_REASONS, REASONS } from '../../src/delivery/reasons.ts';
import { DEPRECATED, tellDeprecated } from '../../src/server/deprecation.ts';
import type { Variables } from '../../src/server/http.ts';

const released = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../schema/released/openapi.json'), 'utf8'),
) as Description;
const now = await describedApi();
/** An operation whose day has come since may be gone. */
const TODAY = Date.now();

describe('the API for programs of others', () => {
  it('API-20: everything that was released is kept', () =>
    expect(unkept(released, now, DEPRECATED, TODAY)).toEqual([]));

  it('API-20: the description is of OpenAPI 3.1, and every operation answers what it was asked in one way', () => {
    expect(now.openapi).toMatch(/^3\.1\./);
    for (const [method, path, { responses }] of operationsOf(now))
      expect(
        Object.keys(responses).filter((status) => status.startsWith('2')),
        `${method} ${path}`,
      ).toHaveLength(1);
  });

  it('API-23: every code that a verdict may carry is listed', () => {
    const codes = now.components.schemas['Verdict']!.properties!['reasons']!.items!.enum!;
    expect([...codes].sort()).toEqual([...new Set([...REASONS, ...Object.keys(MOVE_REASONS)])].sort());
    // Codes of a release that waits: nothing but the answer to a Rollout gives them.
    for (const code of ['REJECTED', 'PAUSED', 'NOT_YET', 'OPERATOR']) expect(codes).toContain(code);
  });

  it('API-22: what is deprecated is described so, for a year at least; nothing else is', () => {
    const described = operationsOf(now)
      .filter(([, , { deprecated }]) => deprecated)
      .map(([method, path]) => `${method} ${path}`);
    const there = new Set(operationsOf(now).map(([method, path]) => `${method} ${path}`));
    const listed = DEPRECATED.map(({ method, path }) => `${method} ${path}`);
    expect(described).toEqual(listed.filter((name) => there.has(name)));
    for (const { since, sunset } of DEPRECATED)
      expect(Date.parse(sunset) - Date.parse(since)).toBeGreaterThanOrEqual(365 * 24 * 3_600_000);
  });

  it('API-22: every answer of a deprecated operation tells since when and until when, refusals too', async () => {
    const app = new OpenAPIHono<Variables>();
    tellDeprecated(app, [
      {
        method: 'GET',
        path: '/api/v1/old/{id}',
        since: '2027-01-01',
        sunset: '2028-01-01',
        instead: 'GET /api/v1/new/{id}',
      },
    ]);
    app.get('/api/v1/old/:id', (c) => c.json({ ok: true }, c.req.param('id') === '1' ? 200 : 404));
    app.get('/api/v1/new/:id', (c) => c.json({ ok: true }));
    for (const id of ['1', '2']) {
      const { headers } = await app.request(`/api/v1/old/${id}`);
      expect(headers.get('deprecation')).toBe('@1798761600');
      expect(headers.get('sunset')).toBe('Sat, 01 Jan 2028 00:00:00 GMT');
      expect(headers.get('link')).toContain('rel="deprecation"');
    }
    expect((await app.request('/api/v1/new/1')).headers.get('deprecation')).toBeNull();
  });

  it('API-19: the client has every operation with its parameters, body and answer, and none that is deprecated', () => {
    const client = (description: Description) =>
      clientFiles(description).get('src/api/client/operations.ts')!;
    expect(client(now)).toContain(
      "'/api/v1/freezes/{id}/lift': { readonly params: { readonly id: string }; readonly body: { readonly reason: string }; readonly answer: Recorded }",
    );
    for (const [, path] of operationsOf(now)) expect(client(now)).toContain(`'${path}'`);
    const later = structuredClone(now) as { paths: Record<string, Record<string, object>> };
    Object.assign(later.paths['/api/v1/me']!['get']!, { deprecated: true });
    expect(client(later as unknown as Description)).not.toContain("'/api/v1/me'");
    expect(clientFiles(later as unknown as Description).get('src/api/client/answers.ts')).not.toContain(
      'interface Me ',
    );
  });
});
