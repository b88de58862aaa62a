import { describe, expect, it } from 'vitest';
import { mayOrder, type Offered, servicesOf } from './offers.ts';

const limited = (scopes: readonly string[], ...covers: readonly string[]): Offered => ({
  actor: 'oidc:ann',
  scopes: ['read'],
  limited: [{ scopes, covers }],
});
const CHECKOUT = { service: 'checkout' };

describe('which orders the console offers', () => {
  it('TEAM-8: an order is offered to whoever may give it for what it concerns', () => {
    const ann = limited(['operate'], 'checkout', 'cart');
    expect(mayOrder(ann, 'operate', CHECKOUT)).toBe(true);
    expect(mayOrder(ann, 'operate', { service: 'payments' })).toBe(false);
    expect(mayOrder(ann, 'waive', CHECKOUT)).toBe(false);
    expect(mayOrder(ann, 'operate', 'everything')).toBe(false);
    expect(mayOrder(ann, 'operate', 'asked')).toBe(true);
    expect(mayOrder(ann, 'waive', 'asked')).toBe(false);
    expect(mayOrder(limited(['admin'], 'checkout'), 'waive', CHECKOUT)).toBe(true);
    expect(mayOrder(limited(['admin']), 'waive', 'asked')).toBe(false);
    expect(servicesOf(ann, 'operate')).toEqual(['checkout', 'cart']);
  });

  it('TEAM-8: whoever may for everything is offered everything, and so is whoever can give a token', () => {
    const all: Offered = { actor: 'oidc:ann', scopes: ['operate'], limited: [] };
    const nobody: Offered = { actor: null, scopes: [], limited: [] };
    for (const concern of [CHECKOUT, 'everything', 'asked'] as const)
      for (const me of [all, nobody, undefined]) expect(mayOrder(me, 'operate', concern)).toBe(true);
    expect(mayOrder(all, 'waive', CHECKOUT)).toBe(false);
    expect(servicesOf(all, 'operate')).toEqual([]);
  });
});
