import { useEffect, useState } from 'react';
import { useLive, useMe, useOverview } from './api.ts';
import { Audit } from './pages/Audit.tsx';
import { Budgets } from './pages/Budgets.tsx';
import { Freezes } from './pages/Freezes.tsx';
import { Overview } from './pages/Overview.tsx';
import { Pipeline } from './pages/Pipeline.tsx';
import { Pulls } from './pages/Pulls.tsx';
import { Release } from './pages/Release.tsx';
import { WhatIf } from './pages/WhatIf.tsx';
import { LinkContext } from './parts/Link.tsx';

function usePath(): [string, (to: string) => void] {
  const here = () => location.pathname + location.search;
  const [path, setPath] = useState(here);
  useEffect(() => {
    const back = () => setPath(location.pathname + location.search);
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);
  const go = (to: string) => {
    history.pushState(null, '', to);
    setPath(to);
    scrollTo(0, 0);
  };
  return [path, go];
}

function Lost() {
  const { connected, lastAt } = useLive();
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div className="lost" data-on={!connected} role="status">
      {connected ? '' : `Last update ${Math.max(0, Math.round((now - lastAt) / 1_000))} s ago, retrying`}
    </div>
  );
}

const PAGES = [
  { to: '/pipeline', name: 'Pipeline' },
  { to: '/pulls', name: 'Pull requests' },
  { to: '/freezes', name: 'Freezes' },
  { to: '/budgets', name: 'Budgets' },
  { to: '/what-if', name: 'What if' },
  { to: '/audit', name: 'Audit' },
] as const;

/** Who is signed in, where people can. */
function Who() {
  const me = useMe().data;
  if (!me?.signIn) return null;
  return me.actor ? (
    <span className="soft">{me.actor}</span>
  ) : (
    <a href={`/auth/login?return=${encodeURIComponent(location.pathname + location.search)}`}>Sign in</a>
  );
}

function Page({ path, go }: { path: string; go: (to: string) => void }) {
  const [place = '/', search] = path.split('?');
  const release = /^\/releases\/([^/]+)$/.exec(place)?.[1];
  if (release) return <Release id={decodeURIComponent(release)} />;
  if (place.startsWith('/budgets'))
    return <Budgets chosen={decodeURIComponent(place.slice('/budgets/'.length)) || undefined} choose={go} />;
  const pull = /^\/pulls(?:\/(\d+))?$/.exec(place);
  if (pull) return <Pulls chosen={pull[1] ? Number(pull[1]) : undefined} choose={go} />;
  if (place === '/pipeline') return <Pipeline />;
  if (place === '/freezes') return <Freezes />;
  if (place === '/audit') return <Audit search={search ?? ''} go={go} />;
  if (place === '/what-if') return <WhatIf search={search ? `?${search}` : ''} go={go} />;
  return <Overview />;
}

export function App() {
  const [path, go] = usePath();
  const overview = useOverview();
  return (
    <LinkContext value={go}>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <nav className="top" aria-label="Pages">
        <a
          className="mark"
          href="/"
          onClick={(e) => {
            e.preventDefault();
            go('/');
          }}
        >
          Sluice
        </a>
        <span className="soft">{overview.data?.platform ?? ''}</span>
        {PAGES.map(({ to, name }) => (
          <a
            key={to}
            href={to}
            aria-current={path.startsWith(to) ? 'page' : undefined}
            onClick={(e) => {
              e.preventDefault();
              go(to);
            }}
          >
            {name}
          </a>
        ))}
        <Who />
        <span className="seq" title={overview.data?.ledger.hash}>
          ledger #{overview.data?.ledger.seq ?? '…'}
        </span>
      </nav>
      <Lost />
      <main id="content">
        <Page path={path} go={go} />
      </main>
    </LinkContext>
  );
}
