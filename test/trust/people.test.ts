import { describe, expect, it } from 'vitest';
import { tokenRequestSchema } from '../../src/api/schemas.ts';
import { createGovernance } from '../../src/controller/governance/governance.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import { type Actor, maybeSamePerson } from '../../src/kit/actor.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { loadTokens, sameSecret } from '../../src/server/auth.ts';
import { journalOver } from '../journal.ts';

const NOW = 1_000_000;
const ANN: Actor = { id: 'oidc:ann', kind: 'person', scopes: ['admin'] };
const BEN: Actor = { id: 'oidc:ben', kind: 'person', scopes: ['waive'] };
const LOCAL: Actor = { id: 'local', kind: 'person', scopes: ['admin'] };

/** The tokens of a new ledger, and who acts by a token that somebody makes. */
async function desk() {
  const ledger = memoryLedger();
  const tokens = await loadTokens(ledger);
  const tokenOf = async (name: string, by: Actor, person?: string): Promise<Actor> => {
    const { token } = await tokens.create(name, ['waive', 'admin'], by, NOW, null, person);
    return tokens.whose(token, NOW)!;
  };
  return { ledger, tokens, tokenOf };
}

/** Waivers of a platform where a second person approves. */
async function waivers() {
  const platform = {
    policy: { waiver: { maxMs: 3_600_000, secondPerson: true } },
    environments: [],
    services: [],
    slos: [],
    freezes: [],
  } as unknown as Platform;
  const journal = await journalOver(memoryLedger());
  const governance = createGovernance({
    platform,
    journal,
    statuses: { of: () => undefined, watch: () => () => [] } as never,
  });
  const scope = { environment: 'prod', service: '*' };
  const wanted = {
    scope,
    codes: [],
    reason: 'x',
    expiresAt: NOW + 1_000,
    singleUse: false,
    pullRequest: null,
  };
  return {
    grant: (id: string, by: Actor) => governance.grant({ ...wanted, id }, by, NOW),
    approve: (id: string, by: Actor) => governance.approve(id, 'yes', by, NOW),
    journal,
  };
}

describe('one person, however many tokens', () => {
  it('WAIVER-5: whoever granted a waiver approves it by no token, neither their own nor one that they made for another', async () => {
    const { tokenOf } = await desk();
    const own = await tokenOf('laptop', ANN);
    const second = await tokenOf('phone', ANN);
    const nested = await tokenOf('nested', own);
    const forBen = await tokenOf('for-ben', ANN, 'oidc:ben');
    const cases: [string, Actor, Actor][] = [
      ['a person, and their token', ANN, own],
      ['a token, and its person', own, ANN],
      ['two tokens of one person', own, second],
      ['a token, and one that it made', own, nested],
      ['a token that a token made, and its person', nested, ANN],
      ['a person, and a token that they made for somebody else', ANN, forBen],
      ['a token that they made for somebody else, and a person', forBen, ANN],
      ['somebody, and the token that was made for them', BEN, forBen],
      ['the same token', own, own],
    ];
    const w = await waivers();
    for (const [what, first, second] of cases) {
      const id = what;
      expect((await w.grant(id, first)).ok, what).toBe(true);
      expect(await w.approve(id, second), what).toMatchObject({
        ok: false,
        error: expect.stringMatching(/^the second person must not/),
      });
    }
    const byToken = await w.approve('a person, and their token', own);
    expect(byToken).toMatchObject({
      error: expect.stringContaining('a token of whoever granted it (oidc:ann)'),
    });
    // It is told from the record after a restart, too.
    const again = await journalOver(w.journal);
    expect((await again.read({ type: 'waiver.granted' })).length).toBe(cases.length);
  });

  it('WAIVER-5: somebody else approves: in person, or by a token that a third one made for each', async () => {
    const { tokenOf } = await desk();
    const ann = await tokenOf('ann', LOCAL, 'ann');
    const ben = await tokenOf('ben', LOCAL, 'ben');
    const [one, two] = [await tokenOf('one', LOCAL), await tokenOf('two', LOCAL)];
    const w = await waivers();
    const cases: [string, Actor, Actor][] = [
      ['two people', ANN, BEN],
      ['two tokens that an administrator made', ann, ben],
      ['a token and a person', ann, BEN],
      ['two tokens of names alone, made on the machine of the server', one, two],
    ];
    for (const [id, first, second] of cases) {
      await w.grant(id, first);
      expect((await w.approve(id, second)).ok, id).toBe(true);
    }
    // TOKEN-4: case, hidden marks and other forms of the same letters make nobody else of somebody.
    for (const [a, b] of [
      ['oidc:ann@example.com', 'OIDC:Ann@Example.com'],
      ['oidc:ann@example.com', 'oidc:ann@example.com\u200b'],
      ['oidc:ann', 'oidc:\uff41nn'],
    ] as const)
      expect(maybeSamePerson({ id: 'token:a', person: a }, { id: 'token:b', person: b }), b).toBe(true);
    expect(maybeSamePerson({ id: 'oidc:ann' }, { id: 'oidc:anna' })).toBe(false);
    // Whoever made one of them knows its secret; and two that a person by name made are that person's.
    expect(maybeSamePerson(LOCAL, two)).toBe(true);
    expect(maybeSamePerson(await tokenOf('three', ANN), await tokenOf('four', ANN))).toBe(true);
  });

  it('TOKEN-1: no two tokens that are good have one name; one that was revoked or expired gives its name free', async () => {
    const { tokens } = await desk();
    const { id } = await tokens.create('ci', ['read'], ANN, NOW, NOW + 10);
    expect(tokens.taken('ci', NOW)).toBe('the token "ci" (t1) is in use');
    expect(tokens.taken('CI', NOW)).toBeNull();
    expect(tokens.taken('ci', NOW + 10)).toBeNull();
    await tokens.revoke(id, ANN, NOW);
    expect(tokens.taken('ci', NOW)).toBeNull();
  });

  it.each(['a\nb', 'a\u001b[31mb', 'a\u202eb', 'a\u200bb', ' ', ''])(
    'TOKEN-4: no token is named %j',
    (name) => {
      const asked = { name, scopes: ['read'] };
      expect(tokenRequestSchema.safeParse(asked).success).toBe(false);
      expect(tokenRequestSchema.safeParse({ ...asked, name: 'ci', person: name }).success).toBe(false);
      expect(
        tokenRequestSchema.safeParse({ ...asked, name: 'CI of Jürgen 2', person: 'oidc:ann' }).success,
      ).toBe(true);
    },
  );

  it('TOKEN-2: a token that expired or was revoked is nobody, also after a restart', async () => {
    const { ledger, tokens } = await desk();
    const short = await tokens.create('short', ['admin'], ANN, NOW, NOW + 10);
    const gone = await tokens.create('gone', ['admin'], ANN, NOW);
    expect(tokens.whose(short.token, NOW + 9)?.id).toBe('token:short');
    await tokens.revoke(gone.id, ANN, NOW + 1);
    for (const known of [tokens, await loadTokens(ledger)]) {
      expect(known.whose(short.token, NOW + 10)).toBeUndefined();
      expect(known.whose(gone.token, NOW + 2)).toBeUndefined();
      expect(known.ended(gone.token, NOW + 2)).toContain('was revoked');
    }
  });
});

describe('comparing secrets', () => {
  it.each([
    ['', ''],
    ['ü', 'u'],
    ['sécret', 'secret'],
    ['secret\u0000', 'secret'],
    ['secre', 'secret'],
    ['\ud800', '\udfff'],
    ['x'.repeat(1_000_000), 'x'],
    ['𝒮', 'S'],
  ])('TOKEN-3: any two texts are compared without an error: %j', (a, b) => {
    const halves = /[\ud800-\udfff]/.test(a) && !a.isWellFormed();
    // Halves of characters cannot be sent: bytes that are none are replaced before they come here.
    if (!halves) expect(sameSecret(a, b)).toBe(a === b);
    expect(sameSecret(a, a)).toBe(true);
  });

  it('TOKEN-3: whatever is sent as a token, the answer is a refusal, never an error', async () => {
    const { tokens } = await desk();
    for (const secret of ['', 'ü', '\u0000', 'sluice_', 'x'.repeat(1_000_000), '\ud800', '€'.repeat(48)]) {
      expect(tokens.whose(secret, NOW)).toBeUndefined();
      expect(tokens.ended(secret, NOW)).toBeNull();
    }
  });
});
