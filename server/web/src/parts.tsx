// SPDX-License-Identifier: Apache-2.0
// Pieces that several pages use.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ApiError } from './api';
import * as format from './format';
import { Icon } from './icons';
import type { IconName } from './icons';
import { go } from './state';
import { text } from './strings';
import type { ClipKind } from './types';

/** A link inside the app. Other buttons and keys keep their meaning (new tab, download). */
export function Link({ href, ...rest }: JSX.IntrinsicElements['a'] & { href: string }) {
  const follow = (e: MouseEvent) => {
    if (e.button === 0 && !e.metaKey && !e.ctrlKey && !e.shiftKey && !e.altKey) {
      e.preventDefault();
      go(href);
    }
  };
  return <a href={href} onClick={follow} {...rest} />;
}

/** The page's one heading; takes the focus after a change of page, so that a screen reader starts there. */
export function Title({ children, note, page }: { children: string; note?: string; page?: string }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${page === undefined ? '' : `${page} · `}${children} · ${text.brand}`;
  }, [children, page]);
  useEffect(() => {
    if (document.body.dataset['moved'] === 'yes') {
      ref.current?.focus({ preventScroll: true });
    }
  }, []);
  return (
    <div class="title">
      <h1 tabIndex={-1} ref={ref}>{children}</h1>
      {note !== undefined && <p class="lead">{note}</p>}
    </div>
  );
}

export function Time({ at, as = 'dateTime' }: { at: string; as?: 'time' | 'date' | 'dateTime' }) {
  return <time dateTime={at} title={format.utc(at)}>{format[as](at)}</time>;
}

export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <Icon name="alert" />
      <div>
        <p class="strong">{error.title}</p>
        {error.hint !== '' && <p>{error.hint}</p>}
        {error.requestId !== '' && <p class="small">{text.requestId}: <code>{error.requestId}</code></p>}
        {retry && <button type="button" class="button" onClick={retry}>{text.retry}</button>}
      </div>
    </div>
  );
}

export function Loading() {
  return <p class="loading" role="status"><span class="spinner" aria-hidden="true" />{text.loading}</p>;
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-mark"><Icon name={icon} /></span>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Nowhere() {
  return (
    <>
      <Title>{text.error.notFoundTitle}</Title>
      <p>{text.error.notFound}</p>
      <p><Link class="button" href="/">{text.error.home}</Link></p>
    </>
  );
}

export function Back({ href, children }: { href: string; children: string }) {
  return <Link class="back" href={href}><Icon name="back" />{children}</Link>;
}

export function KindChip({ kind }: { kind: ClipKind }) {
  return <span class={`chip kind-${kind}`}><Icon name={kind} />{text.kinds[kind] ?? kind}</span>;
}

/** A picture that may not exist (yet): then a quiet mark stands in its place. */
export function Still({ src, alt, eager = false }: { src: string; alt: string; eager?: boolean }) {
  const [missing, setMissing] = useState(false);
  if (missing) {
    return <span class="still missing"><Icon name="camera" /><span class="hidden">{text.clips.noStill}</span></span>;
  }
  return (
    <img class="still" src={src} alt={alt} width="320" height="180" decoding="async"
      loading={eager ? 'eager' : 'lazy'} onError={() => setMissing(true)} />
  );
}

export function Copyable({ value, label }: { value: string; label: string }) {
  const [done, setDone] = useState(false);
  const copy = () => {
    navigator.clipboard?.writeText(value).then(() => setDone(true), () => undefined);
  };
  useEffect(() => {
    const timer = done ? setTimeout(() => setDone(false), 2000) : undefined;
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <div class="copyable">
      <pre tabIndex={0} aria-label={label}><code>{value}</code></pre>
      <button type="button" class="button small-button" onClick={copy}>
        {done ? text.copied : text.copy}<span class="hidden" role="status">{done ? text.copied : ''}</span>
      </button>
    </div>
  );
}

/** Ask before something that cannot be undone. The first focus is on the way out. */
export function Confirm(p: {
  title: string; help: string; action: string; working: string; busy: boolean; danger?: boolean;
  error: ApiError | null; onYes: () => void; onNo: () => void;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    ref.current?.showModal();
  }, []);
  const cancel = (e: Event) => {
    e.preventDefault();
    p.onNo();
  };
  return (
    <dialog ref={ref} aria-labelledby={`${id}t`} aria-describedby={`${id}d`} onCancel={cancel}>
      <h2 id={`${id}t`}>{p.title}</h2>
      <p id={`${id}d`}>{p.help}</p>
      {p.error && <Failure error={p.error} />}
      <div class="row end">
        <button type="button" class="button" onClick={p.onNo}>{text.cancel}</button>
        <button type="button" class={p.danger ? 'button danger' : 'button primary'} disabled={p.busy} onClick={p.onYes}>
          {p.busy ? p.working : p.action}
        </button>
      </div>
    </dialog>
  );
}
