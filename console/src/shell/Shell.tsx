import { Outlet, useRouter, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { freezeSummary } from '../../../src/api/fleet.ts';
import { signOut, useMe, useOverview } from '../api.ts';
import { type Connection, useLive } from '../data/live.ts';
import { useUnread } from '../data/seen.ts';
import { Link, useAddress, useGo } from '../parts/Link.tsx';
import { ConnectionLine, ConnectionMark } from './Connection.tsx';
import { PAGES } from './pages.ts';
import { useTheme } from './theme.ts';

const Palette = lazy(() => import('./Palette.tsx').then((m) => ({ default: m.Palette })));

const FOLDED = 'sluice-folded';
/** The first part of a path: what a page is known by. */
const pageOf = (path: string): string => `/${path.split('/')[1] ?? ''}`;

/** How many notifications are new since the last visit. */
function Unread() {
  const count = useUnread();
  if (count === null) return null;
  return (
    <span className="unread">
      {count}
      <span className="hidden"> unread</span>
    </span>
  );
}

function Navigation({ path }: { path: string }) {
  const [folded, setFolded] = useState(() => localStorage.getItem(FOLDED) === 'yes');
  const change = () => {
    localStorage.setItem(FOLDED, folded ? 'no' : 'yes');
    setFolded(!folded);
  };
  return (
    <nav className="side" aria-label="Pages" data-folded={folded}>
      {PAGES.map(({ to, name, icon }) => (
        <Link key={to} to={to} current={pageOf(path) === to}>
          <span className="icon" aria-hidden="true">
            {icon}
          </span>
          <span className="name">{name}</span>
          {to === '/notifications' && <Unread />}
        </Link>
      ))}
      <button type="button" className="fold" aria-expanded={!folded} onClick={change}>
        <span className="icon" aria-hidden="true">
          {folded ? '»' : '«'}
        </span>
        <span className="name">{folded ? 'Unfold' : 'Fold'} navigation</span>
      </button>
    </nav>
  );
}

const signInAt = (path: string): string => `/auth/login?return=${encodeURIComponent(path)}`;

/** Who is signed in, where people can. */
function Who() {
  const me = useMe();
  const path = useRouterState({ select: (s) => s.location.href });
  if (!me.data) return null;
  if (!me.data.actor) return me.data.signIn && <a href={signInAt(path)}>Sign in</a>;
  return (
    <>
      <span className="soft">{me.data.actor}</span>
      <button type="button" onClick={() => void signOut().then(() => location.reload())}>
        Sign out
      </button>
    </>
  );
}

function Choice({ name, param, values }: { name: string; param: 'env' | 'team'; values: readonly string[] }) {
  const chosen = useAddress()[param];
  const go = useGo();
  const here = useRouterState({ select: (s) => s.location });
  if (values.length < 2) return null;
  const choose = (value: string) => {
    const params = new URLSearchParams(here.searchStr);
    // Given empty, it is not taken from the page before.
    params.set(param, value);
    go(`${here.pathname}?${params}`, { stay: true });
  };
  return (
    <label className="scope">
      <span className="soft">{name}</span>
      <select value={chosen ?? ''} onChange={(e) => choose(e.target.value)}>
        <option value="">All</option>
        {values.map((value) => (
          <option key={value}>{value}</option>
        ))}
      </select>
    </label>
  );
}

/** What of the fleet is looked at: kept from page to page. */
function Scope() {
  const overview = useOverview().data;
  const teams = [...new Set(Object.values(overview?.teams ?? {}))].sort();
  return (
    <>
      <Choice name="Environment" param="env" values={overview?.environments ?? []} />
      <Choice name="Team" param="team" values={teams} />
    </>
  );
}

function Top({ connection, search }: { connection: Connection; search: () => void }) {
  const overview = useOverview().data;
  const { theme, next, change } = useTheme();
  const frozen = freezeSummary(overview?.freezes ?? []);
  return (
    <header className="top">
      <Link to="/" className="mark">
        Sluice
      </Link>
      <span className="soft platform">{overview?.platform ?? ''}</span>
      <Scope />
      <button type="button" className="search" onClick={search} aria-keyshortcuts="Control+K Meta+K">
        <span aria-hidden="true">⌕</span> Search <kbd>Ctrl K</kbd>
      </button>
      {frozen && (
        <Link to="/freezes" className="frozen">
          <span aria-hidden="true">❄</span> {frozen}
        </Link>
      )}
      <span className="right">
        <ConnectionMark connection={connection} />
        <button type="button" onClick={change} title={`Theme: ${theme}. Change to ${next}.`}>
          <span aria-hidden="true">◐</span> Theme: {theme}
        </button>
        <Who />
      </span>
    </header>
  );
}

/** ⌘K and Ctrl-K open the search over everything. */
function usePalette(): [boolean, (open: boolean) => void] {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen((before) => !before);
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, []);
  return [open, setOpen];
}

/** A new page is begun at its heading, for readers by ear and by keyboard; the first one as the browser has it. */
function useFocus(path: string): void {
  const before = useRef(pageOf(path));
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe('onRendered', ({ toLocation }) => {
        const page = pageOf(toLocation.pathname);
        if (page === before.current) return;
        before.current = page;
        document.getElementById('content')?.focus({ preventScroll: true });
      }),
    [router],
  );
}

/** For whoever may not read here: nothing is asked of the server in vain. */
function Stranger() {
  const path = useRouterState({ select: (s) => s.location.href });
  return (
    <main id="content" tabIndex={-1}>
      <h1>Sign in</h1>
      <p>This server shows releases, budgets and decisions only to people who are signed in.</p>
      <p>
        <a href={signInAt(path)}>Sign in</a>
      </p>
    </main>
  );
}

/** Every page, to whoever may read. */
export function Shell() {
  return useMe().data?.reads === false ? <Stranger /> : <Pages />;
}

/** What is around every page: navigation, scope, search, connection, theme and person. */
function Pages() {
  const path = useRouterState({ select: (s) => s.location.pathname });
  const connection = useLive();
  const [searching, setSearching] = usePalette();
  useFocus(path);
  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <Top connection={connection} search={() => setSearching(true)} />
      <ConnectionLine connection={connection} />
      <div className="shell">
        <Navigation path={path} />
        <main id="content" tabIndex={-1} data-old={connection.state === 'lost'}>
          <Outlet />
        </main>
      </div>
      {searching && (
        <Suspense fallback={null}>
          <Palette close={() => setSearching(false)} />
        </Suspense>
      )}
    </>
  );
}
