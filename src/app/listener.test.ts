import { describe, expect, it } from 'vitest';
import { foreignRequest } from '../server/auth.ts';
import { namesOf, urlOf } from './listener.ts';

describe('the address of a server', () => {
  it.each([
    ['127.0.0.1', [], 'http://127.0.0.1:7117'],
    ['0.0.0.0', ['sluice.internal'], 'http://127.0.0.1:7117'],
    ['::', [], 'http://127.0.0.1:7117'],
    ['::1', [], 'http://[::1]:7117'],
    ['192.0.2.2', [], 'http://192.0.2.2:7117'],
    ['fd00::2', [], 'http://[fd00::2]:7117'],
  ])('APP-7: at %s is one that it answers on this machine', (host, allowedHosts, url) => {
    expect(urlOf(host, 7117)).toBe(url);
    const asked = new URL(url).host;
    expect(foreignRequest(asked, undefined, namesOf({ host, allowedHosts }))).toBeUndefined();
  });

  it('APP-7: at every address of its machine it answers under the names that are given, and no other', () => {
    const names = namesOf({ host: '0.0.0.0', allowedHosts: ['sluice.internal'] });
    expect(foreignRequest('sluice.internal:80', undefined, names)).toBeUndefined();
    for (const name of ['0.0.0.0:7117', '192.0.2.2:7117', 'evil.example'])
      expect(foreignRequest(name, undefined, names), name).toContain('is not served here');
  });
});
