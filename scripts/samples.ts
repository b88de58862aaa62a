import type {
  Change,
  Facts,
  FreezeFacts,
  LaneFacts,
  SloFacts,
  WaiverFacts,
} from '../src/governance/facts.ts';

/** Facts for every rule of the policy: one pull request that it lets through and one that it denies. */
const NOW = Date.parse('2026-03-02T10:00:00Z');
const MINUTE = 60_000;
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

const CHANGE: Change = {
  service: 'checkout',
  environment: 'prod',
  kind: 'release',
  from: { version: '1.0.0', digest: digest('a') },
  to: { version: '1.1.0', digest: digest('b') },
};
const SLO: SloFacts = {
  service: 'checkout',
  environment: 'prod',
  slo: 'checkout-availability',
  objective: 0.999,
  left: 0.62,
  requests: 1_200_000,
  bad: 456,
  coverage: 1,
  fast: 0.4,
  slow: 0.3,
  thresholds: { fast: 14, slow: 3 },
  query: '{__name__=~"slo:.*",service="checkout",environment="prod"}',
  at: NOW,
  error: null,
};
const LANE: LaneFacts = {
  service: 'checkout',
  environment: 'prod',
  state: 'Stable',
  rejected: [],
  previous: null,
  stableBefore: [],
  failed: 0,
};
const FREEZE: FreezeFacts = {
  id: 'f-quarter-end',
  kind: 'manual',
  scope: { environment: 'prod', service: '*' },
  since: NOW - 60 * MINUTE,
  until: NOW + 90 * MINUTE,
  reason: 'quarter end',
  by: 'oidc:release-manager',
};
const WAIVER: WaiverFacts = {
  id: 'w-1',
  scope: { environment: 'prod', service: 'checkout' },
  codes: [],
  reason: 'payment provider changes its certificate tonight',
  since: NOW - MINUTE,
  expiresAt: NOW + 60 * MINUTE,
  by: 'oidc:release-manager',
  approved: true,
  approvedBy: null,
  boundTo: null,
};
const FACTS: Facts = {
  schema: 'sluice.dev/gate-input/v1',
  now: NOW,
  platform: { name: 'shop', digest: digest('0') },
  settings: {
    budget: { block: 0, warn: 0.1, coverage: 0.1, requests: 1_000 },
    history: { maxFailed: 2, windowMs: 86_400_000 },
    risk: { maxServices: 3 },
    exempt: { emergency: ['emergency'], security: ['security'] },
    waiver: { maxMs: 86_400_000 },
  },
  pullRequest: {
    number: 7,
    title: 'Release checkout 1.1.0',
    author: 'developer',
    base: 'main',
    baseSha: '1'.repeat(40),
    headSha: '2'.repeat(40),
    labels: [],
    fork: false,
    url: '',
    files: 1,
    complete: true,
    rulesTouched: [],
  },
  changes: [CHANGE],
  declaration: { problems: [], relaxed: [] },
  slos: [SLO],
  lanes: [LANE],
  freezes: [],
  waivers: [],
  team: [],
};

const slo = (more: Partial<SloFacts>): Partial<Facts> => ({ slos: [{ ...SLO, ...more }] });
const lane = (more: Partial<LaneFacts>): Partial<Facts> => ({ lanes: [{ ...LANE, ...more }] });
const pull = (more: Partial<Facts['pullRequest']>): Partial<Facts> => ({
  pullRequest: { ...FACTS.pullRequest, ...more },
});
const without = (name: string): object =>
  Object.fromEntries(Object.entries(FACTS).filter(([key]) => key !== name));
const SPENT = slo({ left: -0.25, bad: 1_500 });
const REVERT: Change = { ...CHANGE, kind: 'revert', from: CHANGE.to!, to: CHANGE.from! };
const RELAXED = {
  path: 'slos[checkout-availability].objective',
  slo: 'checkout-availability',
  service: '*',
  environment: '*',
  what: '0.999 → 0.99',
  from: 0.999,
  to: 0.99,
};
const ONE_PERSON = {
  path: 'policy.waiver.secondPerson',
  slo: '*',
  service: '*',
  environment: '*',
  what: 'true → false',
  from: true,
  to: false,
};
const MANY = ['cart', 'checkout', 'frontend', 'payment'].map((service) => ({ ...CHANGE, service }));
const many = (count: number): Partial<Facts> => ({
  changes: MANY.slice(0, count),
  slos: MANY.map(({ service }) => ({ ...SLO, service, slo: `${service}-availability` })),
  lanes: MANY.map(({ service }) => ({ ...LANE, service })),
});

/** A sample: its file, what is shown, the facts, and the codes that deny (none: it is allowed). */
interface Sample {
  readonly file: string;
  readonly shows: string;
  readonly facts: object;
  readonly deny: readonly string[];
}

const sample = (file: string, shows: string, more: object, ...deny: string[]): Sample => ({
  file: `${file}.json`,
  shows,
  facts: { ...FACTS, ...more },
  deny,
});

export const SAMPLES: readonly Sample[] = [
  sample('budget.allowed', '62% of the error budget remains', {}),
  sample('budget.denied', 'the budget is spent', SPENT, 'BUDGET_EXHAUSTED'),
  sample(
    'budget-young.allowed',
    'appears to be spent after 40 requests of a new service',
    slo({ left: -1, coverage: 0.01, requests: 40, bad: 1 }),
  ),
  sample('no-data.denied', 'Prometheus has no data for the budget', slo({ left: null }), 'BUDGET_UNKNOWN'),
  sample(
    'source.denied',
    'Prometheus does not answer',
    slo({ left: null, fast: null, slow: null, error: { code: 'SOURCE_UNAVAILABLE', message: 'refused' } }),
    'SOURCE_UNAVAILABLE',
  ),
  sample('burn.allowed', 'only the fast window is above its threshold', slo({ fast: 20, slow: 1 })),
  sample('burn.denied', 'both windows are above their thresholds', slo({ fast: 20, slow: 4 }), 'BURNING'),
  sample('burn-unknown.denied', 'a window has no data', slo({ slow: null }), 'BURN_UNKNOWN'),
  sample('freeze.allowed', 'the freeze is of another environment', {
    freezes: [{ ...FREEZE, scope: { environment: 'stage', service: '*' } }],
  }),
  sample('freeze.denied', 'a freeze is active', { freezes: [FREEZE] }, 'FROZEN'),
  sample('freeze-revert.allowed', 'a revert under a freeze, with the budget spent', {
    ...SPENT,
    freezes: [FREEZE],
    changes: [REVERT],
  }),
  sample('label.allowed', 'a security fix by its label, under a freeze', {
    freezes: [FREEZE],
    ...pull({ labels: ['security'] }),
  }),
  sample(
    'label.denied',
    'a label that is not declared',
    { freezes: [FREEZE], ...pull({ labels: ['urgent'] }) },
    'FROZEN',
  ),
  sample('waiver.allowed', 'a waiver overrides the denial, on record', { ...SPENT, waivers: [WAIVER] }),
  sample(
    'waiver-expired.denied',
    'the waiver expired a minute ago',
    { ...SPENT, waivers: [{ ...WAIVER, expiresAt: NOW - MINUTE, since: NOW - 2 * MINUTE }] },
    'BUDGET_EXHAUSTED',
  ),
  sample(
    'waiver-pending.denied',
    'the waiver waits for a second person',
    { ...SPENT, waivers: [{ ...WAIVER, approved: false }] },
    'BUDGET_EXHAUSTED',
  ),
  sample('history.allowed', 'two releases failed today, two are allowed', lane({ failed: 2 })),
  sample('history.denied', 'three releases failed today', lane({ failed: 3 }), 'TOO_MANY_FAILED'),
  sample(
    'rejected.denied',
    'this artefact was rejected',
    lane({
      rejected: [
        { digest: digest('b'), environment: 'prod', release: 'checkout.prod.4', reason: 'HARM_SHOWN' },
      ],
    }),
    'REJECTED_DIGEST',
  ),
  sample('order.allowed', 'it was stable in stage', lane({ previous: 'stage', stableBefore: [digest('b')] })),
  sample(
    'order.denied',
    'it was never stable in stage',
    lane({ previous: 'stage', stableBefore: [digest('a')] }),
    'NOT_STABLE_BEFORE',
  ),
  sample('risk.allowed', 'three services at once, three are allowed', many(3)),
  sample('risk.denied', 'four services at once', many(4), 'TOO_MANY_SERVICES'),
  sample(
    'files.denied',
    'not all of its files could be listed',
    pull({ files: 3_000, complete: false }),
    'FILES_INCOMPLETE',
  ),
  sample(
    'declaration.denied',
    'the declaration would be invalid after the merge',
    { declaration: { problems: ['slos.yaml:12: unknown field "objectiv"'], relaxed: [] } },
    'DECLARATION_INVALID',
  ),
  sample('relaxed.allowed', 'an objective is lowered while its budget remains', {
    declaration: { problems: [], relaxed: [RELAXED] },
  }),
  sample(
    'relaxed.denied',
    'an objective is lowered while its budget is spent',
    {
      ...SPENT,
      changes: [{ ...CHANGE, kind: 'declaration' }],
      declaration: { problems: [], relaxed: [RELAXED] },
    },
    'RELAXED_WHILE_SPENT',
  ),
  sample(
    'relaxed-everybody.denied',
    'waivers no longer need a second person, while a budget is spent',
    {
      ...SPENT,
      changes: [{ ...CHANGE, kind: 'declaration' }],
      declaration: { problems: [], relaxed: [ONE_PERSON] },
    },
    'RELAXED_WHILE_SPENT',
  ),
  sample(
    'team.denied',
    "the team's own policy denies",
    { team: [{ code: 'NO_FRIDAY', msg: 'checkout is not released on Fridays' }] },
    'NO_FRIDAY',
  ),
  {
    file: 'missing.denied.json',
    shows: 'the facts lack the objectives',
    facts: without('slos'),
    deny: ['INPUT_MISSING', 'SLO_MISSING'],
  },
  sample('lane-missing.denied', 'the release history is missing', { lanes: [] }, 'LANE_MISSING'),
  { file: 'empty.denied.json', shows: 'no facts at all', facts: {}, deny: ['INPUT_MISSING'] },
  sample(
    'wrong-type.denied',
    'a budget that is not a number',
    { slos: [{ ...SLO, left: 'plenty' }] },
    'INPUT_INVALID',
  ),
];

/** The table beside the files. */
export const samplesPage = (): string => `# Samples of the policy
Facts as the policy receives them, with the decision. Generated by \`npm run generate\`; a test evaluates each with both engines.

\`\`\`sh
npm run -s sluice -- gate --input policy/samples/budget.denied.json
\`\`\`

| file | what it shows | decision |
|---|---|---|
${SAMPLES.map((s) => `| [${s.file}](${s.file}) | ${s.shows} | ${s.deny.length === 0 ? 'allow' : `deny: ${s.deny.map((c) => `\`${c}\``).join(', ')}`} |`).join('\n')}
`;
