// SPDX-License-Identifier: Apache-2.0
// Pure: what a camera has of a span of time. Times are milliseconds UTC; spans are [from, to).
import type { ClipKind, GapReason, TimelineAnswer } from '../types';

export interface Span { from: number; to: number }
export interface Run extends Span { id: string; late: boolean }
export interface Gap extends Span { reason: GapReason }
export interface Event extends Span { id: string; kind: ClipKind; name: string; partial: boolean; kept: boolean }
export interface Pending extends Span { id: string; undoUntil: string }
export interface Footage { runs: Run[]; gaps: Gap[]; events: Event[]; pending: Pending[] }

export const nothing: Footage = { runs: [], gaps: [], events: [], pending: [] };
const touchMs = 500; // two pieces with less between them are one to the eye

const span = (s: { from: string; to: string }): Span => ({ from: Date.parse(s.from), to: Date.parse(s.to) });

export function footageOf(a: TimelineAnswer): Footage {
  return {
    runs: a.runs.map((r) => ({ ...span(r), id: r.recording_id, late: r.late })),
    gaps: a.gaps.map((g) => ({ ...span(g), reason: g.reason })),
    events: a.events.map((e) => ({ ...span(e), id: e.clip_id, kind: e.kind, name: e.name, partial: e.partial, kept: e.kept })),
    pending: a.deletions.map((d) => ({ ...span(d), id: d.id, undoUntil: d.undo_until })),
  };
}

const byTime = (a: Span, b: Span) => a.from - b.from || a.to - b.to;

/** Join neighbours that touch and are alike. */
export function joined<T extends Span>(items: readonly T[], alike: (a: T, b: T) => boolean, withinMs = touchMs): T[] {
  const out: T[] = [];
  for (const item of [...items].sort(byTime)) {
    const last = out[out.length - 1];
    if (last !== undefined && item.from - last.to <= withinMs && alike(last, item)) {
      last.to = Math.max(last.to, item.to);
    } else {
      out.push({ ...item });
    }
  }
  return out;
}

function onceEach<T extends Span & { id: string }>(items: readonly T[]): T[] {
  return [...new Map(items.map((i) => [i.id, i])).values()].sort(byTime);
}

/** Several answers as one: what crosses the border between two of them is one thing again. */
export function merged(parts: readonly Footage[]): Footage {
  return {
    runs: joined(parts.flatMap((p) => p.runs), (a, b) => a.late === b.late),
    gaps: joined(parts.flatMap((p) => p.gaps), (a, b) => a.reason === b.reason),
    events: onceEach(parts.flatMap((p) => p.events)),
    pending: onceEach(parts.flatMap((p) => p.pending)),
  };
}

export function within<T extends Span>(items: readonly T[], s: Span): T[] {
  return items.filter((i) => i.from < s.to && i.to > s.from);
}

export function at<T extends Span>(items: readonly T[], time: number): T | null {
  return items.find((i) => i.from <= time && time < i.to) ?? null;
}

/** The first event that begins after a time, by more than a moment. */
export function eventAfter(events: readonly Event[], time: number): Event | null {
  return events.find((e) => e.from > time + touchMs) ?? null;
}

/** The event before: like a player's button, in the middle of one it leads to its begin first. */
export function eventBefore(events: readonly Event[], time: number): Event | null {
  return [...events].reverse().find((e) => e.from < time - 2000) ?? null;
}

/** Footage at a time, or the next after it. */
export function footageFrom(runs: readonly Run[], time: number): number | null {
  const run = runs.find((r) => r.to > time + touchMs);
  return run === undefined ? null : Math.max(run.from, time);
}

export type Row =
  | { is: 'run'; span: Span; run: Run }
  | { is: 'gap'; span: Span; gap: Gap }
  | { is: 'event'; span: Span; event: Event };

/** Everything in a span in the order of time, for reading. */
export function rows(f: Footage, s: Span): Row[] {
  const all: Row[] = [
    ...within(f.runs, s).map((run): Row => ({ is: 'run', span: run, run })),
    ...within(f.gaps, s).map((gap): Row => ({ is: 'gap', span: gap, gap })),
    ...within(f.events, s).map((event): Row => ({ is: 'event', span: event, event })),
  ];
  return all.sort((a, b) => byTime(a.span, b.span));
}
