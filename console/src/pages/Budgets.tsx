import { useParams } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { BudgetDetail, BudgetView } from '../../../src/api/budgets.ts';
import { useBudget, useBudgets } from '../api.ts';
import { Link, useAddress, useGo } from '../parts/Link.tsx';
import { Page } from '../parts/Page.tsx';
import { Plot } from '../parts/Plot.tsx';
import { clock, exactly, percent, remaining, times } from '../parts/words.ts';

const FAMILY = {
  stable: 'at rest',
  burning: 'being judged',
  exhausted: 'stopped',
  recovering: 'healing',
} as const;
const SHAPE = { stable: '●', burning: '▲', exhausted: '■', recovering: '◆' } as const;

function State({ state }: { state: BudgetView['state'] }) {
  return (
    <span className="chip" data-family={FAMILY[state]}>
      <span aria-hidden="true">{SHAPE[state]}</span> {state}
    </span>
  );
}

function Row({ budget, chosen, choose }: { budget: BudgetView; chosen: boolean; choose: () => void }) {
  const { left } = budget;
  const windows = [budget.windows.fast, budget.windows.slow].filter(Boolean).join(' and ');
  return (
    <tr aria-current={chosen ? 'true' : undefined}>
      <td>
        <button type="button" className="plain" onClick={choose}>
          {budget.slo}
        </button>
        <div className="soft">{budget.environment}</div>
      </td>
      <td>
        <State state={budget.state} />
      </td>
      <td className="level">
        <span className="bar" data-low={left !== null && left < 0.1}>
          <i style={{ width: `${Math.max(0, Math.min(1, left ?? 0)) * 100}%` }} />
        </span>
      </td>
      <td className="figure">
        {remaining(left)}
        <div className="soft" title={`burn rate over ${windows}`}>
          {budget.windows.fast} {times(budget.burnFast)}
          {budget.windows.slow && ` · ${budget.windows.slow} ${times(budget.burnSlow)}`}
        </div>
      </td>
    </tr>
  );
}

/** The line so far, and where it goes at the burn rate of the last hour: to nothing, or off the right edge. */
function withProjection(detail: BudgetDetail) {
  const past = detail.leftOverTime;
  const ahead = detail.spanMs / 4;
  const end = detail.at + ahead;
  const goneAt = detail.exhaustedAt;
  const last = detail.left;
  const at = [...past.map(([t]) => t)];
  const left: (number | null)[] = past.map(([, v]) => 100 * v);
  const projected: (number | null)[] = past.map(() => null);
  if (past.length > 0 && last !== null && last > 0) {
    projected[projected.length - 1] = left.at(-1) ?? null;
    const until = goneAt !== null && goneAt < end ? goneAt : end;
    const level = goneAt === null ? last : last * (1 - (until - detail.at) / (goneAt - detail.at));
    at.push(until);
    left.push(null);
    projected.push(100 * level);
    if (until < end) {
      at.push(end);
      left.push(null);
      projected.push(null);
    }
  }
  return { at, left, projected };
}

function Consumers({ detail, at }: { detail: BudgetDetail; at: readonly number[] }) {
  if (detail.consumers.length === 0) return <p className="soft">Nothing was spent in this window.</p>;
  // Below the chart, on its own axis.
  const from = at[0] ?? detail.at - detail.spanMs;
  const length = Math.max(1, (at.at(-1) ?? detail.at) - from);
  return (
    <>
      <div className="marks" role="img" aria-label="When it was spent">
        {detail.consumers
          .filter((c) => c.kind !== 'other' && c.at >= from)
          .map((c) => (
            <i
              key={`${c.kind}${c.at}${c.name}`}
              data-kind={c.kind}
              style={{ left: `${(100 * (c.at - from)) / length}%` }}
              title={`${c.name}, ${exactly(c.at)}: ${percent(c.share)} of the budget`}
            >
              {c.kind === 'release' ? '▲' : '■'}
            </i>
          ))}
      </div>
      <table>
        <thead>
          <tr>
            <th>What</th>
            <th>When</th>
            <th>Bad requests</th>
            <th>Of the budget</th>
          </tr>
        </thead>
        <tbody>
          {detail.consumers.map((c) => (
            <tr key={`${c.kind}${c.at}${c.name}`}>
              <td>
                <span className="soft">{c.kind}</span>{' '}
                {c.release ? <Link to={`/releases/${c.release}`}>{c.name}</Link> : c.name}
              </td>
              <td title={exactly(c.at)}>{c.kind === 'other' ? '' : clock(c.at)}</td>
              <td>{Math.round(c.bad)}</td>
              <td>{percent(c.share)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Detail({ environment, slo }: { environment: string; slo: string }) {
  const answer = useBudget(environment, slo);
  const drawn = useMemo(() => (answer.data ? withProjection(answer.data) : null), [answer.data]);
  if (!answer.data || !drawn)
    return <section className="panel">{answer.isError ? answer.error.message : 'Loading …'}</section>;
  const detail = answer.data;
  return (
    <section className="panel" aria-label={`Budget of ${slo}`}>
      <h2>
        {slo} in {environment}
      </h2>
      <p>{detail.sentence}</p>
      <figure>
        <Plot
          at={drawn.at}
          unit="%"
          label="Error budget remaining over time, with its projection"
          lines={[
            { label: 'left', token: 'stable', values: drawn.left },
            {
              label: 'at the burn rate of the last hour',
              token: 'over',
              values: drawn.projected,
              dash: true,
            },
            { label: 'spent', token: 'stopped', values: drawn.at.map(() => 0), dash: true },
          ]}
        />
        <figcaption className="soft">
          <div>
            Error budget remaining, and (dashed) its projection at the burn rate of the last hour.{' '}
            {percent(detail.coverage ?? 0)} of the window is recorded; {Math.round(detail.bad ?? 0)} bad of{' '}
            {Math.round(detail.requests ?? 0)}, {Math.floor(detail.allowed ?? 0)} allowed. Source:{' '}
            <span className="query">{detail.query}</span>, {clock(detail.at)}.
          </div>
        </figcaption>
      </figure>
      <h2>What spent it</h2>
      <Consumers detail={detail} at={drawn.at} />
      {detail.adjustments.length > 0 && <h2>What does not count</h2>}
      {detail.adjustments.map((a) => (
        <p key={a.id}>
          {Math.round(a.bad)} bad of {Math.round(a.requests)} from{' '}
          <span title={exactly(a.fromMs)}>{clock(a.fromMs)}</span> to{' '}
          <span title={exactly(a.toMs)}>{clock(a.toMs)}</span>: {a.reason}.{' '}
          <span className="soft">Approved by {a.approver}.</span>
        </p>
      ))}
    </section>
  );
}

const key = (b: BudgetView) => `${b.environment}/${b.slo}`;

function Body({ budgets, chosen }: { budgets: readonly BudgetView[]; chosen: string | null }) {
  const { env } = useAddress();
  const go = useGo();
  const list = budgets.filter((b) => !env || b.environment === env);
  const current = chosen === null ? list[0] : budgets.find((b) => key(b) === chosen);
  return (
    <div className="split">
      <section className="panel" aria-label="All budgets">
        <table className="budgets">
          <tbody>
            {list.map((b) => (
              <Row
                key={key(b)}
                budget={b}
                chosen={b === current}
                choose={() => go(`/budgets/${key(b)}`, { stay: true })}
              />
            ))}
          </tbody>
        </table>
      </section>
      {current ? (
        <Detail environment={current.environment} slo={current.slo} />
      ) : (
        <p className="panel">There is no budget of {chosen}. Choose one of the list.</p>
      )}
    </div>
  );
}

/** What remains of each error budget, and what spent it. */
export function Budgets() {
  const budgets = useBudgets();
  const { environment, slo } = useParams({ strict: false }) as { environment?: string; slo?: string };
  return (
    <Page title="Budgets" asked={budgets}>
      {() => (
        <>
          <h1>{budgets.data!.sentence}</h1>
          <Body
            budgets={budgets.data!.budgets}
            chosen={environment && slo ? `${environment}/${slo}` : null}
          />
        </>
      )}
    </Page>
  );
}
