import { useAudit } from '../api.ts';
import { useAddress, useGo } from '../parts/Link.tsx';
import { clock, exactly } from '../parts/words.ts';
import { Detail } from './audit/Detail.tsx';
import { Search } from './audit/Search.tsx';
import { Verify } from './audit/Verify.tsx';

type Entry = NonNullable<ReturnType<typeof useAudit>['data']>['entries'][number];

interface RecordsProps {
  readonly entries: readonly Entry[];
  readonly current: Entry | undefined;
  /** Older records begin before this one; null: there are none. */
  readonly next: number | null;
  /** Goes to this search with one parameter changed. */
  readonly goWith: (name: 'seq' | 'before', value: number) => void;
}

function Records({ entries, current, next, goWith }: RecordsProps) {
  return (
    <section className="panel" aria-label="Records">
      <ol className="timeline">
        {entries.map((e) => (
          <li key={e.seq} aria-current={e === current ? 'true' : undefined}>
            <span title={exactly(e.at)}>{clock(e.at)}</span>
            <span>
              <button type="button" className="plain" onClick={() => goWith('seq', e.seq)}>
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
        <button type="button" onClick={() => goWith('before', next)}>
          Search older records
        </button>
      )}
    </section>
  );
}

/** Who decided what, on which numbers? */
export function Audit() {
  const { env: _, team: __, ...given } = useAddress();
  const go = useGo();
  const params = new URLSearchParams(given as Record<string, string>);
  const chosen = Number(params.get('seq')) || undefined;
  params.delete('seq');
  const asked = params.toString() ? `?${params}` : '';
  const answer = useAudit(asked);
  document.title = 'Audit · Sluice';
  const entries = answer.data?.entries ?? [];
  const current = chosen === undefined ? entries[0] : entries.find((e) => e.seq === chosen);
  const seq = chosen ?? current?.seq;
  const goWith: RecordsProps['goWith'] = (name, value) => {
    const next = new URLSearchParams(params);
    next.set(name, String(value));
    go(`/audit?${next}`, { stay: name === 'seq' });
  };
  return (
    <>
      <h1>{answer.data?.sentence ?? (answer.isError ? answer.error.message : 'Loading …')}</h1>
      <Search key={asked} params={params} go={go} />
      <Verify />
      <div className="split">
        <Records entries={entries} current={current} next={answer.data?.next ?? null} goWith={goWith} />
        {seq !== undefined && <Detail seq={seq} sentence={current?.sentence ?? null} />}
      </div>
    </>
  );
}
