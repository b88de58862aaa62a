import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findInstance } from '../../src/io/os.ts';
import { openStage, ROOT, type Stage } from './stage.ts';

/** Real nginx, Prometheus, Alertmanager and processes: the two ends that a release can come to. */
describe('a good release and a bad one, on real parts', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    await stage.open();
  });
  afterAll(() => stage.close());

  const cli = (...args: string[]) =>
    execa(process.execPath, [join(ROOT, 'src/main.ts'), ...args], { reject: false, cwd: stage.directory });

  it('RUN-1: a good release goes 20, 50, 100 % and becomes stable, and no user notices', async () => {
    stage.traffic().mark();
    const id = await stage.begin('1.1.0');
    const release = await stage.ended(id);
    expect(release.state).toBe('Stable');
    expect(release.steps.map((s) => [s.weight, s.status])).toEqual([
      [20, 'done'],
      [50, 'done'],
      [100, 'done'],
    ]);
    expect(release.totals.canary.bad).toBe(0);
    const { sent, failed } = stage.traffic().sinceMark();
    expect(sent).toBeGreaterThan(1_000);
    expect(failed, 'connections are drained, not cut').toBe(0);
  });

  it('RUN-4: a release failing 10 % is rolled back, its traffic first and its process then', async () => {
    const id = await stage.begin('1.7.0');
    const release = await stage.ended(id);
    expect(release).toMatchObject({ blamed: true, cause: expect.stringContaining('over budget') });
    expect(
      findInstance(join(stage.work, 'prod', 'processes', `checkout.${release.revision}`)),
    ).toBeUndefined();
    const explained = await cli('ledger', 'explain', id, '--work', stage.work);
    expect(explained.stdout).toContain('was rolled back');
    expect(explained.stdout).toContain('worse than stable');
    expect(explained.exitCode).toBe(0);
  });
});
