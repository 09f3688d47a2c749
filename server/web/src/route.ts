// SPDX-License-Identifier: Apache-2.0
// Pure: addresses of the app's pages.

export type Route =
  | { page: 'clips' }
  | { page: 'clip'; id: string }
  | { page: 'requests' }
  | { page: 'request'; id: string }
  | { page: 'shares' }
  | { page: 'log' }
  | { page: 'sign-in'; next: string }
  | { page: 'nowhere' };

export function parseRoute(path: string, query: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second] = parts;
  if (parts.length === 0) {
    return { page: 'clips' };
  }
  if (parts.length === 1) {
    switch (first) {
      case 'requests':
      case 'shares':
      case 'log':
        return { page: first };
      case 'sign-in':
        return { page: 'sign-in', next: safeNext(new URLSearchParams(query).get('next')) };
    }
  }
  if (parts.length === 2 && second !== undefined && (first === 'clips' || first === 'requests')) {
    return { page: first === 'clips' ? 'clip' : 'request', id: second };
  }
  return { page: 'nowhere' };
}

/** Only a path of our own: "//host" and "/\host" would leave the site. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') ? next : '/';
}

export function signInPath(path: string): string {
  return path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`;
}

export interface ClipFilter { camera: string; kind: string; from: string; to: string }
export const noFilter: ClipFilter = { camera: '', kind: '', from: '', to: '' };

export function parseFilter(query: string): ClipFilter {
  const q = new URLSearchParams(query);
  return { camera: q.get('camera') ?? '', kind: q.get('kind') ?? '', from: q.get('from') ?? '', to: q.get('to') ?? '' };
}

export function formatFilter(f: ClipFilter): string {
  const q = new URLSearchParams(Object.entries(f).filter(([, v]) => v !== ''));
  const s = q.toString();
  return s === '' ? '' : `?${s}`;
}
