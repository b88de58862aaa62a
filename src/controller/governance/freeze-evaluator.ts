import { slosIn } from '../../declaration/layout.ts';
import type { Platform } from '../../declaration/platform.ts';
import { autoKey } from '../../governance/events.ts';
import { governanceFold } from '../../governance/fold.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { Ms } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import { openPlane } from '../flow/plane.ts';
import { inTurn } from '../flow/turns.ts';
import type { SloStatuses } from '../slo-statuses.ts';
import { type FreezeSituation, planFreezes } from './planner.ts';

interface FreezeEvaluatorParts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly statuses: SloStatuses;
  /** How many environments are planned in each tick although nothing was reported about them; default: none. */
  readonly inTurn?: number | undefined;
  warn?(details: object, message: string): void;
}

/** How long a tick waits for its appends. */
const PATIENCE_MS = 10_000;

/** Automatic freezes, environment by environment: planned where a reading, an exclusion or a freeze changed. */
export function createFreezeEvaluator(parts: FreezeEvaluatorParts): (now: Ms) => Promise<void> {
  const { platform, journal, statuses } = parts;
  const environments = new Map(platform.environments.map((e) => [e.name, e]));
  const recorded = new Map(platform.environments.map((e) => [e.name, slosIn(platform, e)]));
  const turn = inTurn([...environments.keys()], parts.inTurn ?? 0);
  const changed = statuses.watch();
  const plane = openPlane<FreezeSituation>({
    journal,
    runner: null,
    planner: { plan: planFreezes },
    situation: (name, now) =>
      Object.freeze({
        now,
        environment: environments.get(name)!,
        settings: platform.policy.freeze,
        slos: recorded.get(name)!.map((slo) => ({
          slo,
          status: statuses.of(slo.name, name),
          recorded: journal.state(governanceFold).auto.get(autoKey(slo.name, name)),
        })),
      }),
    patienceMs: PATIENCE_MS,
    warn: (environment, { message }) =>
      parts.warn?.({ environment, error: message }, 'freezes could not be evaluated; Sluice tries again'),
    log: () => {},
  });
  journal.onRecords((records) => {
    // A person may have lifted one.
    for (const { type, subject } of records) {
      const environment = type === 'freeze.moved' ? partsOfLane(subject)[1] : '';
      if (environments.has(environment)) plane.mark(environment);
    }
  });
  return (now) => plane.tick(now, [...changed(), ...turn()]);
}
