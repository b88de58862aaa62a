/** Files that are changed together, and the tests beside them that should notice. */
export interface MutationTarget {
  readonly name: string;
  readonly files: readonly string[];
  /** Files of tests, or folders of them. */
  readonly tests: readonly string[];
}

export const TARGETS: readonly MutationTarget[] = [
  {
    name: 'ledger',
    files: ['src/ledger/record.ts', 'src/ledger/snapshot.ts'],
    tests: ['src/ledger'],
  },
  { name: 'counts', files: ['src/runtime/counts.ts'], tests: ['src/runtime/counts.test.ts'] },
  { name: 'budgets', files: ['src/runtime/budget.ts'], tests: ['src/runtime/budget.test.ts'] },
  {
    name: 'evidence',
    files: [
      'src/delivery/evidence/first.ts',
      'src/delivery/evidence/second.ts',
      'src/delivery/evidence/bets.ts',
      'src/delivery/verdict.ts',
    ],
    tests: ['src/delivery/evidence', 'src/delivery/verdict.test.ts', 'src/delivery/assess.test.ts'],
  },
  {
    name: 'machine',
    files: [
      'src/delivery/machine.ts',
      'src/delivery/decide.ts',
      'src/delivery/evolve.ts',
      'src/delivery/transitions.ts',
      'src/delivery/release-states.ts',
      'src/delivery/steady-states.ts',
      'src/delivery/abort-conditions.ts',
    ],
    tests: ['src/delivery'],
  },
  {
    name: 'decisions',
    files: ['src/governance/decision.ts', 'src/governance/relaxations.ts'],
    tests: [
      'src/governance/decision.test.ts',
      'src/governance/relaxations.test.ts',
      'src/governance/governance.test.ts',
    ],
  },
  {
    name: 'freezes',
    files: ['src/governance/freeze.ts', 'src/governance/calendar.ts'],
    tests: ['src/governance'],
  },
  {
    name: 'promotion rules',
    files: ['src/gitops/promotion.ts'],
    tests: ['src/gitops/promotion.test.ts'],
  },
];
