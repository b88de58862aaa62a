import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/kit/random.ts';
import { verifyChain } from '../../src/ledger/record.ts';
import { instant, until } from '../wait.ts';
import { NO_FREEZES, openStage, type Stage } from './stage.ts';

const GOOD = [1, 2, 3, 4, 5].map((i) => [`2.${i}.0`, { description: `good ${i}` }] as const);
const BAD = [1, 2, 3, 4, 5].map((i) => [`3.${i}.0`, { description: `bad ${i}`, errorRate: 0.5 }] as const);
const RUNS = GOOD.flatMap(([good], i) => [
  { version: good, outcome: 'Stable' as const, run: 2 * i },
  { version: BAD[i]![0], outcome: 'rolled back' as const, run: 2 * i + 1 },
]);

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

  it.each(RUNS)(
    'RUN-8: run $run, $version: killed at a random instant, it ends $outcome all the same',
    async ({ version, outcome }) => {
      await stage.push(version);
      // The instant of the kill is the point of this test, not a condition waited for.
      await instant(outcome === 'Stable' ? 300 + random.below(9_000) : 300 + random.below(3_500));
      await stage.kill();
      await stage.restart();
      const openings = async () =>
        (await stage.records()).filter((r) => r.type === 'release.opened' && opensVersion(r.data, version));
      // A kill may come before the release began: then it begins now, without another commit.
      const [opened] = await until(`a release of ${version}`, 60_000, async () => {
        const found = await openings();
        return found.length > 0 ? found : undefined;
      });
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
