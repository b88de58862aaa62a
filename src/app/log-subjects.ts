import { partsOfLane } from '../kit/lane.ts';
import type { LedgerRecord } from '../ledger/record.ts';

/** The release of a lane, and the pull request that asked for it. */
interface Known {
  readonly release: string | null;
  readonly pull: number | null;
}

/** Finds what is known of a lane; null: no such lane. */
type Find = (lane: string) => Known | null;

/** Names that every line of the log has alike, where it is about one lane, release or pull request. */
export interface LogSubjects {
  /** Says how a lane's release is found, once lanes are known. */
  know(find: Find): void;
  /** `service`, `environment`, `release` and `pull`, as far as the details of a line tell of them. */
  of(details: object): object;
}

/** Operations name their subject `of`, planes that only look at lanes name it `lane`. */
const subjectIn = (details: object): string | null => {
  const { lane, of } = details as { lane?: unknown; of?: unknown };
  const subject = lane ?? of;
  return typeof subject === 'string' ? subject : null;
};

export function createLogSubjects(): LogSubjects {
  let find: Find = () => null;
  return {
    know(finding) {
      find = finding;
    },
    of(details) {
      const subject = subjectIn(details);
      if (subject === null) return {};
      const pull = /^pull\/(\d+)$/.exec(subject)?.[1];
      if (pull !== undefined) return { pull: Number(pull) };
      const known = find(subject);
      if (!known) return {};
      const [service, environment] = partsOfLane(subject);
      const { release, pull: asked } = known;
      return {
        service,
        environment,
        ...(release === null ? {} : { release }),
        ...(asked === null ? {} : { pull: asked }),
      };
    },
  };
}

/** Tells of every move of a release: a line that can be searched by release and by pull request. */
export function logMoves(
  records: readonly LedgerRecord[],
  subjects: LogSubjects,
  info: (details: object, message: string) => void,
): void {
  for (const { type, subject, seq, data } of records) {
    if (type !== 'lane.moved') continue;
    const { from, to, reason } = data as { from: string; to: string; reason: string };
    const lane = { lane: subject };
    info({ ...lane, ...subjects.of(lane), from, to, reason, seq }, 'a lane moved');
  }
}
