// SPDX-License-Identifier: Apache-2.0
// A question that is answered by typing a word: for what cannot be undone.
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ApiError } from './api';
import { Failure } from './parts';
import { text } from './strings';

export function TypedConfirm(p: {
  title: string; help: string; word: string; typeWords: string; action: string; working: string; busy: boolean;
  error: ApiError | null; onYes: () => void; onNo: () => void;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [typed, setTyped] = useState('');
  useLayoutEffect(() => {
    ref.current?.showModal();
  }, []);
  const right = typed.trim().toLowerCase() === p.word;
  const submit = (e: Event) => {
    e.preventDefault();
    e.stopPropagation();
    if (right) p.onYes();
  };
  const cancel = (e: Event) => {
    e.preventDefault();
    p.onNo();
  };
  // Enter in the field answers the question; a form inside the page's form is not allowed, so there is none.
  const onKeyDown = (e: KeyboardEvent) => e.key === 'Enter' && e.target instanceof HTMLInputElement && submit(e);
  return (
    <dialog ref={ref} aria-labelledby={`${id}t`} aria-describedby={`${id}d`} onCancel={cancel} onKeyDown={onKeyDown}>
      <h2 id={`${id}t`}>{p.title}</h2>
      <p id={`${id}d`}>{p.help}</p>
      <label>{p.typeWords}<input autoComplete="off" autoCapitalize="none" spellcheck={false} value={typed} onInput={(e) => setTyped(e.currentTarget.value)} /></label>
      {p.error && <Failure error={p.error} />}
      <div class="row end">
        <button type="button" class="button" onClick={p.onNo}>{text.cancel}</button>
        <button type="button" class="button danger" disabled={p.busy || !right} onClick={p.onYes}>{p.busy ? p.working : p.action}</button>
      </div>
    </dialog>
  );
}
