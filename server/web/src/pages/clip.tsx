// SPDX-License-Identifier: Apache-2.0
// One clip: play, read, download, delete. The player starts from the address alone, without waiting for the clip's facts.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { call, onThisHost } from '../api';
import * as format from '../format';
import { Icon } from '../icons';
import { Back, Confirm, Copyable, Failure, KindChip, Link, Loading, Nowhere, Time, Title } from '../parts';
import { isId } from '../route';
import { cameraName, forgetLists, go, may, useAction, useLoad, useShared } from '../state';
import { text } from '../strings';
import type { Clip, Deletion } from '../types';

const frameS = 1 / 25;

function playsHevc(codec: string): boolean {
  const exact = codec.includes('.') ? codec : 'hvc1.1.6.L93.B0';
  return document.createElement('video').canPlayType(`video/mp4; codecs="${exact}"`) !== '';
}

/** Keys work while the focus is in the player, so that they never get in the way of a reader's own. */
function onKey(e: KeyboardEvent, video: HTMLVideoElement): void {
  const moves: Record<string, () => void> = {
    k: () => void (video.paused ? video.play() : video.pause()),
    j: () => (video.currentTime -= 10),
    l: () => (video.currentTime += 10),
    ',': () => { video.pause(); video.currentTime -= frameS; },
    '.': () => { video.pause(); video.currentTime += frameS; },
    m: () => (video.muted = !video.muted),
    f: () => void (document.fullscreenElement ? document.exitFullscreen() : video.requestFullscreen()),
  };
  const move = e.ctrlKey || e.metaKey || e.altKey ? undefined : moves[e.key.toLowerCase()];
  if (move) {
    e.preventDefault();
    move();
  }
}

/** In-app the picture is in the cache already and shows at once; on a fresh start it would only compete with the video. */
function makeVideo(id: string, poster: boolean): HTMLVideoElement {
  const video = document.createElement('video');
  video.controls = true;
  video.playsInline = true;
  video.preload = 'auto';
  video.tabIndex = 0;
  video.src = `/api/v1/clips/${id}/clip.mp4`;
  if (poster) video.poster = `/api/v1/clips/${id}/still.jpg`;
  return video;
}

let warm: { id: string; video: HTMLVideoElement } | null = null;

/** Start loading a clip's video before its page is drawn. */
export function warmVideo(id: string): void {
  warm = { id, video: makeVideo(id, false) };
}

function takeVideo(id: string): HTMLVideoElement {
  const video = warm?.id === id ? warm.video : makeVideo(id, true);
  warm = null;
  return video;
}

function Player({ id, label, clip }: { id: string; label: string; clip: Clip | undefined }) {
  const frame = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement | null>(null);
  const [broken, setBroken] = useState(false);
  const unplayable = clip !== undefined && format.isHevc(clip.video.codec) && !playsHevc(clip.video.codec);
  useLayoutEffect(() => {
    if (unplayable) return undefined;
    const v = takeVideo(id);
    v.onerror = () => setBroken(true);
    v.onplaying = () => setBroken(false);
    if (v.error) setBroken(true);
    video.current = v;
    frame.current?.append(v);
    return () => {
      v.onerror = null;
      v.remove();
      v.removeAttribute('src');
      v.load(); // stops the transfer
    };
  }, [id, unplayable]);
  useLayoutEffect(() => {
    video.current?.setAttribute('aria-label', label);
  }, [label, unplayable]);
  if (unplayable) {
    return (
      <div class="player unplayable" key="unplayable">
        <img src={`/api/v1/clips/${id}/still.jpg`} alt="" />
        <div class="notice"><Icon name="alert" /><div><p class="strong">{text.clip.hevcTitle}</p><p>{text.clip.hevc}</p></div></div>
      </div>
    );
  }
  return (
    <>
      <div class="player" key="player" ref={frame} onKeyDown={(e) => video.current && onKey(e, video.current)} />
      {broken && clip !== undefined && <p class="notice bad" role="alert"><Icon name="alert" />{text.clip.broken}</p>}
    </>
  );
}

function Details({ clip, camera }: { clip: Clip; camera: string }) {
  const { video, audio } = clip;
  return (
    <>
      <dl class="facts">
        <dt>{text.clip.started}</dt>
        <dd>
          <Time at={clip.started_at} /> <span class="small">
            {clip.start_source === 'camera' ? text.clip.byCamera : text.clip.byArrival}<br />{format.utc(clip.started_at)}
          </span>
        </dd>
        <dt>{text.clip.camera}</dt><dd>{camera}</dd>
        <dt>{text.clip.length}</dt><dd>{format.seconds(clip.duration_ms)}</dd>
        <dt>{text.clip.size}</dt><dd>{format.bytes(clip.bytes)}</dd>
        <dt>{text.clip.picture}</dt><dd>{format.codecName(video.codec)}, {video.width} × {video.height}</dd>
        <dt>{text.clip.sound}</dt>
        <dd>{audio ? `${format.codecName(audio.codec)}, ${text.clip.channels(audio.channels)}, ${audio.sample_rate / 1000} kHz` : text.clip.noSound}</dd>
        {clip.name !== '' && <><dt>{text.clip.file}</dt><dd class="break">{clip.name}</dd></>}
        <dt>{text.clip.received}</dt><dd><Time at={clip.created_at} /></dd>
      </dl>
      {clip.notes.length > 0 && (
        <>
          <h3>{text.clip.notes}</h3>
          <ul class="notes">{clip.notes.map((note) => <li key={note}>{note}</li>)}</ul>
        </>
      )}
      <h3>{text.clip.hash}</h3>
      {clip.sha256 === null
        ? <p class="small">{text.clip.noHash}</p>
        : <><Copyable label={text.clip.hash} value={clip.sha256} /><p class="small">{text.clip.hashHelp}</p></>}
    </>
  );
}

function Remove({ clip }: { clip: Clip }) {
  const { say, offerUndo } = useShared();
  const [asked, setAsked] = useState(false);
  const remove = useAction(async () => {
    const answer = await call<{ deletion: Deletion } | undefined>('DELETE', `/api/v1/clips/${clip.id}`);
    forgetLists();
    if (answer?.deletion) offerUndo({ deletion: answer.deletion, what: text.clip.removed, done: () => go(`/clips/${clip.id}`) });
    else say(text.clip.removed);
    go('/');
  });
  return (
    <>
      <button type="button" class="button danger-text" onClick={() => setAsked(true)}><Icon name="bin" />{text.clip.remove}</button>
      {asked && (
        <Confirm danger title={text.clip.removeTitle} help={text.clip.removeHelp} action={text.clip.removeConfirm}
          working={text.clip.removing} busy={remove.busy} error={remove.error} onYes={() => void remove.run()} onNo={() => setAsked(false)} />
      )}
    </>
  );
}

function Keep({ clip, changed }: { clip: Clip; changed: () => void }) {
  const { say } = useShared();
  const kept = clip.kept === true;
  const change = useAction(async () => {
    await call<unknown>(kept ? 'DELETE' : 'PUT', `/api/v1/clips/${clip.id}/keep`);
    say(kept ? text.clip.notKept : text.clip.nowKept);
    changed();
  });
  return (
    <>
      <button type="button" class="button" aria-pressed={kept} title={text.clip.keepHelp} disabled={change.busy} onClick={() => void change.run()}>
        <Icon name="keep" />{kept ? text.clip.kept : text.clip.keep}
      </button>
      {change.error && <Failure error={change.error} />}
    </>
  );
}

export function ClipPage({ id }: { id: string }) {
  const { cameras, session } = useShared();
  const loaded = useLoad<Clip>(isId(id) ? `/api/v1/clips/${id}` : null);
  const clip = loaded.value;
  if (loaded.error?.status === 404 || !isId(id)) {
    return <Nowhere />;
  }
  const camera = clip ? cameraName(cameras, clip.camera_id) : '';
  return (
    <>
      <Back href="/">{text.back.clips}</Back>
      <div class="watch">
        <div>
          <Player id={id} clip={clip} label={text.clip.player(camera)} />
          <p class="small keys">{text.clip.keys}</p>
        </div>
        <div class="card side">
          {loaded.error && <Failure error={loaded.error} retry={loaded.reload} />}
          {loaded.state === 'loading' && <Loading />}
          {clip && (
            <>
              <Title>{text.clip.title(text.kinds[clip.kind], camera)}</Title>
              <p class="chips">
                <KindChip kind={clip.kind} />
                {clip.partial && <span class="chip warn">{text.clips.partial}</span>}
                <Time at={clip.started_at} />
              </p>
              {clip.partial && <p class="small">{text.clips.partialHelp}</p>}
              <div class="row">
                {may(session, 'export') && <a class="button primary" href={`${onThisHost(clip.urls.mp4)}?download=1`} download><Icon name="download" />{text.clip.download}</a>}
                {may(session, 'delete') && <Keep clip={clip} changed={loaded.reload} />}
                {may(session, 'delete') && <Remove clip={clip} />}
              </div>
              {may(session, 'history') && (
                <p><Link class="back" href={`/cameras/${clip.camera_id}/timeline?${new URLSearchParams({ at: clip.started_at, span: '3600' })}`}><Icon name="timeline" />{text.clip.onTimeline}</Link></p>
              )}
              <h2>{text.clip.details}</h2>
              <Details clip={clip} camera={camera} />
            </>
          )}
        </div>
      </div>
    </>
  );
}
