import { Agent, request } from 'undici';
import type { Second, Traffic, TrafficOptions, TrafficReport, TrafficTarget } from '../../traffic.ts';
import { percentile } from './summary.ts';

const MAX_IN_FLIGHT = 500;
const CONNECTIONS = 200;
const TIMEOUT_MS = 5_000;
const KEPT_LATENCIES = 20_000;
const TICK_MS = 10;

/** What one open loop counts. */
interface Loop {
  readonly options: TrafficOptions;
  readonly agent: Agent;
  readonly seconds: Second[];
  /** In milliseconds, the newest last. */
  readonly latencies: number[];
  readonly totals: { sent: number; ok: number; failed: number };
  mark: { readonly sent: number; readonly failed: number };
  inFlight: number;
}

/** What came of one request; status 0: no answer. */
interface Answer {
  readonly status: number;
  readonly servedBy: string | null;
}
const NO_ANSWER: Answer = { status: 0, servedBy: null };

/** The second that a time in milliseconds since 1970 falls into. */
function secondOf({ seconds }: Loop, at: number): Second {
  const start = Math.floor(at / 1_000) * 1_000;
  const last = seconds.at(-1);
  if (last?.at === start) return last;
  const fresh = { at: start, sent: 0, ok: 0, failed: 0 };
  seconds.push(fresh);
  return fresh;
}

async function ask({ agent, options }: Loop, { url, host }: TrafficTarget): Promise<Answer> {
  let servedBy: string | null = null;
  try {
    const answer = await request(url, {
      dispatcher: agent,
      signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
      ...(host ? { headers: { host } } : {}),
    });
    servedBy = String(answer.headers['x-served-by'] ?? '') || null;
    await answer.body.dump();
    return { status: answer.statusCode, servedBy };
  } catch {
    return { status: 0, servedBy };
  }
}

function count(loop: Loop, status: number, ms: number): void {
  const outcome = status > 0 && status < 500 ? 'ok' : 'failed';
  loop.totals[outcome]++;
  secondOf(loop, Date.now())[outcome]++;
  loop.latencies.push(ms);
  if (loop.latencies.length > KEPT_LATENCIES) loop.latencies.splice(0, KEPT_LATENCIES / 2);
}

async function send(loop: Loop, target: TrafficTarget): Promise<void> {
  const begun = Date.now();
  loop.totals.sent++;
  secondOf(loop, begun).sent++;
  let answer = NO_ANSWER;
  if (loop.inFlight < MAX_IN_FLIGHT) {
    loop.inFlight++;
    answer = await ask(loop, target);
    loop.inFlight--;
  }
  const at = Date.now();
  const ms = at - begun;
  count(loop, answer.status, ms);
  loop.options.onAnswer?.({ at, url: target.url, ...answer, ms });
}

/** Sends what is due by now, however many answers are still missing. */
function startSending(loop: Loop): NodeJS.Timeout {
  const { targets, atMost = Number.POSITIVE_INFINITY } = loop.options;
  const begun = performance.now();
  const sentTo = targets.map(() => 0);
  return setInterval(() => {
    const elapsed = (performance.now() - begun) / 1_000;
    for (const [i, target] of targets.entries())
      while (sentTo[i]! < elapsed * target.rps) {
        sentTo[i]!++;
        if (loop.inFlight < atMost) void send(loop, target);
      }
  }, TICK_MS);
}

function reportOf({ totals, latencies, seconds }: Loop): TrafficReport {
  const sorted = [...latencies].sort((a, b) => a - b);
  const [p50Ms, p99Ms] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
  return { ...totals, p50Ms, p99Ms, seconds: seconds.map((s) => ({ ...s })) };
}

/** Sends at a steady rate, whether or not answers come: an open loop, as users are. */
export function startTraffic(options: TrafficOptions): Traffic {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const loop: Loop = {
    options,
    agent: new Agent({
      connections: CONNECTIONS,
      pipelining: 0,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    }),
    seconds: [],
    latencies: [],
    totals: { sent: 0, ok: 0, failed: 0 },
    mark: { sent: 0, failed: 0 },
    inFlight: 0,
  };
  const timer = startSending(loop);
  return {
    report: () => reportOf(loop),
    mark: () => {
      loop.mark = { sent: loop.totals.sent, failed: loop.totals.failed };
    },
    sinceMark: () => ({
      sent: loop.totals.sent - loop.mark.sent,
      failed: loop.totals.failed - loop.mark.failed,
    }),
    async stop() {
      clearInterval(timer);
      await loop.agent.close().catch(() => undefined);
      return reportOf(loop);
    },
  };
}
