// SPDX-License-Identifier: Apache-2.0
// A chosen span: its ends by field or by "here", and what can be done with it: a clip, a file, away.
import { useState } from 'preact/hooks';
import { call } from '../api';
import * as format from '../format';
import { Icon } from '../icons';
import { Confirm, Failure, Link } from '../parts';
import { forgetLists, may, useAction, useShared } from '../state';
import { text } from '../strings_cameras';
import type { Clip, Deletion } from '../types';
import type { Span } from './model';

const words = text.select;
const iso = (s: Span) => ({ from: new Date(s.from).toISOString(), to: new Date(s.to).toISOString() });

export function spanWords(s: Span): string {
  return format.preciseSpan(s.from, s.to);
}

function Ends({ span, at, set }: { span: Span; at: number; set: (s: Span) => void }) {
  const here = Math.round(at / 1000) * 1000;
  const field = (end: 'from' | 'to') => (
    <div class="end">
      <label>{words[end]}
        <input type="datetime-local" step="1" value={format.field(span[end])} onChange={(e) => {
          const time = format.fromField(e.currentTarget.value);
          if (time !== null) set({ ...span, [end]: time });
        }} />
      </label>
      <button type="button" class="button" onClick={() => set({ ...span, [end]: here })}>{end === 'from' ? words.fromHere : words.toHere}</button>
    </div>
  );
  return <div class="ends">{field('from')}{field('to')}</div>;
}

function SaveClip({ camera, span, bad }: { camera: string; span: Span; bad: boolean }) {
  const [name, setName] = useState('');
  const [made, setMade] = useState<Clip | null>(null);
  const save = useAction(async () => {
    const clip = await call<Clip>('POST', '/api/v1/clips', { camera_id: camera, ...iso(span), ...(name.trim() === '' ? {} : { name: name.trim() }) });
    forgetLists();
    setMade(clip);
    setName('');
  });
  const submit = (e: Event) => {
    e.preventDefault();
    void save.run();
  };
  return (
    <form class="save-clip" onSubmit={submit}>
      <label>{words.name}<input maxLength={200} value={name} onInput={(e) => { setName(e.currentTarget.value); setMade(null); }} /></label>
      <button class="button primary" disabled={save.busy || bad}><Icon name="clips" />{save.busy ? words.saving : words.save}</button>
      {save.error && <Failure error={save.error} />}
      {made && <p role="status" class="saved"><Icon name="check" />{words.saved} <Link class="button" href={`/clips/${made.id}`}>{text.timeline.openClip}</Link></p>}
    </form>
  );
}

function Remove({ camera, span, bad, removed }: { camera: string; span: Span; bad: boolean; removed: () => void }) {
  const { offerUndo } = useShared();
  const [asked, setAsked] = useState(false);
  const remove = useAction(async () => {
    const { deletion } = await call<{ deletion: Deletion }>('POST', `/api/v1/cameras/${camera}/deletions`, iso(span));
    forgetLists();
    setAsked(false);
    offerUndo({ deletion, what: words.removed(spanWords(span)), done: removed });
    removed();
  });
  return (
    <>
      <button type="button" class="button danger-text" disabled={bad} onClick={() => setAsked(true)}><Icon name="bin" />{words.remove}</button>
      {asked && (
        <Confirm danger title={words.removeTitle} help={words.removeHelp(spanWords(span))} action={words.removeConfirm} working={words.removing}
          busy={remove.busy} error={remove.error} onYes={() => void remove.run()} onNo={() => setAsked(false)} />
      )}
    </>
  );
}

export function SelectPanel(p: { camera: string; span: Span; at: number; set: (s: Span) => void; removed: () => void }) {
  const { session } = useShared();
  const bad = p.span.to <= p.span.from;
  const { from, to } = iso(p.span);
  return (
    <section class="card select-panel" aria-label={words.label}>
      <Ends span={p.span} at={p.at} set={p.set} />
      <p class="strong" role="status">{bad ? words.bad : words.length(format.seconds(p.span.to - p.span.from))}</p>
      {may(session, 'export') && <SaveClip camera={p.camera} span={p.span} bad={bad} />}
      <div class="row">
        {may(session, 'export') && !bad && (
          <a class="button" download href={`/api/v1/cameras/${p.camera}/export.mp4?${new URLSearchParams({ from, to, download: '1' })}`}>
            <Icon name="download" />{words.exportMp4}
          </a>
        )}
        {may(session, 'delete') && <Remove camera={p.camera} span={p.span} bad={bad} removed={p.removed} />}
      </div>
    </section>
  );
}
