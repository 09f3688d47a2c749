// SPDX-License-Identifier: Apache-2.0
// How long a camera's footage is kept: rules in words, and what a change would erase, before it does.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { call } from '../api';
import { CameraFrame } from '../camera';
import * as format from '../format';
import { Failure, Loading, Nowhere, Time } from '../parts';
import { isId } from '../route';
import { may, useAction, useLoad, useShared } from '../state';
import { TypedConfirm } from '../typed';
import { text } from '../strings_cameras';
import { clipKinds } from '../types';
import type { ClipKind, Hold, Page, Retention, RetentionPreview, Rule } from '../types';
import { changes, formOf, retentionOf, validForm } from '../retention';
import type { Form, Length } from '../retention';

const words = text.keeping;
const previewDelayMs = 400;

function LengthFields({ id, label, value, set, none }: { id: string; label: string; value: Length; set: (l: Length) => void; none: string }) {
  return (
    <span class="length-fields">
      <label class="rule-label" for={id}>{label}</label>
      {value.unit !== 'none' && (
        <input id={id} type="number" min="1" step="1" inputMode="numeric" required value={value.amount} onInput={(e) => set({ ...value, amount: e.currentTarget.value })} />
      )}
      <select id={value.unit === 'none' ? id : undefined} aria-label={`${label}: ${words.unit}`} value={value.unit}
        onChange={(e) => set({ ...value, amount: value.amount || '7', unit: e.currentTarget.value as Length['unit'] })}>
        <option value="hours">{words.units.hours}</option>
        <option value="days">{words.units.days}</option>
        <option value="none">{none}</option>
      </select>
    </span>
  );
}

function Rules({ form, set, disabled }: { form: Form; set: (f: Form) => void; disabled: boolean }) {
  const free = clipKinds.filter((k) => !form.rules.some((r) => r.kind === k));
  const [adding, setAdding] = useState<ClipKind | ''>('');
  const name = (kind: ClipKind | '*') => (kind === '*' && form.rules.length === 1 ? words.everything : words.what[kind]);
  const put = (kind: Rule['kind'], length: Length) => set({ ...form, rules: form.rules.map((r) => (r.kind === kind ? { kind, length } : r)) });
  const add = () => {
    const kind = adding === '' ? free[0] : adding;
    if (kind) set({ ...form, rules: [{ kind, length: { amount: '30', unit: 'days' } }, ...form.rules] });
    setAdding('');
  };
  return (
    <fieldset disabled={disabled}>
      <legend>{words.rules}</legend>
      <ul class="rules">
        {form.rules.map((r) => (
          <li key={r.kind}>
            <LengthFields id={`rule-${r.kind === '*' ? 'all' : r.kind}`} label={words.rule(name(r.kind))} value={r.length} set={(l) => put(r.kind, l)} none={words.liveOnly} />
            {r.kind !== '*' && (
              <button type="button" class="button" aria-label={words.remove(words.what[r.kind])} onClick={() => set({ ...form, rules: form.rules.filter((x) => x !== r) })}>{words.removeShort}</button>
            )}
          </li>
        ))}
      </ul>
      {free.length > 0 && (
        <div class="row add-rule">
          <label>{words.add}
            <select value={adding || free[0]} onChange={(e) => setAdding(e.currentTarget.value as ClipKind)}>
              {free.map((k) => <option key={k} value={k}>{words.what[k]}</option>)}
            </select>
          </label>
          <button type="button" class="button" onClick={add}>{words.addButton}</button>
        </div>
      )}
    </fieldset>
  );
}

/** Asked again whenever the rules come to rest. */
function usePreview(camera: string, rules: Rule[] | null) {
  const [preview, setPreview] = useState<RetentionPreview | null>(null);
  const key = JSON.stringify(rules);
  const ask = useAction(async () => {
    setPreview(await call<RetentionPreview>('POST', `/api/v1/cameras/${camera}/retention/preview`, { rules }));
  });
  useEffect(() => {
    setPreview(null);
    if (rules === null) return undefined;
    const timer = setTimeout(() => void ask.run(), previewDelayMs);
    return () => clearTimeout(timer);
  }, [camera, key]);
  return { preview, error: ask.error };
}

export function previewWords(p: RetentionPreview): string {
  const w = p.would_delete;
  if (w.clips === 0 && w.segments === 0) return words.nothing;
  return w.from === null || w.to === null
    ? words.wouldShort(w.clips, format.bytes(w.bytes))
    : words.would(w.clips, format.bytes(w.bytes), format.dateTime(w.from), format.dateTime(w.to));
}

function Preview({ preview, error }: { preview: RetentionPreview | null; error: ReturnType<typeof useAction>['error'] }) {
  const something = preview !== null && preview.would_delete.segments + preview.would_delete.clips > 0;
  return (
    <section class={something ? 'notice warn preview-box' : 'notice preview-box'} aria-live="polite">
      <div>
        <h2>{words.preview}</h2>
        {error ? <p>{error.title}</p> : preview === null ? <p>{words.previewing}</p> : <p class={something ? 'strong' : ''}>{previewWords(preview)}</p>}
        {preview !== null && preview.held.bytes > 0 && <p class="small">{words.held(format.bytes(preview.held.bytes))}</p>}
      </div>
    </section>
  );
}

function ApplyChoice({ apply, set }: { apply: 'new' | 'all'; set: (a: 'new' | 'all') => void }) {
  const choice = (value: 'new' | 'all', label: string) => (
    <label class="pick"><input type="radio" name="apply" value={value} checked={apply === value} onChange={() => set(value)} />{label}</label>
  );
  return (
    <fieldset><legend>{words.apply}</legend>{choice('new', words.applyNew)}{choice('all', words.applyAll)}</fieldset>
  );
}

function RetentionForm({ camera, current, saved }: { camera: string; current: Retention; saved: (r: Retention) => void }) {
  const { session, say } = useShared();
  const [form, setForm] = useState<Form>(() => formOf(current));
  const [apply, setApply] = useState<'new' | 'all'>('new');
  const [asked, setAsked] = useState(false);
  const allowed = may(session, 'manage');
  const valid = validForm(form);
  const next = useMemo(() => (valid ? retentionOf(form, current) : null), [form, valid, current]);
  const changed = next !== null && Object.keys(changes(next, current)).length > 0;
  const { preview, error } = usePreview(camera, next?.rules ?? null);
  const save = useAction(async () => {
    const answer = await call<Retention>('PUT', `/api/v1/cameras/${camera}/retention`, { ...(next && changes(next, current)), ...(apply === 'all' ? { rules: next?.rules } : {}), apply });
    setAsked(false);
    say(words.saved);
    saved(answer);
  });
  const erases = apply === 'all' && (preview === null || preview.would_delete.segments + preview.would_delete.clips > 0);
  const submit = (e: Event) => {
    e.preventDefault();
    if (!valid) return;
    if (!changed && apply === 'new') return say(words.unchanged);
    if (erases) setAsked(true);
    else void save.run();
  };
  return (
    <form class="stack" onSubmit={submit}>
      {!allowed && <p class="notice">{words.noRight}</p>}
      <Rules form={form} set={setForm} disabled={!allowed} />
      <fieldset disabled={!allowed} class="other-fields">
        <legend class="hidden">{words.undo}</legend>
        <LengthFields id="undo" label={words.undo} value={form.undo} set={(undo) => setForm({ ...form, undo })} none={words.noUndo} />
        <label>{words.quota}<input type="number" min="0" step="any" inputMode="decimal" value={form.quota} aria-describedby="quota-help" onInput={(e) => setForm({ ...form, quota: e.currentTarget.value })} /></label>
        <label>{words.soft}<input type="number" min="0" step="any" inputMode="decimal" value={form.soft} onInput={(e) => setForm({ ...form, soft: e.currentTarget.value })} /></label>
        <p class="small" id="quota-help">{words.quotaHelp}</p>
      </fieldset>
      {valid ? <Preview preview={preview} error={error} /> : <p class="notice bad" role="alert">{words.bad}</p>}
      {allowed && (
        <>
          <ApplyChoice apply={apply} set={setApply} />
          {save.error && !asked && <Failure error={save.error} />}
          <p class="row"><button class="button primary" disabled={save.busy || !valid}>{save.busy ? words.saving : words.save}</button></p>
        </>
      )}
      {asked && (
        <TypedConfirm title={words.confirmTitle} help={`${preview ? previewWords(preview) : ''} ${words.confirmHelp}`} word={words.confirmWord}
          typeWords={words.confirmType(words.confirmWord)} action={words.confirm} working={words.saving} busy={save.busy} error={save.error}
          onYes={() => void save.run()} onNo={() => setAsked(false)} />
      )}
    </form>
  );
}

function Holds({ camera }: { camera: string }) {
  const loaded = useLoad<Page<Hold>>(`/api/v1/cameras/${camera}/holds`);
  const items = loaded.value?.items ?? [];
  return (
    <section class="card">
      <h2>{words.holds}</h2>
      <p class="small">{words.holdsHelp}</p>
      {loaded.error && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.state === 'ready' && items.length === 0 && <p>{words.noHolds}</p>}
      <ul class="plain-list">
        {items.map((h) => (
          <li key={h.id}>
            <span class="strong">{words.holdReasons[h.reason] ?? h.reason}</span>{h.authority !== '' && `, ${h.authority}`}<br />
            <Time at={h.from} /> – <Time at={h.to} />{h.expires_at && <span class="small"> {words.until(format.date(h.expires_at))}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function KeepingPage({ id }: { id: string }) {
  const loaded = useLoad<Retention>(isId(id) ? `/api/v1/cameras/${id}/retention` : null);
  const [turn, setTurn] = useState(0);
  if (!isId(id) || loaded.error?.status === 404) {
    return <Nowhere />;
  }
  return (
    <CameraFrame id={id} name={null} at="keeping">
      <div class="narrow stack">
        <p class="lead">{words.lead}</p>
        {loaded.error && <Failure error={loaded.error} retry={loaded.reload} />}
        {loaded.state === 'loading' && <Loading />}
        {loaded.value && (
          <section class="card">
            <RetentionForm key={turn} camera={id} current={loaded.value} saved={(r) => { loaded.replace(r); setTurn(turn + 1); }} />
          </section>
        )}
        <Holds camera={id} />
      </div>
    </CameraFrame>
  );
}

