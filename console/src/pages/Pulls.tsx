import type { PullDetail, PullView } from '../../../src/api/governance.ts';
import { usePull, usePulls, useWaivers } from '../api.ts';
import { Ask } from '../parts/Ask.tsx';
import { Link } from '../parts/Link.tsx';
import { ago, clock, exactly, percent, times } from '../parts/words.ts';

const LOOK = {
  denied: { family: 'stopped', shape: '■', word: 'may not merge' },
  allowed: { family: 'at rest', shape: '●', word: 'may merge' },
  recorded: { family: 'being judged', shape: '▲', word: 'may merge, on record' },
  waits: { family: 'moving', shape: '◆', word: 'not judged yet' },
  merged: { family: 'at rest', shape: '✓', word: 'merged' },
  closed: { family: 'at rest', shape: '○', word: 'closed' },
} as const;

function lookOf(pull: PullView): (typeof LOOK)[keyof typeof LOOK] {
  if (pull.state !== 'open') return LOOK[pull.state];
  if (pull.allow === null) return LOOK.waits;
  if (!pull.allow) return LOOK.denied;
  return pull.recorded.length > 0 ? LOOK.recorded : LOOK.allowed;
}

function State({ pull }: { pull: PullView }) {
  const { family, shape, word } = lookOf(pull);
  return (
    <span className="chip" data-family={family}>
      <span aria-hidden="true">{shape}</span> {word}
    </span>
  );
}

const again = (pull: PullView, now: number): string =>
  pull.state !== 'open' || pull.validUntil === null
    ? ''
    : `It is looked at again as soon as its grounds flip${pull.validUntil > now ? `, and in ${ago(pull.validUntil - now)} at the latest` : ''}.`;

function Row({ pull, chosen, choose }: { pull: PullView; chosen: boolean; choose: () => void }) {
  return (
    <article
      className="pull"
      data-urgent={pull.state === 'open' && pull.allow === false}
      aria-current={chosen ? 'true' : undefined}
    >
      <header>
        <button type="button" className="plain" onClick={choose}>
          #{pull.number} {pull.title}
        </button>
        <State pull={pull} />
      </header>
      <p>{pull.sentence}</p>
      <p className="soft">
        {pull.lanes.join(', ') || 'touches nothing that is judged'} · by {pull.author}
        {pull.labels.length > 0 && ` · ${pull.labels.join(', ')}`} ·{' '}
        <span title={exactly(pull.openedAt)}>opened {clock(pull.openedAt)}</span>
      </p>
    </article>
  );
}

function Reasons({ title, list }: { title: string; list: PullView['deny'] }) {
  if (list.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <ul className="reasons">
        {list.map((r) => (
          <li key={r.code + r.msg}>
            <b>{r.code}</b> {r.msg}
            {r.by.length > 0 ? (
              <div className="soft">Let through by {r.by.join(', ')}.</div>
            ) : (
              <div className="soft">What helps: {r.unblock}.</div>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function Numbers({ slos }: { slos: PullDetail['slos'] }) {
  if (slos.length === 0) return null;
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return (
    <>
      <h2>The numbers</h2>
      {slos.map((s) => (
        <div key={s.slo + s.environment} className="row">
          <span>
            {s.slo} <span className="soft">{s.environment}</span>
          </span>
          <span className="bar" data-low={(number(s['left']) ?? 0) <= 0}>
            <i style={{ width: `${Math.max(0, Math.min(1, number(s['left']) ?? 0)) * 100}%` }} />
          </span>
          <span className="figure" title={`${String(s['query'])}, ${exactly(number(s['at']) ?? 0)}`}>
            {percent(number(s['left']))} left · {times(number(s['fast']))} · {times(number(s['slow']))}
          </span>
        </div>
      ))}
    </>
  );
}

function Detail({ number }: { number: number }) {
  const answer = usePull(number);
  const waivers = useWaivers().data?.waivers ?? [];
  if (!answer.data)
    return <section className="panel">{answer.isError ? answer.error.message : 'Looking …'}</section>;
  const { pull, history, slos } = answer.data;
  const mine = waivers.filter((w) => w.usedFor.includes(number) || w.pullRequest === number);
  const [lane] = pull.lanes;
  return (
    <section className="panel" aria-label={`Pull request ${number}`}>
      <h2>
        #{pull.number} {pull.title} {pull.url && <a href={pull.url}>on the forge</a>}
      </h2>
      <p>{pull.sentence}</p>
      <p className="soft">{again(pull, Date.now())}</p>
      <Reasons title="Why not" list={pull.deny} />
      <Reasons title="On record" list={pull.recorded} />
      <Reasons title="Remarks" list={pull.warn} />
      {pull.trouble && <p role="alert">{pull.trouble}</p>}
      <Numbers slos={slos} />
      {pull.state === 'open' && pull.allow === false && (
        <div className="actions">
          <Ask
            label="Waiver …"
            title={`Let #${number} through`}
            submit="grant"
            words="This overrides the gate: what was denied merges on your word, for this pull request alone, until the end you give."
            scope="waive"
            path="/api/v1/waivers"
            fields={[{ name: 'minutes', label: 'For how many minutes', type: 'number', value: '60' }]}
            body={({ reason, minutes }) => ({
              scope: lane ?? '*',
              reason,
              expires: new Date(Date.now() + Number(minutes) * 60_000).toISOString(),
              pullRequest: number,
            })}
          />
        </div>
      )}
      {mine.map((w) => (
        <p key={w.id}>
          Waiver by {w.by}: {w.reason}{' '}
          <span className="soft">
            ({w.state}, until {clock(w.expiresAt)})
          </span>
        </p>
      ))}
      <h2>Decisions</h2>
      <ol className="timeline">
        {history.map((h) => (
          <li key={h.seq}>
            <span title={exactly(h.at)}>{clock(h.at)}</span>
            <span>
              {h.sentence} <span className="soft">{h.trigger}</span>
            </span>
            <Link to={`/audit?decision=${h.decision}`}>#{h.seq}</Link>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Why can't I merge, and what would unblock me? */
export function Pulls({ chosen, choose }: { chosen: number | undefined; choose: (to: string) => void }) {
  const pulls = usePulls();
  document.title = 'Pull requests · Sluice';
  if (!pulls.data)
    return <h1>{pulls.isError ? `The server does not answer: ${pulls.error.message}` : 'Looking …'}</h1>;
  const list = pulls.data.pulls;
  const current = list.find((p) => p.number === chosen)?.number ?? list[0]?.number;
  return (
    <>
      <h1>{pulls.data.sentence}</h1>
      <div className="split">
        <section aria-label="All pull requests">
          {list.map((p) => (
            <Row
              key={p.number}
              pull={p}
              chosen={p.number === current}
              choose={() => choose(`/pulls/${p.number}`)}
            />
          ))}
        </section>
        {current !== undefined && <Detail number={current} />}
      </div>
    </>
  );
}
