import { type Grant, type Rights, rightsOf } from '../../kit/actor.ts';

/** What a token says of who carries it. */
export type Claims = Readonly<Record<string, unknown>>;

/** What all groups that a claim lists give together. */
export function rightsOfGroups(claim: unknown, groups: Readonly<Record<string, Grant>>): Rights {
  const mine = Array.isArray(claim) ? claim : typeof claim === 'string' ? [claim] : [];
  return rightsOf(
    [...new Set(mine)].flatMap((group) =>
      typeof group === 'string' && Object.hasOwn(groups, group) ? [groups[group]!] : [],
    ),
  );
}

/** Every declared claim has exactly the declared value, or matches it where it ends in `*`. */
export const claimsFit = (claims: Claims, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => {
    const got = claims[name];
    if (typeof got !== 'string') return false;
    return value.endsWith('*') ? got.startsWith(value.slice(0, -1)) : got === value;
  });

/** Two people whose names differ in half of a character would be one and the same on record. */
export function whole(id: string): string {
  if (id.isWellFormed()) return id;
  throw new Error('its identity holds half of a character (a lone surrogate)');
}
