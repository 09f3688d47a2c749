// SPDX-License-Identifier: Apache-2.0
// The app: which page, and who is looking at it.
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get, prefetch, setCsrf, whenSignedOut } from './api';
import type { ApiError } from './api';
import { ClipPage, warmVideo } from './pages/clip';
import { ClipsPage, listPath } from './pages/clips';
import { LogPage } from './pages/log';
import { OfficerPage } from './pages/officer';
import { RequestPage } from './pages/request';
import { RequestsPage } from './pages/requests';
import { SharesPage } from './pages/shares';
import { SignInPage } from './pages/sign_in';
import { lazy } from './lazy';
import { Failure, Loading, Nowhere, Title } from './parts';
import { parseFilter, parseRoute, signInPath } from './route';
import type { Route } from './route';
import { Shell } from './shell';
import { forgetLists, go } from './state';
import { text } from './strings';
import type { Session } from './types';

const cameraPages = () => import('./camera_pages');
const CamerasPage = lazy(() => cameraPages().then((m) => m.CamerasPage));
const LivePage = lazy(() => cameraPages().then((m) => m.LivePage));
const TimelinePage = lazy(() => cameraPages().then((m) => m.TimelinePage));
const KeepingPage = lazy(() => cameraPages().then((m) => m.KeepingPage));
const StoragePage = lazy(() => cameraPages().then((m) => m.StoragePage));
const DeletedPage = lazy(() => cameraPages().then((m) => m.DeletedPage));
const fetched = { cameras: CamerasPage, live: LivePage, timeline: TimelinePage, keeping: KeepingPage, storage: StoragePage, deleted: DeletedPage };

const knownMark = 'signed-in'; // a hint only: somebody was signed in here the last time

function known(): boolean {
  try {
    return localStorage.getItem(knownMark) !== null;
  } catch {
    return false;
  }
}

function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(knownMark, '1');
    else localStorage.removeItem(knownMark);
  } catch {
    // storage is switched off: the pages start one round trip later
  }
}

/** Everything the first page needs is asked for at once, before anything is drawn. */
function warmUp(route: Route): void {
  prefetch('/api/v1/session');
  if (!known() || route.page === 'sign-in') return;
  if (route.page === 'clip') warmVideo(route.id);
  if (route.page in fetched) fetched[route.page as keyof typeof fetched].warm();
  prefetch('/api/v1/cameras');
  if (route.page === 'live' || route.page === 'timeline') prefetch(`/api/v1/cameras/${encodeURIComponent(route.id)}`);
  if (route.page === 'live') prefetch(`/api/v1/cameras/${encodeURIComponent(route.id)}/live`);
  if (route.page === 'clips') prefetch(listPath(parseFilter(location.search)));
  if (route.page === 'clip') prefetch(`/api/v1/clips/${route.id}`);
  if (route.page === 'request') prefetch(`/api/v1/inbox/${encodeURIComponent(route.id)}`);
}

function here(): Route {
  return parseRoute(location.pathname, location.search);
}

/** The route, following links and the browser's buttons; puts the page back where it was scrolled to. */
function useRoute(): Route {
  const [route, setRoute] = useState(here);
  useEffect(() => {
    history.scrollRestoration = 'manual';
    const moved = (e: PopStateEvent) => {
      document.body.dataset['moved'] = 'yes';
      setRoute(here());
      const top = (e.state as { scroll?: number } | null)?.scroll ?? 0;
      requestAnimationFrame(() => requestAnimationFrame(() => window.scrollTo(0, top)));
    };
    window.addEventListener('popstate', moved);
    return () => window.removeEventListener('popstate', moved);
  }, []);
  return route;
}

function OwnersPage({ route }: { route: Route }) {
  switch (route.page) {
    case 'clips': return <ClipsPage />;
    case 'clip': return <ClipPage key={route.id} id={route.id} />;
    case 'requests': return <RequestsPage />;
    case 'request': return <RequestPage key={route.id} id={route.id} />;
    case 'shares': return <SharesPage />;
    case 'log': return <LogPage />;
    case 'cameras': return <CamerasPage />;
    case 'live': return <LivePage key={route.id} id={route.id} />;
    case 'timeline': return <TimelinePage key={route.id} id={route.id} />;
    case 'keeping': return <KeepingPage key={route.id} id={route.id} />;
    case 'storage': return <StoragePage />;
    case 'deleted': return <DeletedPage />;
    default: return <Nowhere />;
  }
}

const placeOf = {
  clips: 'clips', clip: 'clips', requests: 'requests', request: 'requests', shares: 'shares', log: 'log', cameras: 'cameras', live: 'cameras',
  timeline: 'cameras', keeping: 'cameras', storage: 'cameras', deleted: 'cameras',
} as const;

function App() {
  const route = useRoute();
  const [session, setSession] = useState<Session | null | undefined>(undefined);
  const [error, setError] = useState<ApiError | null>(null);
  const signedIn = (s: Session | null) => {
    setCsrf(s?.csrf ?? '');
    remember(s !== null);
    forgetLists();
    setError(null);
    setSession(s);
  };
  const ask = (answer: Promise<Session>) => {
    answer.then(signedIn, (e: ApiError) => (e.status === 401 ? signedIn(null) : setError(e)));
  };
  useEffect(() => {
    whenSignedOut(() => signedIn(null));
    ask(get<Session>('/api/v1/session'));
  }, []);
  useEffect(() => {
    if (session === null && route.page !== 'sign-in') {
      go(signInPath(location.pathname + location.search), 'replace');
    } else if (session && route.page === 'sign-in') {
      go(route.next, 'replace');
    }
  }, [session, route]);

  if (error !== null) {
    return (
      <main class="alone">
        <Title>{text.error.notNow}</Title>
        <Failure error={error} retry={() => ask(get<Session>('/api/v1/session'))} />
      </main>
    );
  }
  if (session === undefined) {
    return <main class="alone"><Loading /></main>;
  }
  if (session === null) {
    return route.page === 'sign-in' ? <SignInPage onSignedIn={signedIn} /> : null;
  }
  if (route.page === 'sign-in') {
    return null;
  }
  const at = route.page in placeOf ? placeOf[route.page as keyof typeof placeOf] : null;
  const leave = () => {
    signedIn(null);
    go('/sign-in');
  };
  return (
    <Shell session={session} at={at} onSignedOut={leave}>
      {session.kind === 'officer' ? <OfficerPage agency={session.agency?.name ?? ''} /> : <OwnersPage route={route} />}
    </Shell>
  );
}

warmUp(here());
render(<App />, document.getElementById('app')!);
