// SPDX-License-Identifier: Apache-2.0
// The drawing of the day: footage, gaps, events, where we are. Pointer, wheel, pinch and keys; every one of them also has a button.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import * as format from '../format';
import { text } from '../strings_cameras';
import { useGestures } from './gestures';
import { at as itemAt, joined, within } from './model';
import type { Footage, Span } from './model';
import type { Thumbs } from './thumbs';
import { arrowStep, ticks, x } from './view';
import type { View } from './view';

const words = text.timeline;
export const trackHeight = 104;
const bar = { top: 34, height: 58 };

export interface TrackProps {
  view: View;
  footage: Footage;
  at: number;
  now: number;
  selection: Span | null;
  thumbs: Thumbs;
  onView(v: View): void;
  onSeek(time: number): void;
  /** The playhead is being dragged; null: no more. */
  onScrub(time: number | null): void;
  onSelect(s: Span): void;
}

/** What there is at a time, in words. */
export function whatAt(f: Footage, time: number, now: number): string {
  const event = itemAt(f.events, time);
  const run = itemAt(f.runs, time);
  const gap = itemAt(f.gaps, time);
  const picture = run !== null ? (run.late ? words.late : words.footage) : gap !== null ? words.gaps[gap.reason] : time > now ? words.future : words.nothing;
  return event === null ? picture : `${picture}, ${format.kindName(event.kind)}`;
}

function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setWidth(ref.current?.clientWidth ?? 0);
    measure();
    const watch = new ResizeObserver(measure);
    if (ref.current) watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return [ref, width];
}

interface Drawn { view: View; width: number }

const box = (d: Drawn, s: Span, least = 1) => {
  const from = Math.max(-2, x(d.view, d.width, s.from));
  const to = Math.min(d.width + 2, x(d.view, d.width, s.to));
  return { x: from, width: Math.max(least, to - from) };
};

function Footprints({ d, footage }: { d: Drawn; footage: Footage }) {
  const pixel = (d.view.to - d.view.from) / Math.max(1, d.width);
  const runs = joined(within(footage.runs, d.view), (a, b) => a.late === b.late, pixel);
  const gaps = joined(within(footage.gaps, d.view), (a, b) => a.reason === b.reason, pixel);
  const events = joined(within(footage.events, d.view), (a, b) => a.kind === b.kind, pixel * 2);
  return (
    <>
      {gaps.map((g) => {
        const place = box(d, g);
        return (
          <g key={`g${g.from}`}>
            <rect class={`gap gap-${g.reason}`} y={bar.top} height={bar.height} {...place} />
            {place.width > words.gaps[g.reason].length * 7 + 12 && (
              <text class="gap-reason" x={place.x + place.width / 2} y={bar.top + bar.height / 2 + 4}>{words.gaps[g.reason]}</text>
            )}
          </g>
        );
      })}
      {runs.map((r) => <rect key={`r${r.from}`} class={r.late ? 'run late' : 'run'} y={bar.top + 14} height={bar.height - 14} rx="2" {...box(d, r)} />)}
      {events.map((e) => {
        const place = box(d, e, 3);
        return (
          <g key={`e${e.id}`} class={`event event-${e.kind}`}>
            <rect class="event-shade" y={bar.top} height={bar.height} {...place} />
            <rect class="event-mark" y={bar.top} height="10" rx="2" {...place} />
          </g>
        );
      })}
      {within(footage.pending, d.view).map((p) => <rect key={`p${p.id}`} class="pending" y={bar.top} height={bar.height} {...box(d, p, 2)} />)}
    </>
  );
}

function Axis({ d }: { d: Drawn }) {
  const { step, times } = ticks(d.view, d.width, 64, (t) => -new Date(t).getTimezoneOffset() * 60_000);
  return (
    <>
      {times.map((t) => (
        <g key={t}>
          <line class="tick" x1={x(d.view, d.width, t)} x2={x(d.view, d.width, t)} y1={22} y2={trackHeight - 12} />
          <text class="tick-label" x={x(d.view, d.width, t)} y="16">{format.tick(t, step)}</text>
        </g>
      ))}
    </>
  );
}

function Selection({ d, selection, onSelect }: { d: Drawn; selection: Span; onSelect: (s: Span) => void }) {
  const place = box(d, selection, 2);
  const handle = (end: 'from' | 'to') => {
    const set = (time: number) => {
      const s = { ...selection, [end]: Math.round(time / 1000) * 1000 };
      if (s.to - s.from >= 1000) onSelect(s);
    };
    const onKeyDown = (e: KeyboardEvent) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[e.key];
      if (by === undefined) return;
      e.preventDefault();
      e.stopPropagation();
      set(selection[end] + by * (e.shiftKey ? 1000 : arrowStep(d.view)));
    };
    const at = x(d.view, d.width, selection[end]);
    return (
      <g class="handle" data-handle={end} role="slider" tabIndex={0} aria-label={end === 'from' ? text.select.handleFrom : text.select.handleTo}
        aria-valuemin={Math.round(d.view.from / 1000)} aria-valuemax={Math.round(d.view.to / 1000)}
        aria-valuenow={Math.round(selection[end] / 1000)} aria-valuetext={format.clock(selection[end])} onKeyDown={onKeyDown}>
        <rect class="handle-reach" x={at - 14} y={bar.top - 8} width="28" height={bar.height + 16} />
        <rect class="handle-grip" x={at - 4} y={bar.top - 6} width="8" height={bar.height + 12} rx="4" />
      </g>
    );
  };
  return (
    <>
      <rect class="selection" y={bar.top - 4} height={bar.height + 8} {...place} />
      {handle('from')}
      {handle('to')}
    </>
  );
}

function Preview({ d, time, thumbs, what }: { d: Drawn; time: number; thumbs: Thumbs; what: string }) {
  const tile = thumbs.at(time);
  const wide = 160;
  const left = Math.min(Math.max(x(d.view, d.width, time) - wide / 2, 0), Math.max(0, d.width - wide));
  const picture = tile && {
    width: `${tile.w}px`, height: `${tile.h}px`, backgroundImage: `url("${tile.src}")`, backgroundPosition: `-${tile.x}px -${tile.y}px`,
  };
  return (
    <div class="preview" style={{ left: `${left}px` }} aria-hidden="true" data-time={Math.round(time)}>
      {picture && <div class="preview-picture" style={picture} />}
      <p>{format.clock(time)}{tile === null && <><br /><span class="small">{what}</span></>}</p>
    </div>
  );
}

export function Track(p: TrackProps) {
  const [frame, width] = useWidth();
  const [hover, setHover] = useState<number | null>(null);
  const d: Drawn = { view: p.view, width };
  useGestures(frame, { ...p, width, onHover: setHover });
  const head = x(p.view, width, p.at);
  const seen = p.at >= p.view.from && p.at <= p.view.to;
  const drawn = useMemo(() => <Footprints d={d} footage={p.footage} />, [p.view, width, p.footage]);
  const axis = useMemo(() => <Axis d={d} />, [p.view, width]);
  useEffect(() => {
    if (hover !== null && (hover < p.view.from || hover > p.view.to)) setHover(null);
  }, [p.view]);
  const label = format.span(new Date(p.view.from).toISOString(), new Date(p.view.to).toISOString());
  return (
    <div class="track" ref={frame}>
      {hover !== null && width > 0 && <Preview d={d} time={hover} thumbs={p.thumbs} what={whatAt(p.footage, hover, p.now)} />}
      <div class="track-slider" role="slider" tabIndex={0} aria-label={words.track} aria-describedby="shown-span"
        aria-valuemin={Math.round(p.view.from / 1000)} aria-valuemax={Math.round(Math.max(p.view.to, p.at) / 1000)} aria-valuenow={Math.round(p.at / 1000)}
        aria-valuetext={words.at(format.clock(p.at), whatAt(p.footage, p.at, p.now))} />
      <p id="shown-span" class="hidden">{words.shows(label)}</p>
      {width > 0 && (
        <svg class="track-drawing" width={width} height={trackHeight} viewBox={`0 0 ${width} ${trackHeight}`} role="group" aria-label={words.shows(label)}>
          <defs>
            <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="7" height="7" class="hatch-ground" /><line x1="0" y1="0" x2="0" y2="7" class="hatch-line" />
            </pattern>
          </defs>
          <rect class="track-ground" y={bar.top} width={width} height={bar.height} />
          {axis}
          {drawn}
          {p.now < p.view.to && <line class="now" x1={x(p.view, width, p.now)} x2={x(p.view, width, p.now)} y1="22" y2={trackHeight - 6} />}
          {p.selection && <Selection d={d} selection={p.selection} onSelect={p.onSelect} />}
          {seen && (
            <g class="playhead" data-handle="head">
              <rect class="handle-reach" x={head - 16} y="18" width="32" height={trackHeight - 18} />
              <line x1={head} x2={head} y1="24" y2={trackHeight} />
              <circle cx={head} cy="27" r="7" />
            </g>
          )}
        </svg>
      )}
    </div>
  );
}
