import type { LoadPort, LoadRun, LoadSeen } from '../../../src/gitops/load.ts';
import { fail, ok, type Result } from '../../../src/kit/result.ts';
import type { Message, Sender } from '../../../src/server/notify/port.ts';
import type { Life, Outside } from './outside.ts';

/** Load tests: they last as planned, and may break off. */
export function createLoad(outside: Outside, now: () => number) {
  const runs = new Map<
    string,
    { readonly run: LoadRun; readonly own: string | null; broken: boolean; stopped: boolean }
  >();
  const port = 'load';
  return {
    runs,
    portOf(life: Life): LoadPort {
      const call = <T>(verb: string, work: () => T): Promise<T> =>
        outside.ask<T>(life, port, verb, {
          work,
          refused: ({ message }) => {
            throw new Error(message);
          },
        });
      return {
        current: (environment) => call('current', () => runs.get(environment)?.run ?? null),
        start: (run, own) =>
          call(
            'start',
            () => void runs.set(run.plan.environment, { run, own, broken: false, stopped: false }),
          ),
        observe: (run) =>
          call('observe', (): LoadSeen => {
            const known = runs.get(run.plan.environment);
            const lasted = now() - run.startedAt;
            const over =
              known?.stopped ||
              known?.broken ||
              (run.plan.durationMs !== null && lasted >= run.plan.durationMs);
            if (!over) return 'running';
            return {
              tool: known?.own == null ? 'k6' : 'sluice',
              outcome: known?.broken ? 'broken' : 'passed',
              requests: known?.broken ? 0 : 700,
              failed: 0,
              p95Ms: 12,
              thresholds: [],
              endedAt: now(),
              note: known?.own ?? '',
            };
          }),
        stop: (run) =>
          call('stop', () => {
            const known = runs.get(run.plan.environment);
            if (known) known.stopped = true;
          }),
        clear: (run) => call('clear', () => void runs.delete(run.plan.environment)),
      };
    },
    breakOff() {
      for (const run of runs.values()) run.broken = true;
    },
  };
}

/** One message as a receiver got it. */
export interface Received {
  readonly receiver: string;
  readonly thread: string;
  readonly rev: number;
  readonly kind: string;
  readonly life: Life;
}

const UPDATES = { chat: 'in-place', mail: 'once', hook: 'reply' } as const satisfies Record<
  string,
  Sender['updates']
>;

/** Chats, mailboxes and webhooks of others. */
export function createReceivers(outside: Outside) {
  const received: Received[] = [];
  return {
    received,
    senderOf(life: Life, receiver: string): Sender {
      return {
        updates: UPDATES[receiver as keyof typeof UPDATES],
        send: ({ thread, rev, kind }: Message, ref) =>
          outside.ask<Result<string | null, string>>(life, receiver, 'send', {
            changes: true,
            refused: ({ message }) => fail(message),
            work: () => {
              received.push({ receiver, thread, rev, kind, life });
              return ok(ref ?? `${receiver}-${received.length}`);
            },
          }),
      };
    },
  };
}
