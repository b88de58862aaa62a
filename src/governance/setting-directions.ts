/**
 * The direction in which a changed setting makes the platform stricter. For a setting without an entry here, any
 * change relaxes.
 *
 * higher, lower: a number · floor, ceiling: the same, null being no bound · on: a switch · ranks: a word, from the
 * loosest to the strictest · more, fewer: entries of a list or record, or whether something is there at all ·
 * scope: names to which it applies, null being all · grant: scopes, for everything or for named services and teams ·
 * text: words for people, which change nothing.
 */
export type Direction =
  | 'higher'
  | 'lower'
  | 'floor'
  | 'ceiling'
  | 'on'
  | 'more'
  | 'fewer'
  | 'scope'
  | 'grant'
  | 'text'
  | { readonly ranks: readonly string[] };

/** By path: `[]` is each entry of a list whose entries have names, `{}` each value of a record. */
export const DIRECTIONS: Readonly<Record<string, Direction>> = {
  environments: 'more',
  'environments[].mode': { ranks: ['observe', 'enforce'] },
  'environments[].burn.fast.threshold': 'lower',
  // With a second window both have to burn: without it one is enough.
  'environments[].burn.slow': 'fewer',
  'environments[].burn.slow.threshold': 'lower',
  'environments[].after': 'more',
  'environments[].strategy.dwellMs': 'higher',
  'environments[].strategy.dwellAtFullMs': 'higher',
  'environments[].promotion.soakMs': 'higher',
  'environments[].budgetHolds': 'on',

  services: 'more',
  'services[].description': 'text',
  // Not its team: it says whose limited rights hold for it, those of tokens included.
  // Where it does not run, it is neither judged nor waited for in the order of promotion.
  'services[].environments': 'scope',
  'services[].slos': 'more',
  'services[].burnSlos': 'more',
  'services[].strategy.dwellMs': 'higher',
  'services[].strategy.dwellAtFullMs': 'higher',
  'services[].guards': 'more',
  'services[].guards[].min': 'floor',
  'services[].guards[].max': 'ceiling',
  'services[].guards[].noData': { ranks: ['pass', 'hold', 'fail'] },
  'services[].guards[].forMs': 'lower',

  slos: 'more',
  'slos[].objective': 'higher',
  'slos[].description': 'text',
  'slos[].runbook': 'text',

  links: 'text',

  'evidence.tolerance': 'lower',
  'evidence.minBad': 'lower',
  'evidence.witnesses': 'lower',
  'recovery.looks': 'higher',
  'recovery.burnBelow': 'lower',
  'recovery.forMs': 'higher',

  'alerts.minBad': 'lower',
  'alerts.ladder': 'on',
  'slos[].alerting.page.enabled': 'on',
  'slos[].alerting.ticket.enabled': 'on',
  'slos[].alerting.noData.enabled': 'on',
  'alerts.runbook': 'text',
  maintenance: 'fewer',
  notifications: 'more',
  'notifications[].on': 'more',
  'notifications[].environments': 'scope',
  'notifications[].services': 'scope',

  'policy.block': 'higher',
  'policy.warn': 'higher',
  'policy.freeze.budget': 'higher',
  'policy.freeze.recover': 'higher',
  'policy.freeze.forMs': 'higher',
  'policy.freeze.onBurn': 'on',
  'policy.history.maxFailed': 'lower',
  'policy.history.windowMs': 'higher',
  'policy.risk.maxServices': 'lower',
  'policy.exempt.emergency': 'fewer',
  'policy.exempt.security': 'fewer',
  'policy.waiver.maxMs': 'lower',
  'policy.waiver.secondPerson': 'on',
  'policy.validForMs': 'lower',
  // A team's own policy only adds denials.
  'policy.bundle': 'more',

  freezes: 'more',
  'freezes[].reason': 'text',
  'freezes[].environments': 'scope',
  'freezes[].services': 'scope',
  'freezes[].durationMs': 'higher',
  // The days that it names are compared one field at a time.
  'freezes[].recurrence.text': 'text',

  'signIn.people': 'fewer',
  'signIn.people.groups': 'fewer',
  'signIn.people.groups{}': 'grant',
  'signIn.people.groups{}.scopes': 'fewer',
  'signIn.people.groups{}.services': 'fewer',
  'signIn.people.groups{}.teams': 'fewer',
  'signIn.machines': 'fewer',
};

/** Lists whose entries are known by their names. */
export const NAMED_LISTS: ReadonlySet<string> = new Set([
  'environments',
  'services',
  'services[].guards',
  'slos',
  'notifications',
  'freezes',
]);

/** Records whose keys are the user's own. */
export const RECORDS: ReadonlySet<string> = new Set(['signIn.people.groups']);

/** Follows from everything else. */
export const DERIVED: ReadonlySet<string> = new Set(['digest', 'origin']);
