import { existsSync, readFileSync, statSync } from 'node:fs';
import { parseForeign } from '../../../kit/json.ts';
import { messageOf } from '../../../kit/result.ts';
import type { LoadPlan, LoadSeen } from '../../load.ts';
import { type KeptRun, keptOf, type RunFiles } from './files.ts';
import { type LoadSummary, readK6 } from './summary.ts';

type Ended = Exclude<LoadSeen, 'running'>;

const lastLine = (log: string): string =>
  (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').at(-1) : '')?.slice(0, 200) ?? '';

const broken = (tool: KeptRun['tool'], note: string, endedAt: number): Ended => ({
  tool,
  outcome: 'broken',
  requests: 0,
  failed: 0,
  p95Ms: null,
  thresholds: [],
  endedAt,
  note,
});

/** What came of a run whose process is gone, by the summary that it left behind. `now` in milliseconds since 1970. */
export function outcomeOf(files: RunFiles, plan: LoadPlan, now: number): Ended {
  const { tool, note } = keptOf(files) ?? { tool: 'k6' as const, note: '' };
  if (!existsSync(files.summary))
    return broken(tool, lastLine(files.log) || 'it ended without a summary', now);
  try {
    const text = readFileSync(files.summary, 'utf8');
    const summary = tool === 'k6' ? readK6(text, plan) : (parseForeign(text) as LoadSummary);
    if (summary.requests === 0) return broken(tool, 'it sent no request', now);
    const outcome = summary.thresholds.every((t) => t.ok) ? 'passed' : 'failed';
    const endedAt = Math.round(statSync(files.summary).mtimeMs);
    return { tool, outcome, ...summary, thresholds: [...summary.thresholds], endedAt, note };
  } catch (thrown) {
    return broken(tool, `its summary cannot be read: ${messageOf(thrown)}`, now);
  }
}
