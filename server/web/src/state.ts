// SPDX-License-Identifier: Apache-2.0
// What pages share: the session, the cameras, the way to another page, and things loaded from the server.
import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get } from './api';
import { text } from './strings';
import type { Camera, Page, Right, Session } from './types';
import type { Undoable } from './undo';

export interface Shared {
  session: Session;
  cameras: Map<string, Camera> | null; // null: not told yet
  say(message: string): void;
  inboxChanged(): void;
  /** Something was deleted: offer to bring it back. */
  offerUndo(item: Undoable): void;
}
export const SharedContext = createContext<Shared | null>(null);

export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (shared === null) {
    throw new Error('a page outside of the shell');
  }
  return shared;
}

export function may(session: Session, right: Right): boolean {
  return session.households?.some((h) => h.rights.includes(right)) ?? false;
}

/** Blank until the cameras are known, so that no name flashes by. */
export function cameraName(cameras: Map<string, Camera> | null, id: string): string {
  return cameras === null ? '\u00a0' : (cameras.get(id)?.name ?? text.clips.unknownCamera);
}

/** Go to another page of the app; the shell hears about it. */
export function go(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') {
    history.replaceState({ scroll: window.scrollY }, '');
    history.pushState({ scroll: 0 }, '', path);
  } else {
    history.replaceState({ scroll: 0 }, '', path);
  }
  window.dispatchEvent(new PopStateEvent('popstate', { state: { scroll: 0, fresh: true } }));
}

export type Loaded<T> =
  | { state: 'loading'; value?: undefined; error?: undefined }
  | { state: 'ready'; value: T; error?: undefined }
  | { state: 'failed'; error: ApiError; value: T | undefined };

/** GET path. What is shown stays while it is loaded again, and when that fails. */
export function useLoad<T>(path: string | null): Loaded<T> & { reload(): void; replace(value: T): void } {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' });
  const turn = useRef(0);
  const reload = useCallback(() => {
    const mine = ++turn.current;
    if (path === null) {
      return;
    }
    get<T>(path).then(
      (value) => mine === turn.current && setLoaded({ state: 'ready', value }),
      (error: ApiError) => mine === turn.current && setLoaded((old) => ({ state: 'failed', error, value: old.value })),
    );
  }, [path]);
  useEffect(() => {
    setLoaded({ state: 'loading' });
    reload();
    return () => void turn.current++;
  }, [reload]);
  const replace = useCallback((value: T) => {
    turn.current++;
    setLoaded({ state: 'ready', value });
  }, []);
  return { ...loaded, reload, replace };
}

/** A list that grows page by page. `path` has no cursor; what was loaded is remembered for the way back. */
export interface List<T> {
  items: T[];
  next: string | null;
  state: 'loading' | 'ready' | 'failed';
  error: ApiError | null;
}
const remembered = new Map<string, List<unknown>>();
const empty: List<never> = { items: [], next: null, state: 'loading', error: null };

export function forgetLists(): void {
  remembered.clear();
}

export function useList<T extends { id: string }>(path: string) {
  const [list, setList] = useState<List<T>>(() => (remembered.get(path) as List<T> | undefined) ?? empty);
  const current = useRef(path);
  const put = useCallback((change: (old: List<T>) => List<T>) => {
    setList((old) => {
      const now = change(old);
      remembered.set(current.current, now);
      return now;
    });
  }, []);
  const load = useCallback(
    async (cursor: string | null) => {
      const at = path;
      put((old) => ({ ...old, state: 'loading', error: null }));
      try {
        const sign = path.includes('?') ? '&' : '?';
        const page = await get<Page<T>>(cursor === null ? path : `${path}${sign}cursor=${encodeURIComponent(cursor)}`);
        if (at === current.current) {
          put((old) => ({
            items: cursor === null ? page.items : [...old.items, ...page.items],
            next: page.next_cursor ?? null, state: 'ready', error: null,
          }));
        }
      } catch (error) {
        if (at === current.current) {
          put((old) => ({ ...old, state: 'failed', error: error as ApiError }));
        }
      }
    },
    [path, put],
  );
  useEffect(() => {
    current.current = path;
    const known = remembered.get(path) as List<T> | undefined;
    if (known && known.state === 'ready') {
      setList(known);
    } else {
      setList(empty);
      void load(null);
    }
  }, [path, load]);
  /** Look for things newer than those shown; the number found. */
  const refresh = useCallback(async (): Promise<number> => {
    const at = path;
    const page = await get<Page<T>>(path).catch(() => null);
    if (page === null || at !== current.current) {
      return 0;
    }
    let found = 0;
    put((old) => {
      const have = new Set(old.items.map((item) => item.id));
      const fresh = page.items.filter((item) => !have.has(item.id));
      found = fresh.length;
      return old.items.length === 0
        ? { items: page.items, next: page.next_cursor ?? null, state: 'ready', error: null }
        : fresh.length === page.items.length
          ? { items: page.items, next: page.next_cursor ?? null, state: 'ready', error: null }
          : { ...old, items: [...fresh, ...old.items] };
    });
    return found;
  }, [path, put]);
  const more = useCallback(() => void load(list.next), [load, list.next]);
  const again = useCallback(() => void load(list.items.length > 0 ? list.next : null), [load, list.items.length, list.next]);
  return { ...list, more, again, refresh };
}

/** Do something that can fail, once at a time. */
export function useAction<A extends unknown[]>(run: (...args: A) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const go = async (...args: A) => {
    if (busy) {
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await run(...args);
    } catch (cause) {
      if (!(cause instanceof ApiError)) {
        throw cause;
      }
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run: go };
}

/** The server's time, ticking while `on`. */
export function useTick(on: boolean, ms: number, fn: () => void): void {
  const latest = useRef(fn);
  latest.current = fn;
  useEffect(() => {
    if (!on) {
      return undefined;
    }
    const timer = setInterval(() => document.visibilityState === 'visible' && latest.current(), ms);
    return () => clearInterval(timer);
  }, [on, ms]);
}
