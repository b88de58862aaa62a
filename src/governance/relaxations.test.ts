import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { EVERYTHING } from '../../test/everything.ts';
import { compileDeclaration } from '../declaration/compile.ts';
import type { Platform } from '../declaration/platform.ts';
import { jsonSchema } from '../declaration/schema.ts';
import { relaxedIn, settingChanges } from './relaxations.ts';
import { DERIVED, DIRECTIONS, NAMED_LISTS, RECORDS } from './setting-directions.ts';

type Files = Readonly<Record<string, string>>;
function platformOf(files: Files): Platform {
  const compiled = compileDeclaration(Object.entries(files).map(([file, text]) => ({ file, text })));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}
const WHOLE = platformOf(EVERYTHING);
const SHOP_FILES: Files = Object.fromEntries(
  ['platform.yaml', 'slos.yaml'].map((name) => [
    name,
    readFileSync(join(import.meta.dirname, '../../examples/shop', name), 'utf8'),
  ]),
);

/** The whole declaration with one text in place of another. */
function changed(from: string, to: string): Platform {
  const files = Object.entries(EVERYTHING).map(([file, text]) => [file, text.replace(from, to)]);
  const texts = Object.fromEntries(files) as Files;
  if (Object.values(texts).join() === Object.values(EVERYTHING).join()) throw new Error(`nowhere: ${from}`);
  return platformOf(texts);
}
const told = (after: Platform, before = WHOLE) => relaxedIn(before, after).map((r) => `${r.path}: ${r.what}`);
const effects = (after: Platform, before = WHOLE) =>
  settingChanges(before, after).map(({ path, effect }) => `${path} ${effect}`);

describe('a pull request that lowers safety is seen', () => {
  it.each([
    [
      'good is made of everything',
      'query: \'http_requests_total{service="checkout",code!~"5.."}\'',
      'query: \'http_requests_total{service="checkout"}\'',
      /^slos\[checkout-availability\]\.indicator\.part: /,
    ],
    [
      'a window of an hour',
      'duration: 30d',
      'duration: 1h',
      /^slos\[checkout-availability\]\.windowMs: 2592000000 → 3600000$/,
    ],
    [
      'a window three times as long',
      'duration: 30d',
      'duration: 90d',
      /^slos\[checkout-availability\]\.windowMs: /,
    ],
    [
      'maintenance over everything',
      'services: [checkout], environments: [stage] }]\n  notifications',
      '}]\n  notifications',
      /^maintenance: /,
    ],
    [
      'another maintenance',
      'maintenance: [',
      "maintenance: [{ from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z', reason: all year }, ",
      /^maintenance: /,
    ],
    [
      'a freeze gone',
      /\n {4}- \{ name: weekend.*/.exec(EVERYTHING['platform.yaml'])![0],
      '',
      /^freezes\[weekend\]: .* → nothing$/,
    ],
    ['a freeze of fewer days', 'BYDAY=FR', 'BYDAY=SU', /^freezes\[weekend\]\.recurrence\.weekdays: /],
    [
      'a freeze of another scope',
      'environments: [stage], services: [checkout], timeZone',
      'environments: [prod-us], services: [checkout], timeZone',
      /^freezes\[weekend\]\.environments: /,
    ],
    [
      'a shorter freeze',
      'duration: 64h',
      'duration: 1h',
      /^freezes\[weekend\]\.durationMs: 230400000 → 3600000$/,
    ],
    [
      'the second person off',
      'secondPerson: true',
      'secondPerson: false',
      /^policy\.waiver\.secondPerson: true → false$/,
    ],
    [
      'wider labels',
      'security: [cve]',
      'security: [cve, bug]',
      /^policy\.exempt\.security: \["cve"\] → \["cve","bug"\]$/,
    ],
    ['other labels', 'security: [cve]', 'security: [bug]', /^policy\.exempt\.security: /],
    [
      'everybody admin',
      'dev: [read]',
      'dev: [admin]',
      /^signIn\.people\.groups\{dev\}: \["read"\] → \["admin"\]$/,
    ],
    [
      'a new group',
      'dev: [read]',
      'dev: [read], all: [admin]',
      /^signIn\.people\.groups\{all\}: nothing → \["admin"\]$/,
    ],
    [
      'a group of a team for everything',
      'checkout: { scopes: [operate, waive], teams: [shop], services: [checkout] }',
      'checkout: [operate, waive]',
      /^signIn\.people\.groups\{checkout\}: .* → \["operate","waive"\]$/,
    ],
    [
      'more scopes for a team',
      'checkout: { scopes: [operate, waive]',
      'checkout: { scopes: [operate, waive, admin]',
      /^signIn\.people\.groups\{checkout\}\.scopes: /,
    ],
    [
      'a limit that brings more scopes',
      'sre: [operate, waive]',
      'sre: { scopes: [operate, admin], teams: [shop] }',
      /^signIn\.people\.groups\{sre\}: /,
    ],
    [
      'a machine for everything',
      'scopes: [operate], teams: [shop], services: [checkout] }]',
      'scopes: [operate] }]',
      /^signIn\.machines: /,
    ],
    [
      'another claim for groups',
      'groupsClaim: roles',
      'groupsClaim: email',
      /^signIn\.people\.groupsClaim: roles → email$/,
    ],
    ['another issuer', 'https://id.example', 'https://evil.example', /^signIn\.people\.issuer: /],
    [
      'more machines',
      'machines: [',
      "machines: [{ issuer: 'https://evil.example', audience: a, claims: { a: b }, scopes: [admin] }, ",
      /^signIn\.machines: /,
    ],
    [
      'a thousand failures forgiven',
      'maxFailed: 2',
      'maxFailed: 1000',
      /^policy\.history\.maxFailed: 2 → 1000$/,
    ],
    ['failures forgotten sooner', 'within: 2d', 'within: 1m', /^policy\.history\.windowMs: /],
    [
      'a lower objective',
      'target: 0.999',
      'target: 0.9',
      /^slos\[checkout-availability\]\.objective: 0.999 → 0.9$/,
    ],
    [
      'an SLO no longer judged by',
      'burnSlos: [checkout-uptime]',
      'burnSlos: []',
      /^services\[checkout\]\.burnSlos: /,
    ],
    ['merges at less budget', 'block: 0.05', 'block: -5', /^policy\.block: 0.05 → -5$/],
    [
      'a budget that holds nothing',
      'holds: true',
      'holds: false',
      /^environments\[prod-eu\]\.budgetHolds: true → false$/,
    ],
    ['watched only', 'mode: enforce', 'mode: observe', /^environments\[prod-eu\]\.mode: enforce → observe$/],
    ['no order', 'after: [stage]', 'after: []', /^environments\[prod-eu\]\.after: /],
    [
      'a burn that nothing reaches',
      'threshold: 12',
      'threshold: 500',
      /^environments\[prod-eu\]\.burn\.fast\.threshold: 12 → 500$/,
    ],
    [
      'another Prometheus',
      "address: 'http://prometheus:9090'",
      "address: 'http://mine:9090'",
      /^environments\[prod-eu\]\.prometheus\.address: /,
    ],
    ['another policy', "address: 'http://opa'", "address: 'http://mine'", /^policy\.server\.address: /],
    ['another bundle', 'a'.repeat(64), 'b'.repeat(64), /^policy\.bundle\.digest: /],
    [
      'no bundle',
      /\n {4}bundle: .*/.exec(EVERYTHING['platform.yaml'])![0],
      '',
      /^policy\.bundle: .* → nothing$/,
    ],
    ['a check of another name', 'check: sluice/other', 'check: mine', /^forge\.check: /],
    [
      'a guard gone',
      /\n {6}guards: .*/.exec(EVERYTHING['platform.yaml'])![0],
      '',
      /^services\[checkout\]\.guards\[memory\]: .* → nothing$/,
    ],
    [
      'a guard without its bound',
      'max: 100, ',
      '',
      /^services\[checkout\]\.guards\[memory\]\.max: 100 → nothing$/,
    ],
    [
      'a guard that passes without data',
      'noData: fail',
      'noData: pass',
      /^services\[checkout\]\.guards\[memory\]\.noData: fail → pass$/,
    ],
    [
      'steps straight to all',
      'steps: [25, 50, 100]',
      'steps: [100]',
      /^services\[checkout\]\.strategy\.steps: /,
    ],
    ['nobody told', 'on: [denied, freeze]', 'on: [freeze]', /^notifications\[chat\]\.on: /],
    ['another ledger', 'env: DATABASE', 'env: MINE', /^ledger\.url\.env: DATABASE → MINE$/],
  ])('GATE-24: %s', (_, from, to, path) => {
    const found = told(changed(from, to));
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).toMatch(new RegExp(path.source, 'm'));
  });

  it.each([
    ['a higher objective', 'target: 0.999', 'target: 0.9995'],
    ['fewer labels', 'emergency: [sev1, sev2]', 'emergency: [sev1]'],
    [
      'another freeze',
      '  freezes:\n',
      "  freezes:\n    - { name: more, reason: r, timeZone: UTC, start: '2026-01-01T00:00', duration: 1h }\n",
    ],
    [
      'a freeze of more services',
      'environments: [stage], services: [checkout], timeZone',
      'environments: [stage], timeZone',
    ],
    ['a longer freeze', 'duration: 64h', 'duration: 70h'],
    ['no maintenance', /\n {2}maintenance: .*/.exec(EVERYTHING['platform.yaml'])![0], ''],
    ['fewer scopes', 'sre: [operate, waive]', 'sre: [operate]'],
    ['scopes for a team alone', 'sre: [operate, waive]', 'sre: { scopes: [operate], teams: [shop] }'],
    ['fewer teams', 'teams: [shop], services: [checkout] } }', 'services: [checkout] } }'],
    ['nobody signs in by it', ', dev: [read]', ''],
    [
      'one window alone decides',
      'validation: canary-multi-window',
      'validation: canary-multi-window'.replace('-multi-window', ''),
    ],
    ['fewer failures', 'maxFailed: 2', 'maxFailed: 1'],
    ['a guard with a lower bound', 'max: 100', 'max: 90'],
    ['a stricter burn rule', 'threshold: 12', 'threshold: 10'],
    ['a longer soak', 'soak: 10m', 'soak: 20m'],
    ['a service that runs everywhere', '\n      environments: [stage, prod-eu, prod-us]', ''],
  ])('GATE-24: %s is stricter, or is said to be what is not known', (name, from, to) => {
    const found = effects(changed(from, to));
    if (name === 'one window alone decides')
      expect(found).toEqual([
        'environments[prod-eu].validation relaxes',
        'environments[prod-eu].burn.slow tightens',
      ]);
    else {
      expect(found.length).toBeGreaterThan(0);
      expect(found.filter((f) => !f.endsWith('tightens'))).toEqual([]);
    }
  });

  it.each([
    [
      'a guard that fails without data',
      'noData: fail',
      'noData: pass',
      'services[checkout].guards[memory].noData',
    ],
    ['what was only watched before', 'mode: enforce', 'mode: observe', 'environments[prod-eu].mode'],
    [
      'the first policy of a team',
      /\n {4}bundle: .*/.exec(EVERYTHING['platform.yaml'])![0],
      '',
      'policy.bundle',
    ],
  ])('GATE-24: %s is stricter than before', (_, now, before, path) =>
    expect(effects(WHOLE, changed(now, before))).toEqual([`${path} tightens`]),
  );

  it('TEAM-9: whose a service is says who may do what: another team, or one more, relaxes', () => {
    const team = (other: unknown) => replaced(WHOLE, ['services', 0, 'team'], other) as Platform;
    for (const other of ['pay', undefined, null])
      expect(effects(team(other))).toEqual(['services[checkout].team relaxes']);
    expect(effects(WHOLE, team(undefined))).toEqual(['services[checkout].team relaxes']);
    expect(relaxedIn(WHOLE, team('pay'))).toMatchObject([{ service: 'checkout', what: 'shop → pay' }]);
  });

  it('GATE-24: words for people change nothing, and neither does the order of names', () => {
    expect(effects(changed('orders go through', 'something else'))).toEqual([]);
    expect(effects(changed('reason: nobody is here, environments', 'reason: away, environments'))).toEqual(
      [],
    );
    const turned = { ...WHOLE, services: [...WHOLE.services].reverse(), slos: [...WHOLE.slos].reverse() };
    expect(effects(turned)).toEqual([]);
    expect(effects(platformOf(EVERYTHING))).toEqual([]);
  });

  it('GATE-24: whom a setting concerns is told, all where it is everybody', () => {
    const scope = (after: Platform) =>
      relaxedIn(WHOLE, after).map(({ slo, service, environment }) => `${slo} ${service} ${environment}`);
    expect(scope(changed('target: 0.999', 'target: 0.9'))).toEqual(['checkout-availability * *']);
    expect(scope(changed('threshold: 12', 'threshold: 500'))).toEqual(['* * prod-eu']);
    expect(scope(changed('noData: fail', 'noData: pass'))).toEqual(['* checkout *']);
    expect(scope(changed('secondPerson: true', 'secondPerson: false'))).toEqual(['* * *']);
  });

  it('GATE-24: a declaration that relaxes everything is told in bounded length, with whom it concerns', () => {
    const many = (target: number) => ({
      ...WHOLE,
      slos: Array.from({ length: 500 }, (_, i) => ({ ...WHOLE.slos[0]!, name: `s${i}`, objective: target })),
    });
    const found = relaxedIn(many(0.99), many(0.9));
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toMatchObject({
      slo: '*',
      service: '*',
      environment: '*',
      what: '400 more settings',
    });
    const long = relaxedIn(WHOLE, changed("query: 'max(memory)'", `query: 'max(${'m'.repeat(5_000)})'`));
    expect(JSON.stringify(long).length).toBeLessThan(1_000);
  });
});

interface Leaf {
  readonly pattern: string;
  readonly keys: readonly (string | number)[];
  readonly value: unknown;
}

/** Every place in a platform at which a value may be changed, with its pattern. */
function leavesOf(value: unknown, pattern: string, keys: readonly (string | number)[]): Leaf[] {
  const here: Leaf[] = [{ pattern, keys, value }];
  if (Array.isArray(value)) {
    if (!NAMED_LISTS.has(pattern)) return here;
    return [...here, ...value.flatMap((item, i) => leavesOf(item, `${pattern}[]`, [...keys, i]))];
  }
  if (typeof value !== 'object' || value === null) return here;
  const inner = Object.entries(value)
    .filter(([key]) => pattern !== '' || !DERIVED.has(key))
    .flatMap(([key, v]) =>
      leavesOf(v, RECORDS.has(pattern) ? `${pattern}{}` : pattern ? `${pattern}.${key}` : key, [
        ...keys,
        key,
      ]),
    );
  return pattern === '' ? inner : [...here, ...inner];
}
const LEAVES = leavesOf(WHOLE, '', []);

const replaced = (value: unknown, [key, ...rest]: readonly (string | number)[], to: unknown): unknown => {
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? replaced(item, rest, to) : item));
  const fields = value as Record<string, unknown>;
  return { ...fields, [key]: replaced(fields[key], rest, to) };
};

/** Other values of the same kind, or none at all. */
const othersOf = (value: unknown): unknown[] =>
  candidates(value).filter((other) => JSON.stringify(other) !== JSON.stringify(value));
function candidates(value: unknown): unknown[] {
  if (typeof value === 'number') return [value + 1, value - 1, value * 1_000, null, 'x'];
  if (typeof value === 'boolean') return [!value, null];
  if (typeof value === 'string') return [`${value}x`, '', null];
  if (Array.isArray(value)) return [[], [...value, 'x'], null];
  return value === null ? [1, 'x', [], { a: 1 }] : [null, { ...value, extra: 1 }];
}

type Schema = { properties?: Record<string, Schema>; items?: Schema };

describe('every setting is classified, or relaxes', () => {
  it('GATE-25: the declaration of the tests says every setting that the schema has', () => {
    const { oneOf } = jsonSchema() as {
      oneOf: { properties: { kind: Schema & { const?: string } } }[];
    };
    const schema = oneOf.find((s) => s.properties.kind.const === 'Platform')!;
    const wanted = ({ properties = {}, items }: Schema, path: string): string[] => [
      ...Object.entries(properties).flatMap(([key, inner]) => [
        `${path}.${key}`,
        ...wanted(inner, `${path}.${key}`),
      ]),
      ...(items ? wanted(items, `${path}[]`) : []),
    ];
    const said = (value: unknown, path: string): string[] =>
      Array.isArray(value)
        ? [path, ...value.flatMap((v) => said(v, `${path}[]`))]
        : typeof value === 'object' && value !== null
          ? [path, ...Object.entries(value).flatMap(([key, inner]) => said(inner, `${path}.${key}`))]
          : [path];
    const known = new Set(said(parse(EVERYTHING['platform.yaml']), ''));
    const missing = wanted(schema, '').filter((path) => !known.has(path));
    // One of several ways each: another one stands there, and they are not told apart below their common name.
    const alternatives = [
      /^\.metadata\.(displayName|labels|annotations)\b/,
      /^\.spec\.environments\[\]\.prometheus\.embedded\b/,
      /^\.spec\.forge\.(local|github)\b/,
      /^\.spec\.kubernetes\.flux\.source$/,
      /^\.spec\.alerts\.receivers\[\]\.(slack|pagerDuty|email)\b/,
      /^\.spec\.notifications\[\]\.(teams|email|webhook)\b/,
    ];
    expect(missing.filter((path) => !alternatives.some((a) => a.test(path)))).toEqual([]);
  });

  it('GATE-25: every direction is one of a setting that there is', () => {
    const known = new Set(LEAVES.map((leaf) => leaf.pattern));
    const declared = [...Object.keys(DIRECTIONS), ...NAMED_LISTS, ...RECORDS];
    expect(declared.filter((pattern) => !known.has(pattern))).toEqual([]);
  });

  it('GATE-25: any change of any setting is equal, tightens or relaxes; of one that nobody classified it relaxes', () => {
    const counts = { equal: 0, tightens: 0, relaxes: 0 };
    for (const { pattern, keys, value } of LEAVES)
      for (const other of othersOf(value)) {
        const changes = settingChanges(WHOLE, replaced(WHOLE, keys, other) as Platform);
        const relaxes = changes.some((c) => c.effect === 'relaxes');
        // A list of names that is no list any more, or whose entries have none, is compared as a whole.
        if (!(pattern in DIRECTIONS)) expect([pattern, other, relaxes]).toEqual([pattern, other, true]);
        else if (DIRECTIONS[pattern] === 'text') expect(changes).toEqual([]);
        else expect([pattern, other, changes.length > 0]).toEqual([pattern, other, true]);
        counts[changes.length === 0 ? 'equal' : relaxes ? 'relaxes' : 'tightens']++;
      }
    expect(counts.relaxes).toBeGreaterThan(300);
    expect(counts.tightens).toBeGreaterThan(30);
  });

  it('GATE-25: what tightens one way relaxes the other way', () => {
    for (const { pattern, keys, value } of LEAVES)
      for (const other of othersOf(value)) {
        const after = replaced(WHOLE, keys, other) as Platform;
        const there = settingChanges(WHOLE, after);
        if (there.length === 0 || there.some((c) => c.effect === 'relaxes')) continue;
        const back = settingChanges(after, WHOLE);
        expect([pattern, other, back.some((c) => c.effect === 'relaxes')]).toEqual([pattern, other, true]);
      }
  });

  it('GATE-25: every key of the example that is taken out or changed is compared without failing', () => {
    const before = platformOf(SHOP_FILES);
    const document = parse(SHOP_FILES['platform.yaml']!) as unknown;
    const places: (string | number)[][] = [];
    const visit = (value: unknown, keys: (string | number)[]): void => {
      if (keys.length > 0) places.push(keys);
      if (typeof value === 'object' && value !== null)
        for (const [key, inner] of Object.entries(value))
          visit(inner, [...keys, Array.isArray(value) ? Number(key) : key]);
    };
    visit(document, []);
    const valueAt = (keys: readonly (string | number)[]): unknown =>
      keys.reduce<unknown>((v, key) => (v as Record<string, unknown>)[key], document);
    const mutations = fc.constantFrom(...places).chain((keys) => {
      const value = valueAt(keys);
      const others = [...othersOf(value), ...(typeof value === 'string' ? ['5m', '1s', '1h'] : [])];
      return fc.constantFrom(...others).map((other) => ({ keys, other }));
    });
    let compared = 0;
    fc.assert(
      fc.property(mutations, ({ keys, other }) => {
        const text = stringify(replaced(document, keys, other));
        const compiled = compileDeclaration(
          Object.entries({ ...SHOP_FILES, 'platform.yaml': text }).map(([file, t]) => ({ file, text: t })),
        );
        if (!compiled.ok) return;
        compared++;
        const changes = settingChanges(before, compiled.value);
        expect([keys, other, changes.length > 0]).toEqual([
          keys,
          other,
          compiled.value.digest !== before.digest,
        ]);
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(50);
  });
});
