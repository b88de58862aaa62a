import { describe, expect, it } from 'vitest';
import { freezeRequestSchema, waiverRequestSchema } from '../../src/api/governance.ts';
import { DESIRED_LIMITS, parseDesired, withArtefact } from '../../src/gitops/desired.ts';
import { inMarkdown } from '../../src/kit/markdown.ts';

/** As long as a body may be. Of a pattern that tries anew at every character, this takes hours. */
const BODY = 1 << 20;
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

describe('texts of others that are as long as they may be', () => {
  it.each([
    ['T'.repeat(BODY)],
    [`2${'T'.repeat(BODY)}`],
    [`T${'1'.repeat(BODY)}`],
    [`2026-03-01T${'T'.repeat(BODY)}Z\n`],
  ])('TRUST-10: a moment of an order is refused', (until) => {
    expect(freezeRequestSchema.safeParse({ scope: 'prod', reason: 'x', until }).success).toBe(false);
    const waiver = { scope: 'prod', reason: 'x', expires: until };
    expect(waiverRequestSchema.safeParse(waiver).success).toBe(false);
  });

  it.each([
    '2026-03-01T02:00:00Z',
    '2026-03-01T02:00:00.123456789+02:00',
    '2026-03-01T02:00Z',
    '+002026-03-01T02:00:00.000-11:30',
  ])('TRUST-10: a moment such as %s is taken as before', (until) => {
    expect(freezeRequestSchema.safeParse({ scope: 'prod', reason: 'x', until }).success).toBe(true);
  });

  it.each([
    ['blank lines within a block', (gap: number) => `text: |-\n    one\n${'\n'.repeat(gap)}    two\n`],
    ['blanks within a list', (gap: number) => `text: [one,${' '.repeat(gap)}two]\n`],
    ['blanks within a mapping', (gap: number) => `text: {one: 1,${' '.repeat(gap)}two: 2}\n`],
  ])('TRUST-10: a desired state with %s is edited', (_, values) => {
    const head = `service: checkout\nversion: 1.0.0\ndigest: ${digest('a')}\nconfig:\n  `;
    const text = head + values(DESIRED_LIMITS.characters - 512);
    expect(parseDesired('f.yaml', text, 'checkout').ok).toBe(true);
    const wanted = { version: '1.1.0', digest: digest('b'), config: { text: 'other' } };
    const after = withArtefact(text, 'checkout', wanted);
    expect(parseDesired('f.yaml', after, 'checkout')).toMatchObject({ ok: true, value: wanted });
  });

  it.each(['&', '@', '#', '!', 'gh-', 'www.', '://', '\\', '`', '\n', ' '])(
    'TRUST-10: %j again and again is told on a forge',
    (piece) => {
      const text = piece.repeat(Math.floor(BODY / piece.length));
      expect(inMarkdown(`${text}x`)).toMatch(/x$/);
    },
  );
});
