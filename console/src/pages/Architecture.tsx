import {
  type Arrow,
  architectureSentence,
  architectureView,
  type Part,
} from '../../../src/api/architecture.ts';
import { type OverviewAnswer, useOverview, usePipeline, usePulls, useReleases } from '../api.ts';
import { Link } from '../parts/Link.tsx';
import { Page } from '../parts/Page.tsx';
import { ago, exactly } from '../parts/words.ts';

/** Where each part is drawn, and what it is called. */
const PLACES: Record<
  Part,
  { readonly x: number; readonly y: number; readonly name: string; readonly to: string }
> = {
  users: { x: 90, y: 60, name: 'Users', to: '/services' },
  edge: { x: 330, y: 60, name: 'Edge', to: '/services' },
  services: { x: 570, y: 60, name: 'Services', to: '/services' },
  prometheus: { x: 810, y: 60, name: 'Prometheus', to: '/budgets' },
  judge: { x: 570, y: 220, name: 'Judge', to: '/releases' },
  ledger: { x: 810, y: 220, name: 'Ledger', to: '/audit' },
  git: { x: 330, y: 360, name: 'Git', to: '/pipeline' },
  gate: { x: 90, y: 360, name: 'Gate', to: '/pulls' },
};
const HALF = { w: 74, h: 24 };
const WORDS = { works: 'works', moves: 'active', trouble: 'needs attention', absent: 'not used' } as const;
const SHAPES = { works: '●', moves: '▶', trouble: '■', absent: '○' } as const;
const NAMES: Record<Arrow['name'], string> = {
  traffic: 'Traffic',
  metrics: 'Metrics',
  verdict: 'Verdict',
  weight: 'Canary weight',
  desired: 'GitOps',
  gate: 'Gate',
  records: 'Ledger',
};
const PAGE_OF: Record<Arrow['name'], string> = {
  traffic: '/services',
  metrics: '/budgets',
  verdict: '/releases',
  weight: '/releases',
  desired: '/pipeline',
  gate: '/pulls',
  records: '/audit',
};

/** A line from the rim of one part to the rim of another. */
function lineOf({ from, to }: Arrow) {
  const [a, b] = [PLACES[from], PLACES[to]];
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const scale = Math.min(HALF.w / Math.max(1, Math.abs(dx)), HALF.h / Math.max(1, Math.abs(dy)));
  const [ox, oy] = [dx * scale, dy * scale];
  return { x1: a.x + ox, y1: a.y + oy, x2: b.x - ox, y2: b.y - oy };
}

function Picture({ arrows }: { arrows: readonly Arrow[] }) {
  const told = arrows.map((a) => `${NAMES[a.name]} ${WORDS[a.state]}`).join(', ');
  return (
    <svg className="architecture" viewBox="0 0 900 410" role="img" aria-label={`Control loops: ${told}.`}>
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
          <path d="M0 0 L8 4 L0 8 z" fill="context-stroke" />
        </marker>
      </defs>
      {arrows.map((arrow) => {
        const line = lineOf(arrow);
        return (
          <g key={arrow.name} data-state={arrow.state}>
            <line {...line} markerEnd="url(#arrow)" />
            <text x={(line.x1 + line.x2) / 2} y={(line.y1 + line.y2) / 2 - 8}>
              {SHAPES[arrow.state]} {NAMES[arrow.name]}
            </text>
          </g>
        );
      })}
      {Object.values(PLACES).map(({ x, y, name }) => (
        <g key={name}>
          <rect x={x - HALF.w} y={y - HALF.h} width={2 * HALF.w} height={2 * HALF.h} rx="8" />
          <text x={x} y={y + 5} className="part">
            {name}
          </text>
        </g>
      ))}
    </svg>
  );
}

function Loops({ arrows, at }: { arrows: readonly Arrow[]; at: number }) {
  return (
    <table className="list">
      <thead>
        <tr>
          <th scope="col">Control loop</th>
          <th scope="col">State</th>
          <th scope="col">Last activity</th>
          <th scope="col">What it does now</th>
        </tr>
      </thead>
      <tbody>
        {arrows.map((a) => (
          <tr key={a.name}>
            <th scope="row">
              <Link to={PAGE_OF[a.name]}>{NAMES[a.name]}</Link>{' '}
              <span className="soft">
                {PLACES[a.from].name} → {PLACES[a.to].name}
              </span>
            </th>
            <td>
              <span className="loop" data-state={a.state}>
                <span aria-hidden="true">{SHAPES[a.state]}</span> {WORDS[a.state]}
              </span>
            </td>
            <td title={a.lastAt === null ? undefined : exactly(a.lastAt)}>
              {a.lastAt === null ? 'not known' : `${ago(Math.max(0, at - a.lastAt))} ago`}
            </td>
            <td>{a.sentence}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Body({ answer }: { answer: OverviewAnswer }) {
  const arrows = architectureView({
    at: answer.at,
    lanes: answer.lanes,
    problems: answer.problems,
    seq: answer.ledger.seq,
    releases: useReleases().data?.releases ?? [],
    pipeline: usePipeline().data ?? null,
    pulls: usePulls().data ?? null,
  });
  return (
    <>
      <h1>{architectureSentence(arrows)}</h1>
      <section className="panel" aria-label="Architecture">
        <Picture arrows={arrows} />
      </section>
      <section className="panel" aria-label="Control loops">
        <Loops arrows={arrows} at={Math.max(answer.at, Date.now())} />
      </section>
    </>
  );
}

/** What does the platform do, and what of it is broken? */
export function Architecture() {
  const overview = useOverview();
  return (
    <Page title="Architecture" asked={overview}>
      {() => <Body answer={overview.data!} />}
    </Page>
  );
}
