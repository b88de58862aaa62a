import { FREEZE_STATES } from '../../../src/api/freeze-states.ts';
import type { FreezeList, FreezeView, WaiverView } from '../../../src/api/governance.ts';
import { type Concern, servicesOf } from '../../../src/api/offers.ts';
import { useFreezes, useMe, useWaivers } from '../api.ts';
import { Ask } from '../parts/Ask.tsx';
import { Page } from '../parts/Page.tsx';
import { ago, clock, day, exactly, zone } from '../parts/words.ts';

const DAY_MS = 86_400_000;
const DAYS = 7;
const KINDS = {
  budget: 'error budget',
  burn: 'burn rate',
  manual: 'by hand',
  calendar: 'calendar',
} as const;

/** Midnight of the viewer's zone. */
const midnight = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** The coming week: a bar for each freeze, a line for now. */
function Week({ freezes, at }: { freezes: readonly FreezeView[]; at: number }) {
  const from = midnight(at);
  const span = DAYS * DAY_MS;
  const place = (moment: number) => Math.max(0, Math.min(100, (100 * (moment - from)) / span));
  const shown = freezes.filter((f) => f.state !== 'over' && f.since < from + span);
  return (
    <figure
      className="week"
      aria-label={`${shown.length} ${shown.length === 1 ? 'freeze' : 'freezes'} in the coming week`}
    >
      <div className="grid-of-days">
        <div className="days">
          {Array.from({ length: DAYS }, (_, i) => from + i * DAY_MS).map((d) => (
            <span key={d}>{day(d)}</span>
          ))}
        </div>
        {shown.map((f) => (
          <div className="lane" key={`${f.id}${f.scopeText}${f.since}`}>
            <i
              data-state={f.state}
              style={{
                left: `${place(f.since)}%`,
                width: `${Math.max(0.8, place(f.until ?? from + span) - place(f.since))}%`,
              }}
              title={`${f.reason}: ${exactly(f.since)} to ${f.until === null ? 'when its cause is gone' : exactly(f.until)}`}
            />
            <span>
              {f.scopeText}: {f.reason}
            </span>
          </div>
        ))}
        <b className="now" style={{ left: `${place(at)}%` }} title={`now, ${exactly(at)}`} />
      </div>
      <figcaption className="soft">
        Days in your time zone, {zone}. The line marks the current time.
      </figcaption>
    </figure>
  );
}

/** What an order about a freeze or waiver concerns. */
const concernOf = ({ service }: FreezeView['scope']): Concern =>
  service === '*' ? 'everything' : { service };

function Row({ freeze, at }: { freeze: FreezeView; at: number }) {
  const { state, scope, scopeText, kind, since, until, by, reason, id, liftable, lifted } = freeze;
  const family = state === 'stands' ? 'stopped' : state === 'comes' ? 'moving' : 'at rest';
  const shape = { stands: '■', comes: '◆', over: '○' }[state];
  return (
    <tr>
      <td>
        <span className="chip" data-family={family}>
          <span aria-hidden="true">{shape}</span> {FREEZE_STATES[state]}
        </span>
      </td>
      <td>{scopeText === '*' ? 'everything' : scopeText}</td>
      <td>
        {reason}
        <div className="soft">
          {KINDS[kind]}, {by}
          {lifted && `; lifted by ${lifted.by}: ${lifted.reason}`}
        </div>
      </td>
      <td className="figure">
        <span title={exactly(since)}>
          {state === 'comes' ? `in ${ago(since - at)}` : `since ${clock(since)}`}
        </span>
        <div className="soft" title={until === null ? '' : exactly(until)}>
          {until === null
            ? 'until its cause is gone'
            : state === 'over'
              ? ''
              : `for ${state === 'stands' ? 'another ' : ''}${ago(Math.max(0, until - Math.max(at, since)))}`}
        </div>
      </td>
      <td>
        {liftable && (
          <Ask
            label="Lift …"
            title={`Lift the freeze of ${scopeText}`}
            submit="lift"
            words="This overrides an active freeze: the releases that it blocked can start now."
            scope="waive"
            concern={concernOf(scope)}
            path={`/api/v1/freezes/${encodeURIComponent(id)}/lift`}
            body={({ reason: why }) => ({ reason: why })}
          />
        )}
      </td>
    </tr>
  );
}

/** What a person may do about a waiver. */
function WaiverOrders({ waiver: { id, state, scope, scopeText } }: { waiver: WaiverView }) {
  const path = (order: string) => `/api/v1/waivers/${encodeURIComponent(id)}/${order}`;
  return (
    <>
      {state === 'pending' && (
        <Ask
          label="Approve …"
          title={`Approve the waiver for ${scopeText}`}
          submit="approve"
          words="You are the second person: once you approve, the gate applies the waiver."
          scope="waive"
          concern={concernOf(scope)}
          path={path('approve')}
          body={({ reason }) => ({ reason })}
        />
      )}
      {(state === 'valid' || state === 'pending') && (
        <Ask
          label="Revoke …"
          title={`Revoke the waiver for ${scopeText}`}
          submit="revoke"
          words="The gate no longer applies the waiver."
          scope="waive"
          concern={concernOf(scope)}
          stops
          path={path('revoke')}
          body={({ reason }) => ({ reason })}
        />
      )}
    </>
  );
}

function WaiverRow({ waiver: w }: { waiver: WaiverView }) {
  return (
    <tr>
      <td>
        <span className="chip" data-family={w.state === 'valid' ? 'being judged' : 'at rest'}>
          {w.state}
        </span>
      </td>
      <td>{w.scopeText}</td>
      <td>
        {w.reason}
        <div className="soft">
          {w.by}
          {w.approvedBy && `, approved by ${w.approvedBy}`}
          {w.usedFor.length > 0 && `; used for ${w.usedFor.map((n) => `#${n}`).join(', ')}`}
        </div>
      </td>
      <td className="figure" title={exactly(w.expiresAt)}>
        until {clock(w.expiresAt)}
      </td>
      <td>
        <WaiverOrders waiver={w} />
      </td>
    </tr>
  );
}

function Waivers() {
  const list = useWaivers().data?.waivers ?? [];
  if (list.length === 0) return null;
  return (
    <section className="panel" aria-label="Waivers">
      <h2>Waivers</h2>
      <table>
        <tbody>
          {list.map((w) => (
            <WaiverRow key={w.id} waiver={w} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Body({ answer: { sentence, freezes, at } }: { answer: FreezeList }) {
  const [mine] = servicesOf(useMe().data, 'operate');
  return (
    <>
      <h1>{sentence}</h1>
      <section className="panel" aria-label="The coming week">
        <Week freezes={freezes} at={at} />
      </section>
      <div className="actions">
        <Ask
          label="Freeze …"
          title="Freeze"
          submit="freeze"
          words="Until it ends, nothing merges, is promoted or starts in its scope. Rollbacks, aborts and reverts pass."
          scope="operate"
          concern="asked"
          path="/api/v1/freezes"
          fields={[
            {
              name: 'scope',
              label: 'Scope: prod, checkout/prod, or * for everything',
              value: mine ? `${mine}/*` : '*',
            },
            { name: 'until', label: `Until (time zone ${zone})`, type: 'datetime-local' },
          ]}
          body={({ scope, until, reason }) => ({ scope, reason, until: new Date(until ?? '').toISOString() })}
          stops
        />
      </div>
      <section className="panel" aria-label="All freezes">
        {freezes.length === 0 && <p>There are no freezes, and none are declared.</p>}
        <table>
          <tbody>
            {freezes.map((f) => (
              <Row key={`${f.id}${f.scopeText}${f.since}`} freeze={f} at={at} />
            ))}
          </tbody>
        </table>
      </section>
      <Waivers />
    </>
  );
}

/** May we ship, until when, and who says so? */
export function Freezes() {
  const answer = useFreezes();
  return (
    <Page title="Freezes" asked={answer}>
      {() => <Body answer={answer.data!} />}
    </Page>
  );
}
