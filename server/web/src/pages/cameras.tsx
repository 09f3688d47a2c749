// SPDX-License-Identifier: Apache-2.0
// All cameras: which of them send, what they last saw, what they take, and who watches.
import { useState } from 'preact/hooks';
import { HomeTabs, SwitchButton } from '../camera';
import * as format from '../format';
import { Empty, Failure, Link, Loading, Still, Time, Title } from '../parts';
import { may, useLoad, useShared, useTick } from '../state';
import { text } from '../strings_cameras';
import type { Camera, Page } from '../types';
import { Viewers } from '../viewers';

const refreshMs = 10_000;
const stillMs = 60_000;

function Watching({ camera }: { camera: Camera }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{text.viewers.title}<span class="hidden"> {camera.name}</span></summary>
      {open && <Viewers cameraId={camera.id} heading={false} />}
    </details>
  );
}

function Card({ camera, minute, changed }: { camera: Camera; minute: number; changed: () => void }) {
  const { session } = useShared();
  const state = camera.state ?? (camera.enabled ? 'idle' : 'off');
  const last = camera.last_media_at ?? camera.last_clip_at;
  return (
    <li class="card camera-card">
      <Link class="frame" href={`/cameras/${camera.id}`} aria-label={text.cameras.watch(camera.name)}>
        <Still key={minute} src={`/api/v1/cameras/${camera.id}/still.jpg`} alt="" />
      </Link>
      <div class="camera-about">
        <h2>{camera.name}</h2>
        <p><span class={`chip state-${state}`} title={text.cameras.stateHelp[state]}>{text.cameras.states[state]}</span></p>
        <dl class="facts">
          <dt>{text.cameras.last}</dt><dd>{last === null ? text.cameras.never : <Time at={last} />}</dd>
          {camera.storage && <><dt>{text.cameras.used}</dt><dd>{usedOf(camera.storage)}</dd></>}
          {camera.storage?.full_on && <><dt>{text.cameras.fullOn}</dt><dd><Time at={camera.storage.full_on} as="date" /></dd></>}
        </dl>
        <div class="row">
          <Link class="button" href={`/cameras/${camera.id}/timeline`}>{text.cameras.timeline}<span class="hidden"> {camera.name}</span></Link>
          {may(session, 'manage') && <SwitchButton camera={camera} changed={changed} />}
        </div>
        {may(session, 'manage') && <Watching camera={camera} />}
      </div>
    </li>
  );
}

function usedOf(s: NonNullable<Camera['storage']>): string {
  const used = format.bytes(s.used_bytes);
  return s.quota_bytes === null ? used : text.storage.of(used, format.bytes(s.quota_bytes));
}

export function CamerasPage() {
  const loaded = useLoad<Page<Camera>>('/api/v1/cameras');
  const [minute, setMinute] = useState(() => Math.floor(Date.now() / stillMs));
  useTick(true, refreshMs, () => {
    loaded.reload();
    setMinute(Math.floor(Date.now() / stillMs));
  });
  const items = loaded.value?.items ?? [];
  return (
    <>
      <Title>{text.cameras.title}</Title>
      <HomeTabs at="cameras" />
      {loaded.error && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.state === 'loading' && <Loading />}
      {loaded.state === 'ready' && items.length === 0 && <Empty icon="camera" title={text.cameras.none}><p>{text.cameras.noneHelp}</p></Empty>}
      <ul class="camera-grid">{items.map((c) => <Card key={c.id} camera={c} minute={minute} changed={loaded.reload} />)}</ul>
    </>
  );
}
