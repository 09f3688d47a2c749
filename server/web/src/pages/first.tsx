// SPDX-License-Identifier: Apache-2.0
// What stands in the place of the list before the first clip: the line that sends one.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { Confirm, Copyable, Empty, Loading } from '../parts';
import { may, useAction, useShared } from '../state';
import { text } from '../strings';
import type { Camera } from '../types';

export function uploadLine(origin: string, camera: string, secret: string): string {
  return `curl --cacert ca.pem -u cam:${secret} -T clip.mp4 '${origin}/ingest/${camera}/clip.mp4?kind=motion'`;
}

function NewSecret({ camera, onSecret }: { camera: Camera; onSecret: (s: string) => void }) {
  const [asked, setAsked] = useState(false);
  const rotate = useAction(async () => {
    const answer = await call<{ secret: string }>('POST', `/api/v1/cameras/${camera.id}/secret`);
    setAsked(false);
    onSecret(answer.secret);
  });
  return (
    <>
      <button type="button" class="button" onClick={() => setAsked(true)}>{text.first.newSecret}</button>
      {asked && (
        <Confirm title={text.first.newSecretConfirm} help={text.first.newSecretHelp} action={text.first.newSecret}
          working={text.loading} busy={rotate.busy} error={rotate.error} onYes={() => void rotate.run()} onNo={() => setAsked(false)} />
      )}
    </>
  );
}

export function FirstClip() {
  const { cameras, session } = useShared();
  const [secret, setSecret] = useState('');
  if (cameras === null) {
    return <Loading />;
  }
  const camera = [...cameras.values()][0];
  if (camera === undefined) {
    return (
      <Empty icon="camera" title={text.first.noCamera}>
        <p>{text.first.noCameraHelp}</p>
        <Copyable label={text.first.noCamera} value={`doorward admin camera create --household ${session.households?.[0]?.id ?? 'ID'} --name 'Front door'`} />
      </Empty>
    );
  }
  return (
    <Empty icon="camera" title={text.first.title}>
      <p>{text.first.lead}</p>
      <Copyable label={text.first.lead} value={uploadLine(location.origin, camera.id, secret || 'SECRET')} />
      <p class="small">{secret === '' ? text.first.secret : text.first.shownOnce}</p>
      {may(session, 'manage') && secret === '' && <NewSecret camera={camera} onSecret={setSecret} />}
    </Empty>
  );
}
