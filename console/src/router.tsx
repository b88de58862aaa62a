import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { Overview } from './pages/Overview.tsx';
import { Link } from './parts/Link.tsx';
import { Shell } from './shell/Shell.tsx';

/** What is shown in place of a page that failed: the rest of the console goes on. */
function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <>
      <h1>This page failed</h1>
      <p role="alert">{error instanceof Error ? error.message : String(error)}</p>
      <p>
        This is a bug in Sluice. Please report it with the address of this page.{' '}
        <button type="button" onClick={reset}>
          Try again
        </button>{' '}
        <Link to="/">Open the overview</Link>
      </p>
    </>
  );
}

function NotFound() {
  document.title = 'Not found · Sluice';
  return (
    <>
      <h1>There is no page at this address</h1>
      <p>
        {location.pathname} is not a page of Sluice. <Link to="/">Open the overview</Link>, or search with
        Ctrl-K.
      </p>
    </>
  );
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Broken });
const at = <P extends string>(path: P) => ({ getParentRoute: () => root, path }) as const;

const routeTree = root.addChildren([
  createRoute({ ...at('/'), component: Overview }),
  createRoute({
    ...at('/services'),
    component: lazyRouteComponent(() => import('./pages/Services.tsx'), 'Services'),
  }),
  createRoute({
    ...at('/services/$service'),
    component: lazyRouteComponent(() => import('./pages/Service.tsx'), 'Service'),
  }),
  createRoute({
    ...at('/releases'),
    component: lazyRouteComponent(() => import('./pages/Releases.tsx'), 'Releases'),
  }),
  createRoute({
    ...at('/releases/$id'),
    component: lazyRouteComponent(() => import('./pages/Release.tsx'), 'Release'),
  }),
  createRoute({ ...at('/pulls'), component: lazyRouteComponent(() => import('./pages/Pulls.tsx'), 'Pulls') }),
  createRoute({
    ...at('/pulls/$number'),
    component: lazyRouteComponent(() => import('./pages/Pulls.tsx'), 'Pulls'),
  }),
  createRoute({
    ...at('/pipeline'),
    component: lazyRouteComponent(() => import('./pages/Pipeline.tsx'), 'Pipeline'),
  }),
  createRoute({
    ...at('/budgets'),
    component: lazyRouteComponent(() => import('./pages/Budgets.tsx'), 'Budgets'),
  }),
  createRoute({
    ...at('/budgets/$environment/$slo'),
    component: lazyRouteComponent(() => import('./pages/Budgets.tsx'), 'Budgets'),
  }),
  createRoute({
    ...at('/freezes'),
    component: lazyRouteComponent(() => import('./pages/Freezes.tsx'), 'Freezes'),
  }),
  createRoute({
    ...at('/notifications'),
    component: lazyRouteComponent(() => import('./pages/Notifications.tsx'), 'Notifications'),
  }),
  createRoute({ ...at('/audit'), component: lazyRouteComponent(() => import('./pages/Audit.tsx'), 'Audit') }),
  createRoute({
    ...at('/what-if'),
    component: lazyRouteComponent(() => import('./pages/WhatIf.tsx'), 'WhatIf'),
  }),
  createRoute({
    ...at('/architecture'),
    component: lazyRouteComponent(() => import('./pages/Architecture.tsx'), 'Architecture'),
  }),
]);

/** Texts, as they are in the address: no quotes, no JSON. */
const parseSearch = (text: string): Record<string, string> => Object.fromEntries(new URLSearchParams(text));
const stringifySearch = (search: Record<string, unknown>): string => {
  const given = Object.entries(search).filter((e): e is [string, string] => typeof e[1] === 'string');
  return given.length > 0 ? `?${new URLSearchParams(given)}` : '';
};

/** Every view, filter and selection has an address; a place on a page is kept when one comes back to it. */
export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
  defaultPreload: 'intent',
  defaultErrorComponent: Broken,
});
