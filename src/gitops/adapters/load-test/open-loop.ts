import { Agent, request } from 'undici';
import type { Second, Target, Traffic, TrafficOptions, TrafficReport } from '../../traffic.ts';
import { percentile } from './summary.ts';

const MAX_IN_FLIGHT = 500;
const TIMEOUT_MS = 5_000;
const KEPT_LATENCIES = 20_000;
const TICK_MS = 10;

/** Sends at a steady rate, whether or not answers come: an open loop, as users are. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { timeoutMs = TIMEOUT_MS, atMost = Number.POSITIVE_INFINITY } = options;
  const agent = new Agent({
    connections: 200,
    pipelining: 0,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const seconds: Second[] = [];
  const latencies: number[] = [];
  const totals = { sent: 0, ok: 0, failed: 0 };
  let mark = { sent: 0, failed: 0 };
  let inFlight = 0;
  const second = (at: number): Second => {
    const start = Math.floor(at / 1_000) * 1_000;
    const last = seconds.at(-1);
    if (last?.at === start) return last;
    const fresh = { at: start, sent: 0, ok: 0, failed: 0 };
    seconds.push(fresh);
    return fresh;
  };
  const send = async ({ url, host }: Target): Promise<void> => {
    const at = Date.now();
    totals.sent++;
    second(at).sent++;
    let status = 0;
    let servedBy: string | null = null;
    if (inFlight < MAX_IN_FLIGHT) {
      inFlight++;
      try {
        const answer = await request(url, {
          dispatcher: agent,
          signal: AbortSignal.timeout(timeoutMs),
          ...(host ? { headers: { host } } : {}),
        });
        status = answer.statusCode;
        servedBy = String(answer.headers['x-served-by'] ?? '') || null;
        await answer.body.dump();
      } catch {
        status = 0;
      } finally {
        inFlight--;
      }
    }
    const good = status > 0 && status < 500;
    totals[good ? 'ok' : 'failed']++;
    second(Date.now())[good ? 'ok' : 'failed']++;
    const end = Date.now();
    const ms = end - at;
    latencies.push(ms);
    if (latencies.length > KEPT_LATENCIES) latencies.splice(0, KEPT_LATENCIES / 2);
    options.onAnswer?.({ at: end, url, status, servedBy, ms });
  };
  const begun = performance.now();
  const sentTo = options.targets.map(() => 0);
  const timer = setInterval(() => {
    const elapsed = (performance.now() - begun) / 1_000;
    for (const [i, target] of options.targets.entries())
      while (sentTo[i]! < elapsed * target.rps) {
        sentTo[i]!++;
        if (inFlight < atMost) void send(target);
      }
  }, TICK_MS);
  const report = (): TrafficReport => {
    const sorted = [...latencies].sort((a, b) => a - b);
    const [p50Ms, p99Ms] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
    return { ...totals, p50Ms, p99Ms, seconds: seconds.map((s) => ({ ...s })) };
  };
  return {
    report,
    mark: () => {
      mark = { sent: totals.sent, failed: totals.failed };
    },
    sinceMark: () => ({ sent: totals.sent - mark.sent, failed: totals.failed - mark.failed }),
    async stop() {
      clearInterval(timer);
      await agent.close().catch(() => undefined);
      return report();
    },
  };
}
