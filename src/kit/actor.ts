/** What somebody may do; every mutation names the actor who asked for it. */
export const SCOPES = ['read', 'operate', 'waive', 'admin'] as const;
export type TokenScope = (typeof SCOPES)[number];

/** Scopes for named services alone, and for every service of named teams. */
export interface LimitedGrant {
  readonly scopes: readonly TokenScope[];
  readonly services: readonly string[];
  readonly teams: readonly string[];
}

/** What somebody is given: a list of scopes is for everything. */
export type Grant = readonly TokenScope[] | LimitedGrant;

export interface Rights {
  /** Scopes for everything; whoever reads these alone takes nobody to have more than they have. */
  readonly scopes: readonly TokenScope[];
  readonly limited?: readonly LimitedGrant[];
}

export interface Actor extends Rights {
  readonly id: string;
  readonly kind: 'person' | 'machine' | 'system';
  /** The person who carries this token; left out: the actor itself is one. */
  readonly person?: string;
  /** Who made this token, and who made theirs: each may know its secret. */
  readonly madeBy?: readonly string[];
}

/** Whom an order is from, as far as one person is told from another. */
interface Known {
  readonly id: string;
  readonly person?: string | undefined;
  readonly madeBy?: readonly string[] | undefined;
}

/** One name, however it is written: letters that look alike, marks that nobody sees, and case tell nobody apart. */
const plainName = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Cc}\s]/gu, '')
    .toLowerCase();

/** Whether two may be one person: a second token, or one that the first made for somebody else, is no second person. */
export function maybeSamePerson(a: Known, b: Known): boolean {
  const names = ({ id, person }: Known) => [id, person ?? id].map(plainName);
  const makers = ({ madeBy = [] }: Known) => madeBy.map(plainName);
  const meet = (some: readonly string[], others: readonly string[]) => some.some((n) => others.includes(n));
  return meet(names(a), names(b)) || meet(makers(a), names(b)) || meet(makers(b), names(a));
}

/** The controller itself: it may act on its own verdicts and on nothing else. */
export const SYSTEM: Actor = { id: 'sluice', kind: 'system', scopes: ['read'] };

/** Whether a scope is among these: an administrator has each. */
export const hasScope = (scopes: readonly string[], scope: TokenScope): boolean =>
  scopes.includes(scope) || scopes.includes('admin');

/**
 * Whether somebody has a scope for everything. Whoever may do anything may read, all of it: one orders nothing that
 * one cannot see.
 */
export const may = ({ scopes, limited = [] }: Rights, scope: TokenScope): boolean =>
  hasScope(scopes, scope) ||
  (scope === 'read' && (scopes.length > 0 || limited.some((grant) => grant.scopes.length > 0)));

/** The team of every declared service; null: it has none. */
export type Teams = ReadonlyMap<string, string | null>;

/** Whether a grant holds for a service. What is not declared, and what is of no team, is of nobody's team. */
function reaches({ services, teams }: LimitedGrant, service: string, known: Teams): boolean {
  const team = known.get(service);
  if (team === undefined) return false;
  return services.includes(service) || (team !== null && teams.includes(team));
}

/** Whether somebody has a scope for each of some services, by whichever of their grants. No service at all is everything. */
export const mayFor = (
  rights: Rights,
  scope: TokenScope,
  services: readonly string[],
  known: Teams,
): boolean =>
  may(rights, scope) ||
  (services.length > 0 &&
    services.every((service) =>
      (rights.limited ?? []).some((grant) => hasScope(grant.scopes, scope) && reaches(grant, service, known)),
    ));

/** Declared services that a grant holds for. */
export const reached = (grant: LimitedGrant, known: Teams): string[] =>
  [...known.keys()].filter((service) => reaches(grant, service, known));

/** Scopes as they are asked for. */
interface Asked {
  readonly scopes: readonly TokenScope[];
  readonly services?: readonly string[] | undefined;
  readonly teams?: readonly string[] | undefined;
}

/** What is given where services or teams are named beside scopes: with neither, the scopes are for everything. */
export const grantIn = ({ scopes, services, teams }: Asked): Grant =>
  services || teams ? { scopes, services: services ?? [], teams: teams ?? [] } : scopes;

const isForAll = (grant: Grant): grant is readonly TokenScope[] => Array.isArray(grant);

/** Everything that several grants give together. */
export function rightsOf(grants: readonly Grant[]): Rights {
  const scopes = [...new Set(grants.filter(isForAll).flat())];
  const limited = grants.filter((grant): grant is LimitedGrant => !isForAll(grant));
  return limited.length > 0 ? { scopes, limited } : { scopes };
}

const list = (one: string, many: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${names.length === 1 ? one : many} ${names.join(', ')}`];

/** A limited grant in words: `operate for service checkout and team payments`. */
export const grantText = ({ scopes, services, teams }: LimitedGrant): string => {
  const names = [...list('service', 'services', services), ...list('team', 'teams', teams)];
  return `${scopes.join(', ')} for ${names.join(' and ') || 'nothing'}`;
};

/** Rights in words. Nothing at all: an empty text. */
export const rightsText = ({ scopes, limited = [] }: Rights): string =>
  [...(scopes.length > 0 ? [scopes.join(', ')] : []), ...limited.map(grantText)].join('; ');
