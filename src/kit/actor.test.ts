import { describe, expect, it } from 'vitest';
import {
  type Grant,
  grantIn,
  type LimitedGrant,
  may,
  mayFor,
  reached,
  rightsOf,
  rightsText,
  SCOPES,
} from './actor.ts';

const TEAMS = new Map([
  ['checkout', 'shop'],
  ['cart', 'shop'],
  ['payments', 'pay'],
  ['lonely', null],
]);
const limited = (scopes: LimitedGrant['scopes'], services: string[], teams: string[] = []): LimitedGrant => ({
  scopes,
  services,
  teams,
});
const allowed = (grants: readonly Grant[], ...services: readonly string[]): boolean =>
  mayFor(rightsOf(grants), 'operate', services, TEAMS);

describe('rights for some services', () => {
  it('TEAM-1: a right is for everything, for named services, or for the services of named teams', () => {
    expect(allowed([['operate']], 'checkout', 'payments', 'unheard-of')).toBe(true);
    expect(allowed([limited(['operate'], ['checkout'])], 'checkout')).toBe(true);
    expect(allowed([limited(['operate'], ['checkout'])], 'cart')).toBe(false);
    expect(allowed([limited(['operate'], [], ['shop'])], 'checkout', 'cart')).toBe(true);
    expect(allowed([limited(['operate'], [], ['shop'])], 'checkout', 'payments')).toBe(false);
    expect(allowed([limited(['waive'], ['checkout'])], 'checkout')).toBe(false);
    expect(allowed([limited(['admin'], ['checkout'])], 'checkout')).toBe(true);
    expect(allowed([], 'checkout')).toBe(false);
  });

  it('TEAM-1: several grants add up, each with its own scopes', () => {
    const both = [limited(['operate'], ['checkout']), limited(['operate'], [], ['pay'])];
    expect(allowed(both, 'checkout', 'payments')).toBe(true);
    expect(allowed(both, 'checkout', 'cart')).toBe(false);
    const mixed = rightsOf([limited(['waive'], ['checkout']), limited(['operate'], ['payments'])]);
    expect(mayFor(mixed, 'waive', ['payments'], TEAMS)).toBe(false);
    expect(mayFor(mixed, 'operate', ['checkout'], TEAMS)).toBe(false);
    expect(rightsOf([['read'], ['operate', 'read']])).toEqual({ scopes: ['read', 'operate'] });
  });

  it('TEAM-1: what is not declared is nobody’s, nor what has no team; no service is everything', () => {
    expect(allowed([limited(['operate'], ['unheard-of'], ['nobody'])], 'unheard-of')).toBe(false);
    expect(allowed([limited(['operate'], [], ['null', ''])], 'lonely')).toBe(false);
    expect(allowed([limited(['operate'], ['lonely'])], 'lonely')).toBe(true);
    expect(allowed([limited(['operate'], ['*'], ['*'])], 'checkout')).toBe(false);
    expect(allowed([limited(['operate'], [])], 'checkout')).toBe(false);
    expect(allowed([limited(['operate'], ['checkout'])])).toBe(false);
    expect(allowed([limited(['operate'], ['constructor'])], 'constructor')).toBe(false);
  });

  it('TEAM-2: a right for some services is none for everything, except that it reads', () => {
    for (const scope of SCOPES) {
      const rights = rightsOf([limited(['admin'], [...TEAMS.keys()], ['shop', 'pay'])]);
      expect(may(rights, scope), scope).toBe(scope === 'read');
    }
    expect(may(rightsOf([limited([], ['checkout'])]), 'read')).toBe(false);
  });

  it('TEAM-3: scopes beside names are for those; with no names they are for everything', () => {
    expect(grantIn({ scopes: ['read'] })).toEqual(['read']);
    expect(grantIn({ scopes: ['read'], teams: ['shop'] })).toEqual(limited(['read'], [], ['shop']));
    // Names that are all gone do not make a right for everything.
    expect(grantIn({ scopes: ['read'], services: [] })).toEqual(limited(['read'], []));
  });

  it('TEAM-8: rights are told in words, with the services that they reach', () => {
    const grant = limited(['operate', 'waive'], ['lonely'], ['shop', 'gone']);
    expect(rightsText(rightsOf([['read'], grant]))).toBe(
      'read; operate, waive for service lonely and teams shop, gone',
    );
    expect(rightsText({ scopes: [] })).toBe('');
    expect(reached(grant, TEAMS)).toEqual(['checkout', 'cart', 'lonely']);
  });
});
