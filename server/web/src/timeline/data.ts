// SPDX-License-Identifier: Apache-2.0
// What the server says of the days in view: asked for a day at a time, today again and again.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get, serverNow } from '../api';
import type { ApiError } from '../api';
import { useTick } from '../state';
import type { TimelineAnswer } from '../types';
import { footageOf, merged } from './model';
import type { Footage } from './model';
import { dayMs } from './view';

const againMs = 5000;
const keepDays = 31;

const iso = (day: number) => new Date(day * dayMs).toISOString();
const path = (camera: string, day: number) =>
  `/api/v1/cameras/${camera}/timeline?${new URLSearchParams({ from: iso(day), to: iso(day + 1) })}`;

export interface Days {
  footage: Footage;
  /** All days asked for are here. */
  ready: boolean;
  error: ApiError | null;
  reload(): void;
}

export function useDays(camera: string, days: readonly number[]): Days {
  const known = useRef(new Map<number, Footage>());
  const asked = useRef(new Set<number>());
  const [turn, setTurn] = useState(0);
  const [error, setError] = useState<ApiError | null>(null);
  const load = useCallback((day: number) => {
    if (asked.current.has(day)) return;
    asked.current.add(day);
    get<TimelineAnswer>(path(camera, day)).then((answer) => {
      known.current.set(day, footageOf(answer));
      if (known.current.size > keepDays) known.current.delete(known.current.keys().next().value!);
      setError(null);
    }, setError).finally(() => {
      asked.current.delete(day);
      setTurn((n) => n + 1);
    });
  }, [camera]);
  const wanted = days.join();
  const ask = (again: (day: number) => boolean) => {
    const today = Math.floor(serverNow() / dayMs);
    days.filter((d) => d <= today && (!known.current.has(d) || again(d))).forEach(load);
  };
  useEffect(() => ask(() => false), [wanted, load]);
  const today = Math.floor(serverNow() / dayMs);
  useTick(days.includes(today) || error !== null, againMs, () => ask((d) => d >= today));
  const footage = useMemo(
    () => merged([...known.current.entries()].filter(([d]) => days.includes(d)).map(([, f]) => f)), [wanted, turn]);
  return {
    footage, error,
    ready: days.every((d) => d > today || known.current.has(d)),
    reload: () => ask(() => true),
  };
}
