// SPDX-License-Identifier: Apache-2.0
// The live picture with its controls: starts by the quickest way that works, comes back by itself when the connection breaks.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { serverNow, signedOut } from '../api';
import type { ApiError } from '../api';
import { Icon } from '../icons';
import { Failure } from '../parts';
import { go, useShared, useTick } from '../state';
import { text } from '../strings_cameras';
import type { Camera, LiveInfo } from '../types';
import { chooseWay } from './choose';
import type { Tried, Way } from './choose';
import { hlsWay, playLiveHls, playLiveNative } from './hls';
import { backOff } from './pace';
import { canPip, snapshot, toggleFull, togglePip, useFull } from './screen';
import { canStream, delayOf, playStream } from './stream';
import type { Ending, Live, On } from './stream';

const hiddenStopMs = 60_000;
const words = text.live;

type Phase =
  | { is: 'starting' | 'playing' | 'paused' | 'cut-off' }
  | { is: 'waiting'; until: number } // for the next try
  | { is: 'refused'; error: ApiError };

function makeVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true; // nothing starts by itself with sound
  video.autoplay = true;
  video.playsInline = true;
  return video;
}

const base = (id: string) => `/api/v1/cameras/${id}`;

function start(way: Way, id: string, video: HTMLVideoElement, on: On): Live {
  if (way === 'stream') return playStream(video, `${base(id)}/live.mp4`, on);
  return (way === 'hls' ? playLiveHls : playLiveNative)(video, `${base(id)}/live.m3u8`, on);
}

function what(): { stream: boolean; hls: boolean; native: boolean } {
  const hls = hlsWay();
  return { stream: canStream(), hls: hls === 'hls', native: document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== '' };
}

interface Player {
  video: HTMLVideoElement;
  phase: Phase;
  way: Way | null;
  live: { current: Live | null };
  pause(): void;
  resume(): void;
}

/** Everything that happens between the page and the stream. */
function usePlayer(camera: Camera, onUnplayable: (codecs: string) => void, onGone: () => void, onSkipped: () => void): Player {
  const [video] = useState(makeVideo);
  const [phase, setPhase] = useState<Phase>({ is: 'starting' });
  const [way, setWay] = useState<Way | null>(null);
  const live = useRef<Live | null>(null);
  const timer = useRef(0);
  const tried = useRef<Tried | null>(null);
  const tries = useRef(0);

  const stop = useCallback(() => {
    clearTimeout(timer.current);
    live.current?.stop();
    live.current = null;
  }, []);

  const begin = useCallback(() => {
    stop();
    const next = chooseWay(what(), tried.current);
    setWay(next);
    if (next === null) return onUnplayable('');
    if (tried.current?.way !== next) tried.current = { way: next, fruitless: 0 };
    setPhase({ is: 'starting' });
    live.current = start(next, camera.id, video, {
      playing: () => {
        tries.current = 0;
        tried.current = { way: next, fruitless: 0 };
        setPhase({ is: 'playing' });
      },
      ended: (e) => ended(e),
      skipped: onSkipped,
    });
  }, [camera.id, video]);

  const later = useCallback(() => {
    const ms = backOff(tries.current++, Math.random());
    setPhase({ is: 'waiting', until: Date.now() + ms });
    timer.current = window.setTimeout(begin, ms);
    onGone(); // is it still there?
  }, [begin, onGone]);

  const ended = (e: Ending) => {
    live.current = null;
    if (e.why === 'unplayable') return onUnplayable(e.mime);
    if (e.why === 'refused' && e.error.status === 401) return signedOut();
    if (e.why === 'told' && (e.reason === 'cut_off' || e.reason === 'revoked')) return setPhase({ is: 'cut-off' });
    if (e.why === 'refused' && e.error.status === 403) return setPhase({ is: 'refused', error: e.error });
    if (tried.current && e.why !== 'refused' && e.why !== 'told') tried.current.fruitless++; // there is no picture, but the way works
    later();
  };

  useEffect(() => {
    begin();
    return stop;
  }, [begin, stop]);
  useHidden(video, stop, begin);
  return {
    video, phase, way, live,
    pause: () => { stop(); setPhase({ is: 'paused' }); },
    resume: begin,
  };
}

/** A picture nobody looks at is not fetched: stop a minute after the page went out of sight, start when it is back. */
function useHidden(video: HTMLVideoElement, stop: () => void, begin: () => void): void {
  useEffect(() => {
    let timer = 0;
    let stopped = false;
    const changed = () => {
      clearTimeout(timer);
      if (document.visibilityState === 'hidden' && document.pictureInPictureElement !== video) {
        timer = window.setTimeout(() => { stopped = true; stop(); }, hiddenStopMs);
      } else if (stopped) {
        stopped = false;
        begin();
      }
    };
    document.addEventListener('visibilitychange', changed);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', changed);
    };
  }, [video, stop, begin]);
}

/** How far behind the camera, read twice a second. */
function Delay({ live }: { live: { current: Live | null } }) {
  const [delay, setDelay] = useState<number | null>(null);
  useTick(true, 500, () => setDelay(live.current && delayOf(live.current)));
  return (
    <span class="live-delay" title={words.delayHelp} data-delay={delay?.toFixed(3)}>
      <span class="live-badge">{words.badge}</span>{delay !== null && ` ${words.delay(delay.toFixed(1))}`}
    </span>
  );
}

function Waiting({ until, now }: { until: number; now: () => void }) {
  const [left, setLeft] = useState(() => until - Date.now());
  useTick(true, 250, () => setLeft(until - Date.now()));
  return (
    <div class="over-picture">
      <p role="status">{words.connecting(Math.max(1, Math.ceil(left / 1000)))}</p>
      <button type="button" class="button" onClick={now}>{words.tryNow}</button>
    </div>
  );
}

function Control(p: { icon: Parameters<typeof Icon>[0]['name']; label: string; onClick: () => void; pressed?: boolean | undefined; disabled?: boolean }) {
  return (
    <button type="button" class="control" aria-pressed={p.pressed} disabled={p.disabled} onClick={p.onClick}>
      <Icon name={p.icon} /><span>{p.label}</span>
    </button>
  );
}

function useKeys(keys: Record<string, () => void>) {
  return (e: KeyboardEvent) => {
    const act = e.ctrlKey || e.metaKey || e.altKey ? undefined : keys[e.key.toLowerCase()];
    const inField = e.target instanceof HTMLInputElement || e.target instanceof HTMLSelectElement;
    if (act && !inField) {
      e.preventDefault();
      act();
    }
  };
}

export function LivePlayer(p: { camera: Camera; info: LiveInfo; onUnplayable: (codecs: string) => void; onGone: () => void }) {
  const { camera } = p;
  const { say } = useShared();
  const { video, phase, way, live, pause, resume } = usePlayer(camera, p.onUnplayable, p.onGone, () => say(words.skipped));
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLDivElement>(null);
  const [muted, setMuted] = useState(true);
  const full = useFull(frame);
  const sound = /mp4a|opus|ac-3/i.test(p.info.codecs ?? '');
  useLayoutEffect(() => {
    video.setAttribute('aria-label', words.player(camera.name));
    picture.current?.prepend(video);
  }, [video, camera.name]);
  const mute = () => {
    video.muted = !video.muted;
    setMuted(video.muted);
  };
  const save = () => {
    const at = live.current?.shownAt() ?? serverNow();
    void snapshot(video, camera.name, new Date(at)).then((file) => file !== null && say(words.saved(file)));
  };
  const playing = phase.is === 'playing';
  const toggle = () => (phase.is === 'paused' ? resume() : pause());
  const onKey = useKeys({
    k: toggle, ' ': toggle, m: mute, s: save, f: () => toggleFull(frame.current, video), p: () => togglePip(video),
    t: () => go(`/cameras/${camera.id}/timeline`),
  });
  // The space bar presses the button it stands on; it plays and pauses only from the picture.
  const keys = (e: KeyboardEvent) => (e.key === ' ' && e.target instanceof HTMLButtonElement ? undefined : onKey(e));
  return (
    <div>
      {(way === 'hls' || way === 'native') && <p class="notice" role="status"><Icon name="alert" />{way === 'hls' ? words.viaHls : words.viaNative}</p>}
      <div class="stage" ref={frame} onKeyDown={keys}>
        <div class="picture" ref={picture} tabIndex={0} role="group" aria-label={words.player(camera.name)}>
          {playing && <Delay live={live} />}
          {phase.is === 'starting' && <p class="over-picture loading" role="status"><span class="spinner" aria-hidden="true" />{words.starting}</p>}
          {phase.is === 'paused' && <div class="over-picture"><p>{words.paused}</p></div>}
          {phase.is === 'waiting' && <Waiting until={phase.until} now={resume} />}
          {phase.is === 'cut-off' && <div class="over-picture"><p role="alert">{words.refused}</p><button type="button" class="button" onClick={resume}>{words.tryNow}</button></div>}
          {phase.is === 'refused' && <div class="over-picture"><Failure error={phase.error} retry={resume} /></div>}
        </div>
        <div class="controls live-controls" role="group" aria-label={words.controls}>
          <Control icon={phase.is === 'paused' ? 'play' : 'pause'} label={phase.is === 'paused' ? words.play : words.pause} onClick={toggle} />
          <Control icon={muted ? 'mute' : 'sound'} label={!sound ? words.noSound : muted ? words.soundOn : words.soundOff} disabled={!sound} onClick={mute} />
          <Control icon="snapshot" label={words.snapshot} disabled={!playing} onClick={save} />
          {canPip() && <Control icon="pip" label={words.pip} disabled={!playing} onClick={() => togglePip(video)} />}
          <Control icon="full" label={full ? words.leaveFull : words.full} onClick={() => toggleFull(frame.current, video)} />
        </div>
      </div>
      <p class="small keys">{words.keys}</p>
    </div>
  );
}
