import { useEffect, useState } from 'react';
import { useLive, useOverview } from './api.ts';
import { Overview } from './pages/Overview.tsx';
import { Release } from './pages/Release.tsx';
import { LinkContext } from './parts/Link.tsx';

function usePath(): [string, (to: string) => void] {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const back = () => setPath(location.pathname);
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

export function App() {
  const [path, go] = usePath();
  const overview = useOverview();
  const release = /^\/releases\/([^/]+)$/.exec(path)?.[1];
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
        <span className="seq" title={overview.data?.ledger.hash}>
          ledger #{overview.data?.ledger.seq ?? '…'}
        </span>
      </nav>
      <Lost />
      <main id="content">{release ? <Release id={decodeURIComponent(release)} /> : <Overview />}</main>
    </LinkContext>
  );
}
