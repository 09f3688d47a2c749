// SPDX-License-Identifier: Apache-2.0
// What the pages of one camera share: the heading with its tabs, and the switch.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call } from './api';
import { Back, Confirm, Link, Title } from './parts';
import { useAction, useShared } from './state';
import { text } from './strings_cameras';
import type { Camera } from './types';

function Tabs({ label, items, at }: { label: string; items: { key: string; href: string; words: string }[]; at: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {items.map(({ key, href, words }) => <Link key={key} href={href} aria-current={key === at ? 'page' : undefined}>{words}</Link>)}
    </nav>
  );
}

export function CameraFrame(p: { id: string; name: string | null; at: 'live' | 'timeline' | 'keeping'; children: ComponentChildren }) {
  const { cameras } = useShared();
  const name = p.name ?? cameras?.get(p.id)?.name ?? '\u00a0';
  const tab = (key: 'live' | 'timeline' | 'keeping', href: string) => ({ key, href, words: text.tabs[key] });
  return (
    <>
      <div class="camera-head">
        <Back href="/cameras">{text.back}</Back>
        <Title page={text.tabs[p.at]}>{name}</Title>
        <Tabs label={text.tabs.label} at={p.at} items={[
          tab('live', `/cameras/${p.id}`), tab('timeline', `/cameras/${p.id}/timeline`), tab('keeping', `/cameras/${p.id}/keeping`),
        ]} />
      </div>
      {p.children}
    </>
  );
}

export function HomeTabs({ at }: { at: 'cameras' | 'storage' | 'deleted' }) {
  const tab = (key: 'cameras' | 'storage' | 'deleted') => ({ key, href: `/${key}`, words: text.homeTabs[key] });
  return <Tabs label={text.homeTabs.label} at={at} items={[tab('cameras'), tab('storage'), tab('deleted')]} />;
}

export function SwitchButton({ camera, changed }: { camera: Camera; changed: () => void }) {
  const { say } = useShared();
  const [asked, setAsked] = useState(false);
  const change = useAction(async () => {
    await call<Camera>('PATCH', `/api/v1/cameras/${camera.id}`, { enabled: !camera.enabled });
    setAsked(false);
    say(camera.enabled ? text.cameras.switchedOff(camera.name) : text.cameras.switchedOn(camera.name));
    changed();
  });
  const press = () => (camera.enabled ? setAsked(true) : void change.run());
  return (
    <>
      <button type="button" class="button" disabled={change.busy} onClick={press}>
        {change.busy ? text.cameras.switching : camera.enabled ? text.cameras.switchOff : text.cameras.switchOn}
        <span class="hidden"> {camera.name}</span>
      </button>
      {change.error && !asked && <p class="small" role="alert">{change.error.title}</p>}
      {asked && (
        <Confirm title={text.cameras.offTitle(camera.name)} help={text.cameras.offHelp} action={text.cameras.switchOff}
          working={text.cameras.switching} busy={change.busy} error={change.error} onYes={() => void change.run()} onNo={() => setAsked(false)} />
      )}
    </>
  );
}
