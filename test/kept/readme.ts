import { basename } from 'node:path';
import type { DecisionData, KeptDecision } from './decisions.ts';
import type { KeptLedger, Version } from './files.ts';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const STORES = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const;

const ledgerRow = ({ folder, about }: KeptLedger): string[] => [
  `\`${basename(folder)}\``,
  STORES[about.store],
  String(about.head.seq),
  new Date(about.at).toISOString(),
  `\`${about.made}\``,
];

function decisionRow({ ledger, record }: KeptDecision): string[] {
  const { decision, facts } = record.data as DecisionData;
  const { changes = [] } = facts as { changes?: readonly Readonly<Record<string, string>>[] };
  const codes = (list: readonly { readonly code: string }[]) =>
    [...new Set(list.map(({ code }) => `\`${code}\``))].join(', ');
  return [
    `\`${decision.id}\``,
    `${ledger} #${record.seq}`,
    decision.allow ? 'allow' : 'deny',
    decision.allow ? codes(decision.recorded) : codes(decision.deny),
    changes.map((c) => `${c['kind']} ${c['service']}/${c['environment']}`).join(', '),
  ];
}

/** What was kept of a version, for people. */
export function readmeOf(
  { version, commit, types }: Version,
  ledgers: readonly KeptLedger[],
  decisions: readonly KeptDecision[],
): string {
  const typeRow = ([type, names]: readonly [string, readonly string[]]) => [
    `\`${type}\``,
    names.length > 0 ? names.join(', ') : 'not kept',
  ];
  return [
    `# What was kept of version ${version} (${commit})`,
    `Written by \`node test/kept/keep.ts version\`; ../README.md says what each file is.`,
    '## Ledgers',
    table(['folder', 'store', 'records', 'kept at', 'command'], ledgers.map(ledgerRow)),
    'Each is a whole chain from its first record on.',
    '## Decisions',
    table(['decision', 'record', 'answer', 'codes', 'what it changes'], decisions.map(decisionRow)),
    '## Record types',
    table(['type', 'held by'], Object.entries(types).map(typeRow)),
    '',
  ].join('\n\n');
}
