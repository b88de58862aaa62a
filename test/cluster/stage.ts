import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Traffic } from '../../src/gitops/traffic.ts';
import { messageOf } from '../../src/kit/result.ts';
import { type ClusterHouse, keepLogs, startHouse } from './harness.ts';
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
  /**
   * A story beside this one: it begins once so many steps are over, one of its steps after the other, whatever happens
   * here meanwhile. What came of it is told where its steps stand.
   */
  beside(after: number): Pick<Stage, 'step'>;
  /** What has to end before the cluster does, the last first. */
  onEnd(close: () => Promise<void>): void;
}

/** A step of a story beside: how it ended, once it did. */
type Outcome = { readonly ok: true } | { readonly ok: false; readonly why: unknown };

export function openStage(): Stage {
  let house: ClusterHouse | null = null;
  let users: Answers | null = null;
  let report: Report | null = null;
  const kept: Traffic[] = [];
  const closing: (() => Promise<void>)[] = [];
  /** Stories that begin after so many steps. */
  const waiting: { readonly after: number; begin(): void }[] = [];
  let steps = 0;
  /** A step of any story failed; of the main one. */
  let failed = false;
  let stopped = false;
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
    for (const close of closing.reverse()) await close();
    await users?.stop();
    for (const traffic of kept) await traffic.stop();
    await house?.stop();
  });
  const told = async (name: string, work: () => Promise<void>): Promise<void> => {
    const begun = performance.now();
    const tell = (how: string) => {
      const seconds = Math.round((performance.now() - begun) / 1_000);
      process.stderr.write(`cluster: ${name.slice(0, 60)}… ${how}${seconds} s\n`);
    };
    await work().catch((thrown: unknown) => {
      tell(`failed (${messageOf(thrown).split('\n')[0]}) after `);
      throw thrown;
    });
    tell('');
  };
  const fails = (thrown: unknown): never => {
    failed = true;
    throw thrown;
  };
  return {
    house: () => there(house),
    users: () => there(users),
    report: () => there(report),
    startUsers: () => {
      users = startUsers(there(house));
    },
    keep: (traffic) => void kept.push(traffic),
    onEnd: (close) => void closing.push(close),
    step: (name, work) =>
      it(name, async () => {
        expect(stopped, 'an earlier step failed').toBe(false);
        await told(name, work).catch((thrown: unknown) => {
          stopped = true;
          return fails(thrown);
        });
        steps++;
        for (const one of waiting) if (one.after <= steps) one.begin();
      }),
    beside(after) {
      const begins = Promise.withResolvers<void>();
      waiting.push({ after, begin: begins.resolve });
      let last: Promise<Outcome> = begins.promise.then(() => ({ ok: true }));
      return {
        step(name, work) {
          const before = last;
          last = before.then(async (so): Promise<Outcome> => {
            if (!so.ok) return so;
            return told(name, work).then(
              () => ({ ok: true }),
              (why: unknown) => ({ ok: false, why }),
            );
          });
          const mine = last;
          it(name, async () => {
            expect(steps >= after, 'the story that it begins after ended sooner').toBe(true);
            const ended = await mine;
            if (!ended.ok) fails(ended.why);
          });
        },
      };
    },
  };
}
