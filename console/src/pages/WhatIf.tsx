import { useState } from 'react';
import type { ReplayAnswer } from '../../../src/api/budgets.ts';
import { useReplay } from '../api.ts';
import { Link, useAddress, useGo } from '../parts/Link.tsx';
import { clock, exactly } from '../parts/words.ts';

const FIELDS = [
  {
    name: 'tolerance',
    label: 'Tolerance (× budget)',
    hint: 'how far above the objective is still accepted',
    standard: 2,
  },
  { name: 'detect', label: 'Detect (× budget)', hint: 'the harm that must be detected', standard: 10 },
  { name: 'minBad', label: 'Minimum bad requests', hint: 'before a version is blamed', standard: 5 },
  { name: 'alpha', label: 'False alarms (share)', hint: 'at most', standard: 0.001 },
  { name: 'objective', label: 'Objective', hint: 'as 0.999; empty: as declared', standard: null },
] as const;

type Values = Partial<Record<(typeof FIELDS)[number]['name'], string>>;
const WORD = {
  promoted: '▲ promoted',
  'rolled back': '■ rolled back',
  'stepped back': '◆ stepped back',
  undecided: '○ undecided',
} as const;
const seconds = (s: number | null) => (s === null ? '' : ` after ${s} s`);
const gain = (n: number | null, unit: string) =>
  n === null ? 'not known' : n === 0 ? 'none' : `${Math.abs(n)}${unit} ${n > 0 ? 'saved' : 'lost'}`;

function Rows({ answer }: { answer: ReplayAnswer }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard.
    <section className="scroll" aria-label="Releases judged again" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>Release</th>
            <th>Outcome then</th>
            <th>With this rule</th>
            <th>Time</th>
            <th>Failed requests</th>
          </tr>
        </thead>
        <tbody>
          {answer.releases.map((r) => (
            <tr key={r.release} data-differs={r.note !== 'same'}>
              <td>
                <Link to={`/releases/${r.release}`}>{r.version}</Link> <span className="soft">{r.lane}</span>
                <div className="soft" title={exactly(r.openedAt)}>
                  {clock(r.openedAt)}
                </div>
              </td>
              <td>
                {WORD[r.was.outcome]}
                {seconds(r.was.seconds)}
              </td>
              <td>
                {WORD[r.would.outcome]}
                {seconds(r.would.seconds)}
                {r.note !== 'same' && <div className="differs">{r.note}</div>}
              </td>
              <td>{gain(r.secondsSaved, ' s')}</td>
              <td>{gain(r.failedSaved, '')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The rule lies in the address, so that an answer can be shared. */
export function WhatIf() {
  const { env: _, team: __, ...given } = useAddress() as Values & { env?: string; team?: string };
  const go = useGo();
  const search =
    Object.keys(given).length > 0 ? `?${new URLSearchParams(given as Record<string, string>)}` : '';
  const [values, setValues] = useState<Values>(given);
  const answer = useReplay(search);
  document.title = 'What if · Sluice';
  const judge = () => {
    const filled = Object.entries(values).filter(([, v]) => v !== undefined && v !== '');
    go(`/what-if?${new URLSearchParams(filled as [string, string][])}`);
  };
  return (
    <>
      <h1>{answer.isError ? answer.error.message : (answer.data?.sentence ?? 'Judging again …')}</h1>
      <form
        className="panel form"
        onSubmit={(e) => {
          e.preventDefault();
          judge();
        }}
      >
        {FIELDS.map(({ name, label, hint, standard }) => (
          <label key={name}>
            {label}
            <input
              inputMode="decimal"
              name={name}
              value={values[name] ?? ''}
              placeholder={standard === null ? '' : String(standard)}
              onChange={(e) => setValues({ ...values, [name]: e.target.value })}
            />
            <span className="soft">{hint}</span>
          </label>
        ))}
        <button type="submit">Judge again</button>
      </form>
      {answer.data && <Rows answer={answer.data} />}
      <p className="soft">
        Judged by the counts in the ledger; nothing is changed. On the command line:{' '}
        <code>sluice replay DIR</code> judges by a changed declaration.
      </p>
    </>
  );
}
