// SPDX-License-Identifier: Apache-2.0
// Who watches a camera live, with a way to end it. Looks again while it is shown.
import { call } from './api';
import { Failure, Loading, Time } from './parts';
import { useAction, useLoad, useShared, useTick } from './state';
import { text } from './strings_cameras';
import type { Page, Viewer } from './types';

const pollMs = 4000;

function Row({ viewer, cameraId, ended }: { viewer: Viewer; cameraId: string; ended: () => void }) {
  const { session, say } = useShared();
  const words = text.viewers;
  const who = viewer.account === null ? words.link : viewer.account.id === session.id ? words.you : viewer.account.name || viewer.account.email;
  const end = useAction(async () => {
    await call<void>('DELETE', `/api/v1/cameras/${cameraId}/viewers/${viewer.id}`);
    say(words.ended(who));
    ended();
  });
  return (
    <li>
      <span>
        <span class="strong">{who}</span><br />
        <span class="small">{words.how[viewer.how] ?? viewer.how}, {viewer.peer}, {words.since} <Time at={viewer.since} as="time" /></span>
        {viewer.skipped > 0 && <span class="small"><br />{words.skipped(viewer.skipped)}</span>}
        {end.error && <span class="small" role="alert"><br />{end.error.title}</span>}
      </span>
      <button type="button" class="button" disabled={end.busy} aria-label={words.endWho(who)} onClick={() => void end.run()}>{words.end}</button>
    </li>
  );
}

export function Viewers({ cameraId, heading = true }: { cameraId: string; heading?: boolean }) {
  const loaded = useLoad<Page<Viewer>>(`/api/v1/cameras/${cameraId}/viewers`);
  useTick(loaded.state !== 'loading', pollMs, loaded.reload);
  const items = loaded.value?.items ?? [];
  return (
    <section class="viewers">
      {heading && <h2>{text.viewers.title}</h2>}
      {loaded.error && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.state === 'loading' && <Loading />}
      {loaded.state === 'ready' && items.length === 0 && <p class="small">{text.viewers.none}</p>}
      <ul>{items.map((v) => <Row key={v.id} viewer={v} cameraId={cameraId} ended={loaded.reload} />)}</ul>
    </section>
  );
}
