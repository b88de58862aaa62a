import { useState } from 'react';
import { type Replayed, replayOf, useAudit, useRecord, type Verification, verify } from '../api.ts';
import { clock, exactly, percent } from '../parts/words.ts';

const FIELDS = [
  { name: 'text', label: 'Words' },
  { name: 'service', label: 'Service' },
  { name: 'environment', label: 'Environment' },
  { name: 'actor', label: 'Who' },
  { name: 'decision', label: 'Decision' },
  { name: 'type', label: 'Type' },
  { name: 'from', label: 'From', type: 'datetime-local' },
  { name: 'to', label: 'To', type: 'datetime-local' },
] as const;

/** Times of the form are local; the server asks for milliseconds. */
function searchOf(form: FormData): string {
  const query = new URLSearchParams();
  for (const { name } of FIELDS) {
    const value = String(form.get(name) ?? '').trim();
    if (value) query.set(name, name === 'from' || name === 'to' ? String(new Date(value).getTime()) : value);
  }
  const text = query.toString();
  return text ? `?${text}` : '';
}

const localTime = (at: string | null): string => {
  if (!at) return '';
  const d = new Date(Number(at));
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

/** A tick per link, walked from the first record to the last. */
function Verify() {
  const [state, setState] = useState<Verification | 'walking' | undefined>();
  const walk = async () => {
    setState('walking');
    setState(await verify());
  };
  const done = state && state !== 'walking' ? state : undefined;
  return (
    <section className="panel" aria-label="Verification">
      <div className="actions">
        <button type="button" onClick={() => void walk()}>
          Verify
        </button>
        <span role="status">
          {state === 'walking' && 'Walking the chain …'}
          {done?.ok &&
            `✓ ${done.records} records, each follows the one before it; head ${done.head.hash.slice(0, 16)}…`}
          {done && !done.ok && `■ ${done.breaks.length} breaks: ${done.breaks[0]?.message}`}
        </span>
      </div>
      {done && (
        <div className="chain" aria-hidden="true">
          {Array.from({ length: Math.min(done.records, 200) }, (_, i) => {
            const line = Math.round(((i + 1) * done.records) / Math.min(done.records, 200));
            const broken = done.breaks.some((b) => b.line === line);
            return <i key={line} data-broken={broken} title={`#${line}`} />;
          })}
        </div>
      )}
    </section>
  );
}

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
      <h2>What it rested on</h2>
      {slos.map((s) => (
        <div key={s.slo + s.environment}>
          <p className="soft">
            {s.slo} in {s.environment}
          </p>
          <div className="row">
            <span>budget left</span>
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
  const [state, setState] = useState<Replayed | string>();
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
            ? '✓ the recorded policy gives the same decision from the recorded facts'
            : `■ it differs in ${state.differences.join(', ')}`)}
      </span>
    </div>
  );
}

function Detail({ seq, sentence }: { seq: number; sentence: string }) {
  const record = useRecord(seq).data;
  if (!record) return <section className="panel">Looking …</section>;
  const decision = (record.data['decision'] as { id?: string } | undefined)?.id;
  return (
    <section className="panel" aria-label={`Record ${seq}`}>
      <h2>
        #{seq} {record.type}
      </h2>
      <p>{sentence}</p>
      <Evidence data={record.data} />
      {record.type === 'gate.decided' && decision && <Replay decision={decision} />}
      <h2>As stored</h2>
      <pre className="raw">{JSON.stringify(record, null, 2)}</pre>
    </section>
  );
}

/** Who decided what, on which numbers? */
export function Audit({ search, go }: { search: string; go: (to: string) => void }) {
  const params = new URLSearchParams(search);
  const chosen = Number(params.get('seq')) || undefined;
  params.delete('seq');
  const asked = params.toString() ? `?${params}` : '';
  const answer = useAudit(asked);
  document.title = 'Audit · Sluice';
  const entries = answer.data?.entries ?? [];
  const next = answer.data?.next ?? null;
  const current = entries.find((e) => e.seq === chosen) ?? entries[0];
  const open = (seq: number) => {
    const next = new URLSearchParams(params);
    next.set('seq', String(seq));
    go(`/audit?${next}`);
  };
  const older = (before: number) => {
    const further = new URLSearchParams(params);
    further.set('before', String(before));
    go(`/audit?${further}`);
  };
  return (
    <>
      <h1>{answer.data?.sentence ?? (answer.isError ? answer.error.message : 'Looking …')}</h1>
      <form
        className="panel form"
        key={asked}
        onSubmit={(e) => {
          e.preventDefault();
          go(`/audit${searchOf(new FormData(e.currentTarget))}`);
        }}
      >
        {FIELDS.map((f) => (
          <label key={f.name}>
            {f.label}
            <input
              name={f.name}
              type={'type' in f ? f.type : 'text'}
              defaultValue={'type' in f ? localTime(params.get(f.name)) : (params.get(f.name) ?? '')}
              autoComplete="off"
            />
          </label>
        ))}
        <button type="submit">Search</button>
      </form>
      <Verify />
      <div className="split">
        <section className="panel" aria-label="Records">
          <ol className="timeline">
            {entries.map((e) => (
              <li key={e.seq} aria-current={e === current ? 'true' : undefined}>
                <span title={exactly(e.at)}>{clock(e.at)}</span>
                <span>
                  <button type="button" className="plain" onClick={() => open(e.seq)}>
                    {e.sentence}
                  </button>
                  <div className="soft">
                    {e.subject} · {e.actor}
                  </div>
                </span>
                <span className="soft">#{e.seq}</span>
              </li>
            ))}
          </ol>
          {next !== null && (
            <button type="button" onClick={() => older(next)}>
              Search older records
            </button>
          )}
        </section>
        {current && <Detail seq={current.seq} sentence={current.sentence} />}
      </div>
    </>
  );
}
