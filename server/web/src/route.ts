// SPDX-License-Identifier: Apache-2.0
// Pure: addresses of the app's pages.

export type Route =
  | { page: 'clips' }
  | { page: 'clip'; id: string }
  | { page: 'requests' }
  | { page: 'request'; id: string }
  | { page: 'shares' }
  | { page: 'log' }
  | { page: 'cameras' }
  | { page: 'storage' }
  | { page: 'deleted' }
  | { page: 'live' | 'timeline' | 'keeping'; id: string }
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
      case 'cameras':
      case 'storage':
      case 'deleted':
        return { page: first };
      case 'sign-in':
        return { page: 'sign-in', next: safeNext(new URLSearchParams(query).get('next')) };
    }
  }
  if (parts.length === 2 && second !== undefined && (first === 'clips' || first === 'requests')) {
    return { page: first === 'clips' ? 'clip' : 'request', id: second };
  }
  if (first === 'cameras' && second !== undefined) {
    return cameraRoute(second, parts.slice(2));
  }
  return { page: 'nowhere' };
}

/** /cameras/ID is the live view; the timeline and the rules of keeping lie under it. */
function cameraRoute(id: string, rest: string[]): Route {
  const [part] = rest;
  if (rest.length === 0) {
    return { page: 'live', id };
  }
  return rest.length === 1 && (part === 'timeline' || part === 'keeping') ? { page: part, id } : { page: 'nowhere' };
}

/** Something the API could know: a UUID. */
export function isId(id: string): boolean {
  return /^[0-9a-fA-F-]{36}$/.test(id);
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
