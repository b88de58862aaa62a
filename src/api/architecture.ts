import { counted } from '../kit/counted.ts';
import { isBurning, isSpent } from './fleet.ts';
import type { LaneSummary } from './lane.ts';

/** The parts of the picture, as the architecture draws them. */
export const PARTS = ['users', 'edge', 'services', 'prometheus', 'judge', 'git', 'gate', 'ledger'] as const;
export type Part = (typeof PARTS)[number];

type ArrowState = 'works' | 'moves' | 'trouble' | 'absent';

/** One control loop: what goes from a part to another, how it is doing, and when it last did something. */
export interface Arrow {
  readonly name: 'traffic' | 'metrics' | 'verdict' | 'weight' | 'desired' | 'gate' | 'records';
  readonly from: Part;
  readonly to: Part;
  readonly state: ArrowState;
  /** Milliseconds since 1970; null: nothing is known of it. */
  readonly lastAt: number | null;
  readonly sentence: string;
}

/** What the picture is drawn from: answers that the console has anyway. */
export interface ArchitectureFacts {
  /** When the overview was answered, in milliseconds since 1970. */
  readonly at: number;
  readonly lanes: readonly LaneSummary[];
  readonly problems: readonly string[];
  readonly seq: number;
  readonly releases: readonly { readonly openedAt: number; readonly endedAt: number | null }[];
  /** Null: not known yet. */
  readonly pipeline: {
    readonly services: readonly {
      readonly stands: readonly { readonly sync: { readonly word: string } | null }[];
    }[];
  } | null;
  readonly pulls: {
    readonly forge: string | null;
    readonly pulls: readonly {
      readonly state: string;
      readonly allow: boolean | null;
      readonly evaluatedAt: number | null;
    }[];
  } | null;
}

const latest = (times: readonly (number | null)[]): number | null =>
  times.reduce<number | null>(
    (best, t) => (t !== null && t > 0 && (best === null || t > best) ? t : best),
    null,
  );

function traffic({ lanes, at }: ArchitectureFacts): Arrow {
  const served = lanes.filter((l) => l.stable !== null || l.weight > 0).length;
  return {
    name: 'traffic',
    from: 'users',
    to: 'edge',
    state: served > 0 ? 'works' : 'absent',
    lastAt: served > 0 ? at : null,
    sentence: `${served} of ${counted(lanes.length, 'lane serves', 'lanes serve')} users.`,
  };
}

function metrics({ lanes, at }: ArchitectureFacts): Arrow {
  const troubles = [...new Set(lanes.flatMap((l) => (l.trouble === null ? [] : [l.trouble])))];
  return {
    name: 'metrics',
    from: 'services',
    to: 'prometheus',
    state: troubles.length > 0 ? 'trouble' : 'works',
    lastAt: troubles.length > 0 ? null : at,
    sentence: troubles[0] ?? 'Prometheus answers in every environment.',
  };
}

function verdicts({ lanes, releases }: ArchitectureFacts): Arrow {
  const judged = lanes.filter((l) => l.family === 'being judged').length;
  const burning = lanes.filter((l) => isBurning(l) || isSpent(l)).length;
  return {
    name: 'verdict',
    from: 'prometheus',
    to: 'judge',
    state: burning > 0 ? 'trouble' : judged > 0 ? 'moves' : 'works',
    lastAt: latest(releases.flatMap((r) => [r.openedAt, r.endedAt])),
    sentence: `${counted(judged, 'release is', 'releases are')} judged now; ${burning} burning or spent.`,
  };
}

function weights({ lanes }: ArchitectureFacts): Arrow {
  const moving = lanes.filter((l) => l.asked !== null);
  const stopped = lanes.filter((l) => l.held || l.family === 'stopped').length;
  return {
    name: 'weight',
    from: 'judge',
    to: 'edge',
    state: stopped > 0 ? 'trouble' : moving.length > 0 ? 'moves' : 'works',
    lastAt: latest(lanes.map((l) => l.since)),
    sentence: `${counted(moving.length, 'canary gets', 'canaries get')} a share of the traffic; ${stopped} held or rolled back.`,
  };
}

function desired({ pipeline, problems, lanes }: ArchitectureFacts): Arrow {
  const syncs =
    pipeline?.services.flatMap((s) => s.stands.flatMap((x) => (x.sync ? [x.sync.word] : []))) ?? [];
  const out = syncs.filter((word) => word === 'OutOfSync').length;
  const bad = problems.length > 0 || out > 0;
  return {
    name: 'desired',
    from: 'git',
    to: 'services',
    state: bad ? 'trouble' : syncs.includes('Progressing') ? 'moves' : 'works',
    lastAt: latest(lanes.map((l) => l.since)),
    sentence:
      problems[0] ??
      (out > 0
        ? `${counted(out, 'lane is', 'lanes are')} out of sync with Git.`
        : 'What runs is what Git asks for.'),
  };
}

function gate({ pulls }: ArchitectureFacts): Arrow {
  const open = pulls?.pulls.filter((p) => p.state === 'open') ?? [];
  const denied = open.filter((p) => p.allow === false).length;
  const declared = pulls !== null && pulls.forge !== null;
  return {
    name: 'gate',
    from: 'gate',
    to: 'git',
    state: !declared ? 'absent' : denied > 0 ? 'trouble' : open.length > 0 ? 'moves' : 'works',
    lastAt: latest(pulls?.pulls.map((p) => p.evaluatedAt) ?? []),
    sentence:
      pulls === null
        ? 'Loading …'
        : pulls.forge === null
          ? 'No forge is declared: pull requests are not gated.'
          : `${counted(open.length, 'pull request is', 'pull requests are')} open; ${denied} denied.`,
  };
}

function records({ seq, at, problems }: ArchitectureFacts): Arrow {
  const broken = problems.find((p) => p.startsWith('ledger:'));
  return {
    name: 'records',
    from: 'judge',
    to: 'ledger',
    state: broken ? 'trouble' : 'works',
    lastAt: at,
    sentence: broken ?? `${seq} records, each bound to the one before.`,
  };
}

/** The control loops of the platform, each with its state now. */
export const architectureView = (facts: ArchitectureFacts): readonly Arrow[] =>
  [traffic, metrics, verdicts, weights, desired, gate, records].map((of) => of(facts));

/** What is broken, or that nothing is. */
export function architectureSentence(arrows: readonly Arrow[]): string {
  const broken = arrows.filter((a) => a.state === 'trouble');
  if (broken.length === 0) return 'Every control loop works.';
  return `${counted(broken.length, 'control loop needs', 'control loops need')} attention. ${broken[0]!.sentence}`;
}
