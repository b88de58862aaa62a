import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/kit/random.ts';
import { type LedgerRecord, verifyChain } from '../../src/ledger/record.ts';
import { instant, until } from '../wait.ts';
import { NO_FREEZES, openStage, type Stage } from './stage.ts';

/** How far a release has come, by its records: they stay, so that no instant is missed by whoever looks late. */
interface Instant {
  readonly name: string;
  readonly isThere: (records: readonly LedgerRecord[]) => boolean;
}

const weightOf = (record: LedgerRecord): number =>
  record.type === 'release.confirmed' ? (record.data as { weight: number }).weight : 0;
const at = (weight: number): Instant => ({
  name: `at ${weight} %`,
  isThere: (records) => records.some((record) => weightOf(record) >= weight),
});
const moved = (name: string, ...states: readonly string[]): Instant => ({
  name,
  isThere: (records) =>
    records.some((r) => r.type === 'lane.moved' && states.includes((r.data as { to: string }).to)),
});
const BEGUN: Instant = { name: 'begun', isThere: (records) => records.length > 0 };
const JUDGED: Instant = {
  name: 'judged once',
  isThere: (records) => records.some((record) => record.type === 'release.looked'),
};
/** Longest pause after an instant: less than a step takes, so that the kill comes near it. */
const PAUSE_MS = 800;

const GOOD_AT = [BEGUN, at(20), JUDGED, at(50), at(100), moved('ending', 'Promote')];
const BAD_AT = [BEGUN, at(20), JUDGED, moved('stopped', 'Abort'), moved('rolling back', 'Rollback')];
const GOOD = GOOD_AT.map((_, i) => [`2.${i + 1}.0`, { description: `good ${i + 1}` }] as const);
const BAD = BAD_AT.map((_, i) => [`3.${i + 1}.0`, { description: `bad ${i + 1}`, errorRate: 0.5 }] as const);
const runsOf = (versions: readonly (readonly [string, object])[], at: readonly Instant[], outcome: string) =>
  versions.map(([version], i) => ({
    version,
    outcome,
    instant: at[i]!.name,
    isThere: at[i]!.isThere,
    turn: i,
  }));
/** Good and bad take turns. */
const RUNS = [...runsOf(GOOD, GOOD_AT, 'Stable'), ...runsOf(BAD, BAD_AT, 'rolled back')].sort(
  (a, b) => a.turn - b.turn,
);

const opensVersion = (data: unknown, version: string): boolean =>
  (data as { target: { version: string } }).target.version === version;

describe('the server killed in the middle of a release, on real parts', () => {
  const random = seededRandom(20_261_123);
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({
      versions: Object.fromEntries([...GOOD, ...BAD]),
      rps: 150,
      history: true,
      spec: NO_FREEZES,
    });
    await stage.open();
  });
  afterAll(() => stage.close());

  /** What is on record of the release of a version, its opening first. */
  const ofVersion = async (version: string): Promise<LedgerRecord[]> => {
    const all = await stage.records();
    const opening = all.findIndex((r) => r.type === 'release.opened' && opensVersion(r.data, version));
    if (opening < 0) return [];
    const { release } = all[opening]!.data as { release: string };
    return all.slice(opening).filter((r) => (r.data as { release?: string | null }).release === release);
  };

  it.each(RUNS)(
    'RUN-8: $version: killed soon after it is $instant, it ends $outcome all the same',
    async ({ version, outcome, instant: name, isThere }) => {
      await stage.push(version);
      await until(`${version} ${name}`, 120_000, async () => isThere(await ofVersion(version)));
      // How soon after it is chance: that is the point of this test, not a condition waited for.
      await instant(random.below(PAUSE_MS));
      await stage.kill();
      await stage.restart();
      const openings = async () =>
        (await stage.records()).filter((r) => r.type === 'release.opened' && opensVersion(r.data, version));
      const [opened] = await openings();
      const id = (opened!.data as { release: string }).release;
      const release = await stage.ended(id);
      expect(release.path.some((m) => m.to === 'Promote')).toBe(outcome === 'Stable');
      expect(release.path.some((m) => m.reason === 'HARM_SHOWN')).toBe(outcome !== 'Stable');
      const all = await stage.records();
      expect(await openings()).toHaveLength(1);
      const settled = all
        .filter((r) => r.type === 'effect.settled')
        .map((r) => (r.data as { id: string }).id);
      expect(new Set(settled).size, 'one outcome per effect').toBe(settled.length);
      const log = readFileSync(
        join(stage.work, 'prod/processes', `checkout.${release.revision}.log`),
        'utf8',
      );
      expect(log.match(/started/g), 'no process is started twice').toHaveLength(1);
      expect(verifyChain(all.map((r) => JSON.stringify(r))).head.seq).toBe(all.at(-1)!.seq);
      const verification = await stage.client().get('/api/v1/ledger/verification');
      expect(verification).toMatchObject({ ok: true, breaks: [] });
    },
  );
});
