// SPDX-License-Identifier: Apache-2.0
// One camera live: which state it is in, and when it sends, the picture with its delay.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import * as format from '../format';
import { Icon } from '../icons';
import { CameraFrame, SwitchButton } from '../camera';
import { Empty, Failure, Link, Loading, Nowhere } from '../parts';
import { isId } from '../route';
import { may, useLoad, useShared, useTick } from '../state';
import { text } from '../strings_cameras';
import type { Camera, LiveInfo } from '../types';
import { LivePlayer } from '../play/player';
import { Viewers } from '../viewers';

const pollMs = 3000;

/** Why there is no picture, in words. */
function NoPicture({ camera, reload }: { camera: Camera; reload: () => void }) {
  const { session } = useShared();
  const words = text.live;
  const off = camera.state === 'off' || !camera.enabled;
  const last = camera.last_media_at ?? null;
  const [title, help] = off ? [words.offTitle, words.offHelp]
    : last === null ? [words.neverTitle, words.neverHelp]
      : camera.state === 'idle' ? [words.idleTitle, words.idleHelp] : [words.offlineTitle(format.soon(last)), words.offlineHelp];
  return (
    <div class="no-picture">
      {last !== null && <img class="still" src={`/api/v1/cameras/${camera.id}/still.jpg`} alt={text.cameras.still(camera.name)} />}
      <div class="no-picture-words" role="status">
        <h2>{title}</h2>
        <p>{help}</p>
        {last !== null && !off && camera.state === 'idle' && <p class="small">{text.cameras.last}: {format.soon(last)}</p>}
        <p class="row">
          {off && may(session, 'manage') && <SwitchButton camera={camera} changed={reload} />}
          {last !== null && <Link class="button" href={`/cameras/${camera.id}/timeline`}>{text.cameras.timeline}</Link>}
        </p>
      </div>
    </div>
  );
}

/** H.265 where nothing can decode it: say so, and how to see it all the same. */
function Unplayable({ camera, codecs }: { camera: Camera; codecs: string }) {
  const { session } = useShared();
  const hevc = /hvc1|hev1/i.test(codecs);
  const now = Date.now();
  const last = new URLSearchParams({ from: new Date(now - 60_000).toISOString(), to: new Date(now).toISOString(), download: '1' });
  return (
    <Empty icon="alert" title={hevc ? text.live.hevcTitle : text.live.noneTitle}>
      <p>{hevc ? text.live.hevc : text.live.none}</p>
      <p class="row centred">
        {hevc && may(session, 'export') && (
          <a class="button primary" download href={`/api/v1/cameras/${camera.id}/export.mp4?${last}`}><Icon name="download" />{text.live.downloadLast}</a>
        )}
        <Link class="button" href={`/cameras/${camera.id}/timeline`}>{text.cameras.timeline}</Link>
      </p>
    </Empty>
  );
}

function Stage({ camera, reload }: { camera: Camera; reload: () => void }) {
  const info = useLoad<LiveInfo>(`/api/v1/cameras/${camera.id}/live`);
  const [unplayable, setUnplayable] = useState<string | null>(null);
  const was = useRef(false);
  const live = info.value?.live === true && camera.enabled;
  const ask = useCallback(() => {
    info.reload();
    reload();
  }, [info.reload, reload]);
  useTick(!live, pollMs, ask);
  useEffect(() => {
    if (was.current !== live) {
      setUnplayable(null);
      reload();
    }
    was.current = live;
  }, [live, reload]);
  if (info.error && info.value === undefined) {
    return info.error.status === 403 ? <Empty icon="shield" title={text.live.noRight}><span /></Empty> : <Failure error={info.error} retry={info.reload} />;
  }
  if (info.value === undefined) {
    return <div class="stage"><Loading /></div>;
  }
  if (unplayable !== null) {
    return <Unplayable camera={camera} codecs={unplayable} />;
  }
  return live
    ? <LivePlayer camera={camera} info={info.value} onUnplayable={setUnplayable} onGone={ask} />
    : <NoPicture camera={camera} reload={ask} />;
}

export function LivePage({ id }: { id: string }) {
  const { session } = useShared();
  const loaded = useLoad<Camera>(isId(id) ? `/api/v1/cameras/${id}` : null);
  const camera = loaded.value;
  if (!isId(id) || loaded.error?.status === 404) {
    return <Nowhere />;
  }
  return (
    <CameraFrame id={id} name={camera?.name ?? null} at="live">
      {loaded.error && camera === undefined && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.state === 'loading' && <Loading />}
      {camera && (
        <div class="watch">
          <Stage camera={camera} reload={loaded.reload} />
          <div class="card side">
            <CameraState camera={camera} />
            {may(session, 'manage') && <div class="row"><SwitchButton camera={camera} changed={loaded.reload} /></div>}
            {may(session, 'manage') && <Viewers cameraId={id} />}
          </div>
        </div>
      )}
    </CameraFrame>
  );
}

function CameraState({ camera }: { camera: Camera }) {
  const state = camera.state ?? (camera.enabled ? 'idle' : 'off');
  const offset = camera.clock_offset_ms ?? 0;
  return (
    <>
      <p class="chips"><span class={`chip state-${state}`}>{text.cameras.states[state]}</span></p>
      <p class="small">{text.cameras.stateHelp[state]}</p>
      {Math.abs(offset) >= 2000 && <p class="small">{text.cameras.clock((Math.abs(offset) / 1000).toFixed(0), offset > 0)}</p>}
    </>
  );
}
