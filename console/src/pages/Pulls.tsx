import { useParams } from '@tanstack/react-router';
import type { PullDetail, PullView } from '../../../src/api/governance.ts';
import { lanesInWords } from '../../../src/kit/lane.ts';
import { usePull, usePulls, useWaivers } from '../api.ts';
import { Ask } from '../parts/Ask.tsx';
import { Link, useGo } from '../parts/Link.tsx';
import { Page } from '../parts/Page.tsx';
import { ago, clock, exactly, remaining, times } from '../parts/words.ts';

const LOOK = {
  denied: { family: 'stopped', shape: '■', word: 'cannot merge' },
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
    : `It is re-evaluated automatically when inputs change${pull.validUntil > now ? `, and in ${ago(pull.validUntil - now)} at the latest` : ''}.`;

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
        {lanesInWords(pull.lanes) || 'touches nothing that is judged'} · by {pull.author}
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
              <div className="soft">Allowed by {r.by.join(', ')}.</div>
            ) : (
              <div className="soft">To unblock: {r.unblock}.</div>
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
            {remaining(number(s['left']))} · {times(number(s['fast']))} · {times(number(s['slow']))}
          </span>
        </div>
      ))}
    </>
  );
}

function WaiverOrder({ pull: { number, lanes } }: { pull: PullView }) {
  const service = lanes[0]?.split('/')[0];
  return (
    <div className="actions">
      <Ask
        label="Waiver …"
        title={`Waiver for #${number}`}
        submit="grant"
        words="This overrides the gate: this pull request may merge although it is denied, until the end that you give."
        scope="waive"
        concern={service ? { service } : 'everything'}
        path="/api/v1/waivers"
        fields={[{ name: 'minutes', label: 'Valid for (minutes)', type: 'number', value: '60' }]}
        body={({ reason, minutes }) => ({
          scope: lanes[0] ?? '*',
          reason,
          expires: new Date(Date.now() + Number(minutes) * 60_000).toISOString(),
          pullRequest: number,
        })}
      />
    </div>
  );
}

function Decisions({ history }: { history: PullDetail['history'] }) {
  return (
    <>
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
    </>
  );
}

function Detail({ number }: { number: number }) {
  const answer = usePull(number);
  const waivers = useWaivers().data?.waivers ?? [];
  if (!answer.data)
    return <section className="panel">{answer.isError ? answer.error.message : 'Loading …'}</section>;
  const { pull, history, slos } = answer.data;
  const mine = waivers.filter((w) => w.usedFor.includes(number) || w.pullRequest === number);
  return (
    <section className="panel" aria-label={`Pull request ${number}`}>
      <h2>
        #{pull.number} {pull.title} {pull.url && <a href={pull.url}>on the forge</a>}
      </h2>
      <p>{pull.sentence}</p>
      <p className="soft">{again(pull, Date.now())}</p>
      <Reasons title="Denied because" list={pull.deny} />
      <Reasons title="On record" list={pull.recorded} />
      <Reasons title="Remarks" list={pull.warn} />
      {pull.trouble && <p role="alert">{pull.trouble}</p>}
      <Numbers slos={slos} />
      {pull.state === 'open' && pull.allow === false && <WaiverOrder pull={pull} />}
      {mine.map((w) => (
        <p key={w.id}>
          Waiver by {w.by}: {w.reason}{' '}
          <span className="soft">
            ({w.state}, until {clock(w.expiresAt)})
          </span>
        </p>
      ))}
      <Decisions history={history} />
    </section>
  );
}

/** Why can't I merge, and what would unblock me? */
export function Pulls() {
  const pulls = usePulls();
  const go = useGo();
  const { number } = useParams({ strict: false }) as { number?: string };
  return (
    <Page title="Pull requests" asked={pulls}>
      {() => {
        const list = pulls.data!.pulls;
        const current = number === undefined ? list[0]?.number : Number(number);
        return (
          <>
            <h1>{pulls.data!.sentence}</h1>
            <div className="split">
              <section aria-label="All pull requests">
                {list.map((p) => (
                  <Row
                    key={p.number}
                    pull={p}
                    chosen={p.number === current}
                    choose={() => go(`/pulls/${p.number}`, { stay: true })}
                  />
                ))}
              </section>
              {current !== undefined && <Detail number={current} />}
            </div>
          </>
        );
      }}
    </Page>
  );
}
