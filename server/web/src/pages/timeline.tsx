// SPDX-License-Identifier: Apache-2.0
// One camera's footage: the picture, the day under it, and what can be done with a span of it. The address says where we are.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { serverNow } from '../api';
import { CameraFrame } from '../camera';
import * as format from '../format';
import { Icon } from '../icons';
import type { IconName } from '../icons';
import { Failure, Link, Nowhere } from '../parts';
import { isId } from '../route';
import { may, useAction, useLoad, useShared, useTick } from '../state';
import { text } from '../strings_cameras';
import { snapshot, toggleFull, useFull } from '../play/screen';
import { useDays } from '../timeline/data';
import { FootagePlayer } from '../timeline/footage';
import { TimelineList } from '../timeline/list';
import { at as itemAt, eventAfter, eventBefore, footageFrom, within } from '../timeline/model';
import type { Footage, Pending, Span } from '../timeline/model';
import { SelectPanel, spanWords } from '../timeline/select';
import { Thumbs } from '../timeline/thumbs';
import { Track, whatAt } from '../timeline/track';
import { around, daysOf, following, formatPlace, longestMs, moved, parsePlace, zoomed } from '../timeline/view';
import type { View } from '../timeline/view';
import type { Camera } from '../types';
import { undo } from '../undo';

const words = text.timeline;
const hour = 3_600_000;
const liveEdgeMs = 20_000; // nearer to now than this, going on means live
const addressMs = 1000;
const speeds = [0.5, 1, 2, 4, 8];

type Trouble = { is: 'gap'; at: number } | { is: 'ended' } | { is: 'failed'; why: 'media' | 'network' | 'codec' } | null;

interface Desk {
  at: number;
  view: View;
  now: number;
  footage: Footage;
  player: FootagePlayer;
  playing: boolean;
  waiting: boolean;
  trouble: Trouble;
  setView(v: View): void;
  seek(time: number): void;
  scrub(time: number | null): void;
  scrubbing: number | null;
  changed(): void;
}

/** The player, told what to do and listened to. */
function usePlayer(camera: string, told: { current: { shows(t: number): void; ended(to: number): void; failed(why: 'media' | 'network' | 'codec' | 'empty'): void } }) {
  const [state, setState] = useState({ playing: false, waiting: false });
  const player = useMemo(() => new FootagePlayer(camera, {
    shows: (t) => told.current.shows(t),
    ended: (to) => told.current.ended(to),
    failed: (why) => told.current.failed(why),
    state: (playing, waiting) => setState((old) => (old.playing === playing && old.waiting === waiting ? old : { playing, waiting })),
  }), [camera]);
  useEffect(() => () => player.destroy(), [player]);
  return { player, ...state };
}

/** Keep the address telling the place, not more often than browsers like. */
function useAddress(at: number, view: View): void {
  const latest = useRef('');
  latest.current = formatPlace(at, view);
  useEffect(() => {
    const write = () => {
      if (location.search !== latest.current) history.replaceState(history.state, '', location.pathname + latest.current);
    };
    const timer = setInterval(write, addressMs);
    return () => clearInterval(timer);
  }, []);
}

function useDesk(camera: string): Desk & { days: ReturnType<typeof useDays>; started: boolean } {
  const place = useMemo(() => parsePlace(location.search), []);
  const [now, setNow] = useState(serverNow);
  const [at, setAt] = useState(() => Math.min(place.at ?? now, now));
  const [view, setView] = useState<View>(() => around(place.at ?? now, place.long ?? (place.at === null ? longestMs : hour), now));
  const [trouble, setTrouble] = useState<Trouble>(null);
  const [scrubbing, setScrubbing] = useState<number | null>(null);
  const [started, setStarted] = useState(false);
  const days = useDays(camera, daysOf(view));
  const { footage } = days;
  const latest = useRef({ at, view, footage });
  latest.current = { at, view, footage };
  useTick(true, 1000, () => setNow(serverNow()));
  useAddress(at, view);

  const moveTo = (time: number) => {
    const { at: old, view: v } = latest.current;
    setAt(time);
    if (old >= v.from && old <= v.to) setView(following(v, time, serverNow()));
  };
  const told = useRef({ shows: (_: number) => undefined as void, ended: (_: number) => undefined as void, failed: (_: 'media' | 'network' | 'codec' | 'empty') => undefined as void });
  const { player, playing, waiting } = usePlayer(camera, told);

  const seek = (time: number) => {
    const { footage: f } = latest.current;
    moveTo(time);
    if (itemAt(f.runs, time) === null && itemAt(f.gaps, time) !== null) {
      player.pause();
      return setTrouble({ is: 'gap', at: time });
    }
    setTrouble(null);
    player.seek(time);
  };
  told.current = {
    shows: (t) => {
      setTrouble(null);
      if (scrubbing === null) moveTo(t);
    },
    ended: (to) => {
      const next = footageFrom(latest.current.footage.runs, to);
      if (next !== null && serverNow() - to > liveEdgeMs) return player.seek(next);
      player.pause();
      setTrouble({ is: 'ended' });
    },
    failed: (why) => {
      player.pause();
      setTrouble(why === 'empty' ? { is: 'gap', at: latest.current.at } : { is: 'failed', why });
    },
  };
  // Once the day is known: the place the address names, else the newest footage.
  useEffect(() => {
    const last = footage.runs[footage.runs.length - 1];
    const begin = place.at ?? (last === undefined ? null : Math.max(last.from, Math.min(last.to, serverNow()) - 10_000));
    if (!started && days.ready && begin !== null) {
      setStarted(true);
      const all = now - (footage.runs[0]?.from ?? now);
      if (place.long === null && place.at === null) setView(around(now, Math.min(longestMs, Math.max(hour, all * 1.1)), now));
      seek(Math.min(begin, serverNow()));
    }
  }, [started, days.ready, footage]);
  // What is shown was deleted or came back: look again, once the day tells so.
  const [stale, setStale] = useState(false);
  useEffect(() => {
    if (!stale) return;
    setStale(false);
    player.forget();
    seek(latest.current.at);
  }, [footage]);
  return {
    changed: () => {
      setStale(true);
      days.reload();
    },
    at, view, now, footage, player, playing, waiting, trouble, setView, seek, scrubbing, days, started,
    scrub: (time) => setScrubbing(time),
  };
}

/** What stands over the picture when there is none. */
function Over({ desk, cameraId, failed }: { desk: Desk; cameraId: string; failed: () => void }) {
  const { trouble, footage, at, seek } = desk;
  if (trouble === null) {
    return desk.waiting ? <p class="over-picture loading" role="status"><span class="spinner" aria-hidden="true" />{words.at(format.clock(at), '…')}</p> : null;
  }
  if (trouble.is === 'failed') {
    return (
      <div class="over-picture">
        <p role="alert">{trouble.why === 'codec' ? words.hevc : words.playFailed}</p>
        <button type="button" class="button" onClick={failed}>{text.live.tryNow}</button>
      </div>
    );
  }
  const gap = itemAt(footage.gaps, at);
  const next = footageFrom(footage.runs, at);
  return (
    <div class="over-picture" role="status">
      <p class="strong">{trouble.is === 'ended' ? words.ended : gap ? words.gapTitle[gap.reason] : words.noFootageDay}</p>
      {gap && trouble.is === 'gap' && <p>{words.gapSpan(spanWords(gap))}</p>}
      <p class="row centred">
        {next !== null && trouble.is === 'gap' && <button type="button" class="button" onClick={() => seek(next)}>{words.nextFootage}</button>}
        <Link class="button" href={`/cameras/${cameraId}`}>{words.goLive}</Link>
      </p>
    </div>
  );
}

/** While the playhead is dragged the small picture stands in for the big one. */
function ScrubPicture({ time, thumbs }: { time: number; thumbs: Thumbs }) {
  const tile = thumbs.at(time);
  if (tile === null) return null;
  const style = { width: `${tile.w}px`, height: `${tile.h}px`, backgroundImage: `url("${tile.src}")`, backgroundPosition: `-${tile.x}px -${tile.y}px` };
  return <div class="scrub-picture" aria-hidden="true"><div style={style} /></div>;
}

function Press(p: { icon?: IconName; label: string; short?: string; onClick: () => void; disabled?: boolean; pressed?: boolean; primary?: boolean }) {
  return (
    <button type="button" class={p.primary ? 'control primary' : 'control'} disabled={p.disabled} aria-pressed={p.pressed} aria-label={p.label} title={p.label} onClick={p.onClick}>
      {p.icon && <Icon name={p.icon} />}{p.short !== undefined && <span>{p.short}</span>}
    </button>
  );
}

function Transport(p: { desk: Desk; cameraId: string; toEvent: (way: 1 | -1) => void; full: boolean; toggleFull: () => void; save: () => void }) {
  const { cameraId, toEvent } = p;
  const { player, playing, seek, at } = p.desk;
  const [muted, setMuted] = useState(player.video.muted);
  const [speed, setSpeed] = useState(1);
  const step = (s: number) => <Press label={words.stepLong(s)} short={words.step(s)} onClick={() => seek(at + s * 1000)} />;
  const toggle = () => (playing ? player.pause() : player.play());
  return (
    <div class="controls transport" role="group" aria-label={text.live.controls}>
      <span class="control-group">
        <Press icon="previous" label={words.previousEvent} onClick={() => toEvent(-1)} />
        {step(-10)}{step(-1)}
        <Press primary icon={playing ? 'pause' : 'play'} label={playing ? words.pause : words.play} onClick={toggle} />
        {step(1)}{step(10)}
        <Press icon="next" label={words.nextEvent} onClick={() => toEvent(1)} />
      </span>
      <span class="control-group">
        <label class="speed"><span class="hidden">{words.speed}</span>
          <select value={String(speed)} onChange={(e) => { const n = Number(e.currentTarget.value); setSpeed(n); player.video.defaultPlaybackRate = n; player.video.playbackRate = n; }}>
            {speeds.map((n) => <option key={n} value={String(n)}>{words.speeds(n)}</option>)}
          </select>
        </label>
        <Press icon={muted ? 'mute' : 'sound'} label={muted ? text.live.soundOn : text.live.soundOff} onClick={() => setMuted((player.video.muted = !player.video.muted))} />
        <Press icon="snapshot" label={text.live.snapshot} onClick={p.save} />
        <Press icon="full" label={p.full ? text.live.leaveFull : text.live.full} onClick={p.toggleFull} />
        <Link class="control" href={`/cameras/${cameraId}`}><Icon name="live" /><span>{words.goLive}</span></Link>
      </span>
    </div>
  );
}

function DayBar({ desk }: { desk: Desk }) {
  const { view, setView, now, at } = desk;
  const middle = (view.from + view.to) / 2;
  const day = format.dayKey(new Date(Math.min(middle, now)).toISOString());
  const toDay = (key: string) => {
    const from = format.dayStart(key);
    const to = format.dayStart(key, true);
    if (from !== null && to !== null) setView(around((Date.parse(from) + Date.parse(to)) / 2, longestMs, now));
  };
  const stepDay = (n: number) => {
    const [y, m, d] = day.split('-').map(Number) as [number, number, number];
    toDay(format.dayKey(new Date(y, m - 1, d + n, 12).toISOString()));
  };
  return (
    <div class="day-bar">
      <span class="control-group">
        <Press icon="back" label={words.earlierDay} onClick={() => stepDay(-1)} />
        <label><span class="hidden">{words.day}</span>
          <input type="date" value={day} max={format.dayKey(new Date(now).toISOString())} onChange={(e) => toDay(e.currentTarget.value)} />
        </label>
        <Press icon="forward" label={words.laterDay} disabled={view.to >= now} onClick={() => stepDay(1)} />
      </span>
      <span class="now-shown"><time dateTime={new Date(at).toISOString()} title={format.utc(new Date(at).toISOString())}>{format.dayClock(desk.scrubbing ?? at)}</time></span>
    </div>
  );
}

function BelowTrack({ desk, select, selecting }: { desk: Desk; select: () => void; selecting: boolean }) {
  const { view, setView, now, at } = desk;
  const anchor = at >= view.from && at <= view.to ? at : (view.from + view.to) / 2;
  return (
    <div class="below-track">
      <Legend />
      <span class="control-group">
        <Press icon="earlier" label={words.earlier} onClick={() => setView(moved(view, -(view.to - view.from) / 2, now))} />
        <Press icon="minus" label={words.zoomOut} disabled={view.to - view.from >= longestMs} onClick={() => setView(zoomed(view, 2, anchor, now))} />
        <Press icon="plus" label={words.zoomIn} disabled={view.to - view.from <= 60_000} onClick={() => setView(zoomed(view, 0.5, anchor, now))} />
        <Press icon="later" label={words.later} onClick={() => setView(moved(view, (view.to - view.from) / 2, now))} />
      </span>
      <button type="button" class="button" aria-pressed={selecting} onClick={select}>{selecting ? text.select.stop : text.select.begin}</button>
    </div>
  );
}

function Legend() {
  const item = (kind: string, label: string) => <li><span class={`swatch ${kind}`} aria-hidden="true" />{label}</li>;
  return (
    <ul class="legend" aria-label={words.legend}>
      {item('swatch-run', words.legendFootage)}{item('swatch-late', words.legendLate)}{item('swatch-event', words.legendEvent)}{item('swatch-gap', words.legendGap)}
    </ul>
  );
}

/** What was deleted here and can still be brought back. */
function PendingList({ items, reload }: { items: Pending[]; reload: () => void }) {
  const { say } = useShared();
  const back = useAction(async (id: string) => {
    await undo(id);
    say(text.deleted.undone);
    reload();
  });
  return (
    <>
      {back.error && <Failure error={back.error} />}
      {items.map((d) => (
        <p class="notice between" key={d.id}>
          <span>{words.pending(spanWords(d))} <span class="small">{text.deleted.until(format.soon(d.undoUntil))}</span></span>
          <button type="button" class="button" disabled={back.busy} aria-label={text.deleted.undoWhat(spanWords(d))} onClick={() => void back.run(d.id)}>{text.deleted.undo}</button>
        </p>
      ))}
    </>
  );
}

function useKeys(act: Record<string, () => void>) {
  return (e: KeyboardEvent) => {
    const t = e.target;
    const typing = t instanceof HTMLInputElement || t instanceof HTMLSelectElement || t instanceof HTMLTextAreaElement;
    const pressing = e.key === ' ' && (t instanceof HTMLButtonElement || t instanceof HTMLAnchorElement);
    const fn = typing || pressing || e.ctrlKey || e.metaKey || e.altKey ? undefined : act[e.key.toLowerCase()];
    if (fn) {
      e.preventDefault();
      fn();
    }
  };
}

function Desktop({ camera }: { camera: Camera }) {
  const { session, say } = useShared();
  const desk = useDesk(camera.id);
  const { at, view, now, footage, player, playing, seek, setView, days } = desk;
  const [selection, setSelection] = useState<Span | null>(null);
  const [, setTurn] = useState(0);
  const thumbs = useMemo(() => new Thumbs(camera.id, () => setTurn((n) => n + 1)), [camera.id]);
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLDivElement>(null);
  const full = useFull(frame);
  useLayoutEffect(() => {
    player.video.setAttribute('aria-label', words.player(camera.name));
    picture.current?.prepend(player.video);
  }, [player, camera.name]);
  const toEvent = (way: 1 | -1) => {
    const event = (way === 1 ? eventAfter : eventBefore)(footage.events, at);
    if (event === null) return say(way === 1 ? words.noNext : words.noPrevious);
    seek(event.from);
  };
  const select = () => {
    const half = Math.max(15_000, (view.to - view.from) / 24);
    setSelection(selection === null ? { from: Math.round((at - half) / 1000) * 1000, to: Math.min(Math.round((at + half) / 1000) * 1000, Math.floor(now / 1000) * 1000) } : null);
  };
  const changed = () => {
    desk.changed();
    thumbs.forget();
  };
  const save = () => void snapshot(player.video, camera.name, new Date(at)).then((file) => file !== null && say(text.live.saved(file)));
  const toggle = () => (playing ? player.pause() : player.play());
  const toggleScreen = () => toggleFull(frame.current, player.video);
  const keys = useKeys({
    k: toggle, ' ': toggle, j: () => seek(at - 10_000), l: () => seek(at + 10_000), ',': () => seek(at - 1000), '.': () => seek(at + 1000),
    '[': () => toEvent(-1), ']': () => toEvent(1), '+': () => setView(zoomed(view, 0.5, at, now)), '=': () => setView(zoomed(view, 0.5, at, now)),
    '-': () => setView(zoomed(view, 2, at, now)), m: () => { player.video.muted = !player.video.muted; }, f: toggleScreen, s: select,
  });
  const empty = days.ready && within(footage.runs, view).length === 0 && desk.trouble === null && !desk.started;
  const last = camera.last_media_at ? Date.parse(camera.last_media_at) : null;
  return (
    <div class="timeline-page" onKeyDown={keys}>
      {days.error && <Failure error={days.error} retry={days.reload} />}
      <div class="stage" ref={frame}>
        <div class="picture" ref={picture} onClick={(e) => e.target instanceof HTMLVideoElement && toggle()}>
          {desk.scrubbing !== null && <ScrubPicture time={desk.scrubbing} thumbs={thumbs} />}
          {empty
            ? (
              <div class="over-picture" role="status">
                <p class="strong">{words.noFootageDay}</p>
                <p>{words.noFootageHelp}</p>
                {last !== null && <button type="button" class="button" onClick={() => { setView(around(last, hour, now)); seek(last - 10_000); }}>{words.lastFootage}</button>}
              </div>
            )
            : <Over desk={desk} cameraId={camera.id} failed={() => seek(at)} />}
        </div>
        <Transport desk={desk} cameraId={camera.id} toEvent={toEvent} full={full} toggleFull={toggleScreen} save={save} />
      </div>
      <DayBar desk={desk} />
      <Track view={view} footage={footage} at={desk.scrubbing ?? at} now={now} selection={selection} thumbs={thumbs}
        onView={setView} onSeek={seek} onScrub={desk.scrub} onSelect={setSelection} />
      <BelowTrack desk={desk} select={select} selecting={selection !== null} />
      {selection && <SelectPanel camera={camera.id} span={selection} at={at} set={setSelection} removed={changed} />}
      {may(session, 'delete') && <PendingList items={within(footage.pending, view)} reload={changed} />}
      <TimelineList footage={footage} view={view} onSeek={seek} />
      <p class="small keys">{words.keys}</p>
      <p class="hidden" role="status">{playing ? '' : whatAt(footage, at, now)}</p>
    </div>
  );
}

export function TimelinePage({ id }: { id: string }) {
  const loaded = useLoad<Camera>(isId(id) ? `/api/v1/cameras/${id}` : null);
  if (!isId(id) || loaded.error?.status === 404) {
    return <Nowhere />;
  }
  return (
    <CameraFrame id={id} name={loaded.value?.name ?? null} at="timeline">
      {loaded.error && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.value && <Desktop camera={loaded.value} />}
    </CameraFrame>
  );
}
