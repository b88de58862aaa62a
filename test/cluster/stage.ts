import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Traffic } from '../../src/gitops/traffic.ts';
import { type ClusterHouse, keepLogs, startHouse } from './house.ts';
import { type Answers, startUsers } from './people.ts';
import { openReport, type Report } from './report.ts';

const OUT = join(import.meta.dirname, '../.out/cluster');

/** One cluster for every story that is told on it. */
export interface Stage {
  house(): ClusterHouse;
  users(): Answers;
  report(): Report;
  startUsers(): void;
  /** Users that end with everything else. */
  keep(traffic: Traffic): void;
  /** Given, When, Then: the first failure ends the story, and keeps what there is to see. */
  step(name: string, work: () => Promise<void>): void;
}

export function openStage(): Stage {
  let house: ClusterHouse | null = null;
  let users: Answers | null = null;
  let report: Report | null = null;
  const kept: Traffic[] = [];
  let failed = false;
  const there = <T>(value: T | null): T => {
    if (value === null) throw new Error('it has not been started yet');
    return value;
  };
  beforeAll(async () => {
    rmSync(OUT, { recursive: true, force: true });
    mkdirSync(OUT, { recursive: true });
    house = await startHouse((what) => process.stderr.write(`cluster: ${what}\n`));
    report = openReport(house, OUT);
  });
  afterAll(async () => {
    if (failed && house) {
      keepLogs(house, join(OUT, 'failure'));
      // What failed may be the very server that would tell.
      await report?.ledger().catch((error: Error) => process.stderr.write(`no ledger: ${error.message}\n`));
    }
    await users?.stop();
    for (const traffic of kept) await traffic.stop();
    await house?.stop();
  });
  return {
    house: () => there(house),
    users: () => there(users),
    report: () => there(report),
    startUsers: () => {
      users = startUsers(there(house));
    },
    keep: (traffic) => void kept.push(traffic),
    step: (name, work) =>
      it(name, async () => {
        expect(failed, 'an earlier step failed').toBe(false);
        const begun = performance.now();
        try {
          await work();
        } catch (thrown) {
          failed = true;
          throw thrown;
        } finally {
          process.stderr.write(
            `cluster: ${name.slice(0, 60)}… ${Math.round((performance.now() - begun) / 1_000)} s\n`,
          );
        }
      }),
  };
}
