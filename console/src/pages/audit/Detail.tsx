import { useState } from 'react';
import { type DecisionReplay, replayOf, useRecord } from '../../api.ts';
import { percent } from '../../parts/words.ts';

interface SloRow {
  readonly slo: string;
  readonly environment: string;
  readonly left: number | null;
  readonly fast: number | null;
  readonly slow: number | null;
  readonly thresholds: { readonly fast: number; readonly slow: number | null };
}

/** Budget left and both burn rates against what refuses, drawn from the record alone. */
function Evidence({ data }: { data: Record<string, unknown> }) {
  const slos = (data['facts'] as { slos?: SloRow[] } | undefined)?.slos ?? [];
  if (slos.length === 0) return null;
  const burn = (name: string, value: number | null, most: number) => (
    <div className="row">
      <span>{name}</span>
      <span className="bar" data-low={value === null || value >= most}>
        <i style={{ width: `${Math.min(100, (100 * (value ?? 0)) / most)}%` }} />
      </span>
      <span>
        {value?.toFixed(2) ?? 'no data'} of {most}
      </span>
    </div>
  );
  return (
    <>
      <h2>Inputs of the decision</h2>
      {slos.map((s) => (
        <div key={s.slo + s.environment}>
          <p className="soft">
            {s.slo} in {s.environment}
          </p>
          <div className="row">
            <span>budget remaining</span>
            <span className="bar" data-low={(s.left ?? 0) <= 0}>
              <i style={{ width: `${Math.max(0, Math.min(100, 100 * (s.left ?? 0)))}%` }} />
            </span>
            <span>{percent(s.left)}</span>
          </div>
          {burn('fast burn', s.fast, s.thresholds.fast)}
          {s.thresholds.slow !== null && burn('slow burn', s.slow, s.thresholds.slow)}
        </div>
      ))}
    </>
  );
}

function Replay({ decision }: { decision: string }) {
  const [state, setState] = useState<DecisionReplay | string>();
  const ask = () =>
    replayOf(decision).then(setState, (error: unknown) =>
      setState(error instanceof Error ? error.message : 'failed'),
    );
  return (
    <div className="actions">
      <button type="button" onClick={() => void ask()}>
        Recompute
      </button>
      <span role="status">
        {typeof state === 'string' && state}
        {typeof state === 'object' &&
          (state.same
            ? '✓ the recorded policy gives the same decision for the recorded facts'
            : `■ it differs in ${state.differences.join(', ')}`)}
      </span>
    </div>
  );
}

/** One record: what it rested on, and as it is stored. */
export function Detail({ seq, sentence }: { seq: number; sentence: string | null }) {
  const answer = useRecord(seq);
  const record = answer.data;
  if (record === null) return <section className="panel">There is no record #{seq}.</section>;
  if (!record) return <section className="panel">{answer.error?.message ?? 'Loading …'}</section>;
  const decision = (record.data['decision'] as { id?: string } | undefined)?.id;
  return (
    <section className="panel" aria-label={`Record ${seq}`}>
      <h2>
        #{seq} {record.type}
      </h2>
      <p>{sentence ?? record.subject}</p>
      <Evidence data={record.data} />
      {record.type === 'gate.decided' && decision && <Replay decision={decision} />}
      <h2>As stored</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
      <pre className="raw" tabIndex={0}>
        {JSON.stringify(record, null, 2)}
      </pre>
    </section>
  );
}
