// SPDX-License-Identifier: Apache-2.0
// What fingers, mouse and wheel do on the track: press to go there, drag to look around, drag the playhead or an end of the
// selection, pinch or turn the wheel to zoom. Keys too; a page never depends on any one of them.
import { useEffect, useRef } from 'preact/hooks';
import type { Span } from './model';
import { arrowStep, moved, timeAt, zoomed } from './view';
import type { View } from './view';

const pressPx = 6; // less movement than this is a press
const wheelStep = 0.0016;

export interface Gestures {
  view: View;
  width: number;
  at: number;
  now: number;
  selection: Span | null;
  onView(v: View): void;
  onSeek(time: number): void;
  onScrub(time: number | null): void;
  onSelect(s: Span): void;
  onHover(time: number | null): void;
}

type Grip = 'track' | 'head' | 'from' | 'to';
interface Drag { grip: Grip; startX: number; view: View; moved: boolean }

const keySeeks: Record<string, (g: Gestures, e: KeyboardEvent) => number> = {
  ArrowLeft: (g, e) => g.at - (e.shiftKey ? 1000 : arrowStep(g.view)),
  ArrowDown: (g, e) => g.at - (e.shiftKey ? 1000 : arrowStep(g.view)),
  ArrowRight: (g, e) => g.at + (e.shiftKey ? 1000 : arrowStep(g.view)),
  ArrowUp: (g, e) => g.at + (e.shiftKey ? 1000 : arrowStep(g.view)),
  PageUp: (g) => g.at - (g.view.to - g.view.from) / 10,
  PageDown: (g) => g.at + (g.view.to - g.view.from) / 10,
  Home: (g) => g.view.from,
  End: (g) => Math.min(g.view.to, g.now) - 1000,
};

export function useGestures(frame: { current: HTMLElement | null }, g: Gestures): void {
  const latest = useRef(g);
  latest.current = g;
  useEffect(() => {
    const el = frame.current;
    return el === null ? undefined : listen(el, () => latest.current);
  }, [frame]);
}

function gripOf(target: EventTarget | null): Grip {
  const name = target instanceof Element ? target.closest('[data-handle]')?.getAttribute('data-handle') : null;
  return name === 'head' || name === 'from' || name === 'to' ? name : 'track';
}

/** All listeners on one element, without passive ones: wheel and touch would scroll the page. */
function listen(el: HTMLElement, now: () => Gestures): () => void {
  const fingers = new Map<number, number>();
  let drag: Drag | null = null;
  let pinch: { apart: number; middle: number; view: View } | null = null;
  const px = (e: PointerEvent | WheelEvent) => e.clientX - el.getBoundingClientRect().left;
  const time = (at: number, v = now().view) => timeAt(v, now().width, at);
  const inside = (t: number) => Math.min(t, now().now);

  const beginPinch = () => {
    const [a, b] = [...fingers.values()] as [number, number];
    drag = null;
    now().onScrub(null);
    pinch = { apart: Math.max(10, Math.abs(a - b)), middle: (a + b) / 2, view: now().view };
  };
  const down = (e: PointerEvent) => {
    if (e.button !== 0) return;
    fingers.set(e.pointerId, px(e));
    el.setPointerCapture(e.pointerId);
    if (fingers.size === 2) return beginPinch();
    drag = { grip: gripOf(e.target), startX: px(e), view: now().view, moved: false };
    // The track is one control: pressing it gives it the keys, unless it was a handle of its own.
    (drag.grip === 'track' || drag.grip === 'head' ? el.querySelector<HTMLElement>('.track-slider') : e.target as HTMLElement | null)?.focus({ preventScroll: true });
    e.preventDefault();
  };
  const dragTo = (d: Drag, at: number) => {
    const g = now();
    const there = inside(time(at));
    if (d.grip === 'track') {
      g.onView(moved(d.view, time(d.startX, d.view) - time(at, d.view), g.now));
      g.onHover(null);
    } else if (d.grip === 'head') {
      g.onScrub(there);
      g.onHover(there);
    } else if (g.selection !== null) {
      const s = { ...g.selection, [d.grip]: Math.round(there / 1000) * 1000 };
      if (s.to - s.from >= 1000) g.onSelect(s);
    }
  };
  const move = (e: PointerEvent) => {
    const g = now();
    if (fingers.has(e.pointerId)) fingers.set(e.pointerId, px(e));
    if (pinch !== null && fingers.size === 2) {
      const [a, b] = [...fingers.values()] as [number, number];
      const anchor = time(pinch.middle, pinch.view);
      const v = zoomed(pinch.view, pinch.apart / Math.max(10, Math.abs(a - b)), anchor, g.now);
      g.onView(moved(v, timeAt(v, g.width, pinch.middle) - timeAt(v, g.width, (a + b) / 2), g.now));
    } else if (drag !== null) {
      drag.moved ||= Math.abs(px(e) - drag.startX) > pressPx;
      if (drag.moved) dragTo(drag, px(e));
    } else if (e.pointerType === 'mouse') {
      g.onHover(time(px(e)));
    }
  };
  const up = (e: PointerEvent) => {
    const g = now();
    fingers.delete(e.pointerId);
    const d = drag;
    drag = null;
    if (pinch !== null) {
      if (fingers.size === 0) pinch = null;
      return;
    }
    if (d === null) return;
    if (d.grip === 'head' && d.moved) g.onScrub(null);
    if (e.type === 'pointerup' && (d.grip === 'head' ? d.moved : d.grip === 'track' && !d.moved)) g.onSeek(inside(time(px(e))));
    if (e.pointerType !== 'mouse') g.onHover(null);
  };
  const leave = () => drag === null && now().onHover(null);
  const wheel = (e: WheelEvent) => {
    const g = now();
    e.preventDefault();
    const unit = e.deltaMode === 1 ? 16 : 1;
    const sideways = Math.abs(e.deltaX) > Math.abs(e.deltaY) ? e.deltaX : e.shiftKey ? e.deltaY : 0;
    g.onView(sideways !== 0
      ? moved(g.view, time(sideways * unit) - time(0), g.now)
      : zoomed(g.view, Math.exp(e.deltaY * unit * wheelStep), time(px(e)), g.now));
  };
  const key = (e: KeyboardEvent) => {
    const g = now();
    const seek = e.target instanceof Element && e.target.matches('.track-slider') && !e.ctrlKey && !e.metaKey && !e.altKey ? keySeeks[e.key] : undefined;
    if (seek) {
      e.preventDefault();
      g.onSeek(inside(seek(g, e)));
    }
  };
  const all: [string, EventListener][] = [
    ['pointerdown', down as EventListener], ['pointermove', move as EventListener], ['pointerup', up as EventListener],
    ['pointercancel', up as EventListener], ['pointerleave', leave], ['wheel', wheel as EventListener], ['keydown', key as EventListener],
  ];
  all.forEach(([name, fn]) => el.addEventListener(name, fn, { passive: false }));
  return () => all.forEach(([name, fn]) => el.removeEventListener(name, fn));
}
