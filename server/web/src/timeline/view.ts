// SPDX-License-Identifier: Apache-2.0
// Pure: the part of time that is shown, and where in it a time lies. Milliseconds UTC and pixels.
import type { Span } from './model';

export type View = Span;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
export const dayMs = 24 * hour;
export const shortestMs = minute;
export const longestMs = dayMs;
const beyondNow = 0.04; // of the view: room to the right of now

/** A view as long as asked, within what can be shown: not longer than a day, not into the future. */
export function clamp(v: View, now: number): View {
  const long = Math.min(longestMs, Math.max(shortestMs, v.to - v.from));
  const to = Math.min(v.to, now + long * beyondNow);
  return { from: to - long, to };
}

export function around(time: number, longMs: number, now: number): View {
  return clamp({ from: time - longMs / 2, to: time + longMs / 2 }, now);
}

/** Zoom by a factor (below 1: closer), keeping the time under the anchor where it is. */
export function zoomed(v: View, factor: number, anchor: number, now: number): View {
  const long = Math.min(longestMs, Math.max(shortestMs, (v.to - v.from) * factor));
  const share = (anchor - v.from) / (v.to - v.from);
  return clamp({ from: anchor - share * long, to: anchor + (1 - share) * long }, now);
}

export function moved(v: View, byMs: number, now: number): View {
  return clamp({ from: v.from + byMs, to: v.to + byMs }, now);
}

/** Keep a time in sight: the view moves on by most of its length when the time leaves it. */
export function following(v: View, time: number, now: number): View {
  if (time >= v.from && time < v.to) return v;
  const long = v.to - v.from;
  const from = time >= v.to ? time - long * 0.1 : time - long * 0.9;
  return clamp({ from, to: from + long }, now);
}

export const x = (v: View, width: number, time: number) => ((time - v.from) / (v.to - v.from)) * width;
export const timeAt = (v: View, width: number, px: number) => v.from + (px / Math.max(1, width)) * (v.to - v.from);

const tickSteps = [10 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 4 * hour, 6 * hour, 12 * hour];

/** Times to mark, on round local times and at least `apartPx` from each other. offsetMs: local time minus UTC. */
export function ticks(v: View, width: number, apartPx: number, offsetMs: (time: number) => number): { step: number; times: number[] } {
  const perPx = (v.to - v.from) / Math.max(1, width);
  const step = tickSteps.find((s) => s / perPx >= apartPx) ?? dayMs;
  const offset = offsetMs(v.from);
  const times: number[] = [];
  for (let t = Math.ceil((v.from + offset) / step) * step - offset; t < v.to; t += step) {
    times.push(t);
  }
  return { step, times };
}

/** What an arrow key moves by at this zoom: about a hundredth of what is shown, a round number. */
export function arrowStep(v: View): number {
  const steps = [second, 5 * second, 10 * second, 30 * second, minute, 5 * minute, 10 * minute];
  return [...steps].reverse().find((s) => s <= (v.to - v.from) / 90) ?? second;
}

/** Days (UTC, as numbers since 1970) that a view touches: what is asked for at a time. */
export function daysOf(v: View): number[] {
  const first = Math.floor(v.from / dayMs);
  const last = Math.floor((v.to - 1) / dayMs);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

export interface Place { at: number | null; long: number | null }

/** ?at=2026-11-23T18:52:03.000Z&span=3600 */
export function parsePlace(query: string): Place {
  const q = new URLSearchParams(query);
  const at = Date.parse(q.get('at') ?? '');
  const long = Number(q.get('span') ?? NaN) * 1000;
  return {
    at: Number.isNaN(at) ? null : at,
    long: Number.isFinite(long) && long > 0 ? Math.min(longestMs, Math.max(shortestMs, long)) : null,
  };
}

export function formatPlace(at: number, v: View): string {
  const q = new URLSearchParams({ at: new Date(Math.round(at / 1000) * 1000).toISOString().replace('.000Z', 'Z'), span: String(Math.round((v.to - v.from) / 1000)) });
  return `?${q}`;
}
