// SPDX-License-Identifier: Apache-2.0
// The frame around every page of somebody who is signed in.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, get, serverNow } from './api';
import { Icon } from './icons';
import type { IconName } from './icons';
import { Link } from './parts';
import { forgetLists, SharedContext, useAction, useTick } from './state';
import { text } from './strings';
import type { Camera, InboxItem, Page, Session } from './types';
import { UndoBar } from './undo';
import type { Undoable } from './undo';

type Place = 'clips' | 'cameras' | 'requests' | 'shares' | 'log';
const places: { place: Place; href: string }[] = [
  { place: 'clips', href: '/' },
  { place: 'cameras', href: '/cameras' },
  { place: 'requests', href: '/requests' },
  { place: 'shares', href: '/shares' },
  { place: 'log', href: '/log' },
];

function Brand() {
  return (
    <Link class="brand" href="/">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" class="brand-ground" />
        <path class="brand-line" d="M10 26V9.5A2.5 2.5 0 0 1 12.5 7h7A2.5 2.5 0 0 1 22 9.5V26M7.5 26h17" />
        <circle class="brand-light" cx="16" cy="14" r="2.9" />
      </svg>
      {text.brand}
    </Link>
  );
}

function Nav({ at, open }: { at: Place | null; open: number }) {
  return (
    <nav aria-label={text.nav.label}>
      {places.map(({ place, href }) => (
        <Link key={place} href={href} aria-current={place === at ? 'page' : undefined}>
          <Icon name={place as IconName} />
          <span>{text.nav[place]}</span>
          {place === 'requests' && open > 0 && (
            <span class="badge"><span aria-hidden="true">{open}</span><span class="hidden">{text.openRequests(open)}</span></span>
          )}
        </Link>
      ))}
    </nav>
  );
}

export function isOpen(item: InboxItem, now: number): boolean {
  return item.answer === null && item.request.state === 'published' && Date.parse(item.request.expires_at) > now;
}

export function Shell(p: { session: Session; at: Place | null; onSignedOut: () => void; children: ComponentChildren }) {
  const owner = p.session.kind === 'account';
  const [cameras, setCameras] = useState<Map<string, Camera> | null>(null);
  const [open, setOpen] = useState(0);
  const [said, setSaid] = useState('');
  const [undoable, setUndoable] = useState<Undoable | null>(null);
  const main = useRef<HTMLElement>(null);
  const leave = useAction(async () => {
    await call<void>('DELETE', '/api/v1/session');
    p.onSignedOut();
  });
  const loadCameras = () => {
    get<Page<Camera>>('/api/v1/cameras').then((page) => setCameras(new Map(page.items.map((c) => [c.id, c]))), () => undefined);
  };
  const countOpen = () => {
    get<Page<InboxItem>>('/api/v1/inbox').then(
      (page) => setOpen(page.items.filter((item) => isOpen(item, Date.now())).length), () => undefined);
  };
  useEffect(() => {
    if (owner) {
      loadCameras();
      countOpen();
    }
  }, [owner]);
  useTick(owner && cameras === null, 5000, loadCameras);
  useTick(owner, 60_000, countOpen);
  useEffect(() => {
    const timer = said !== '' ? setTimeout(() => setSaid(''), 6000) : undefined;
    return () => clearTimeout(timer);
  }, [said]);
  const offerUndo = (item: Undoable) => {
    if (Date.parse(item.deletion.undo_until) > serverNow()) setUndoable(item);
    else setSaid(item.what); // where nothing can be undone, there is nothing to offer
  };
  const skip = (e: Event) => {
    e.preventDefault();
    main.current?.focus();
  };
  return (
    <SharedContext.Provider value={{ session: p.session, cameras, say: setSaid, inboxChanged: countOpen, offerUndo }}>
      <a class="skip" href="#main" onClick={skip}>{text.skip}</a>
      <header class="top">
        <div class="top-inner">
          <Brand />
          {owner && <Nav at={p.at} open={open} />}
          <button type="button" class="plain" disabled={leave.busy} onClick={() => void leave.run()} title={p.session.email}>
            <Icon name="out" /><span>{text.signOut}</span>
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1} ref={main}>{p.children}</main>
      <footer class={undoable ? 'roomy' : undefined}><a href={document.body.dataset['licences'] ?? ''}>{text.licences}</a></footer>
      {undoable && <UndoBar key={undoable.deletion.id} item={undoable} close={() => setUndoable(null)} say={(words) => { forgetLists(); setSaid(words); }} />}
      <div class="toast" role="status">{said !== '' && <p>{said}</p>}</div>
    </SharedContext.Provider>
  );
}
