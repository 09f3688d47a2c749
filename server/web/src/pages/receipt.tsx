// SPDX-License-Identifier: Apache-2.0
// A receipt: what was given to whom, how it stands, and the way back. The undo runs on the server's clock.
import { useState } from 'preact/hooks';
import { call, serverNow } from '../api';
import * as format from '../format';
import { Icon } from '../icons';
import { Confirm, Failure, Link, Time } from '../parts';
import { useAction, useTick } from '../state';
import { text } from '../strings';
import type { Grant } from '../types';

const look = { undo: 'warn', visible: 'good', downloaded: 'good', withdrawn: '', expired: '' } as const;

/** Seconds left to undo; 0 when the agency may see it. */
export function undoLeft(grant: Grant, now: number): number {
  return grant.state === 'undo' ? Math.max(0, Math.ceil((Date.parse(grant.visible_at) - now) / 1000)) : 0;
}

function Undo({ left, busy, press }: { left: number; busy: boolean; press: () => void }) {
  return (
    <div class="undo">
      <button type="button" class="button primary" disabled={busy} onClick={press}>
        {busy ? text.grants.undoing : text.grants.undo(left)}
      </button>
      <progress max={10} value={left} aria-hidden="true" />
    </div>
  );
}

function Sent({ grant }: { grant: Grant }) {
  return (
    <ul class="sent">
      {grant.items.map((item) => (
        <li key={item.clip_id}>
          <Link href={`/clips/${item.clip_id}`}>
            {format.dateTime(item.sent_from)}<span class="hidden">. {text.grants.openClip}</span>
          </Link>{' '}
          <span class="small" title={format.utcSpan(item.sent_from, item.sent_to)}>
            {text.requests.sent(format.time(item.sent_from), format.time(item.sent_to), format.seconds(item.duration_ms))}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function Receipt({ grant, changed }: { grant: Grant; changed: () => void }) {
  const [, tick] = useState(0);
  const [asked, setAsked] = useState(false);
  const left = undoLeft(grant, serverNow());
  useTick(grant.state === 'undo', 250, () => {
    tick((n) => n + 1);
    if (undoLeft(grant, serverNow()) === 0) changed();
  });
  const withdraw = useAction(async () => {
    await call('POST', `/api/v1/grants/${grant.id}/withdraw`);
    setAsked(false);
    changed();
  });
  const state = grant.state === 'undo' && left === 0 ? 'visible' : grant.state;
  return (
    <article class="card receipt" aria-label={text.grants.receipt(grant.items.length, grant.agency.name)}>
      <h2><Icon name={state === 'withdrawn' ? 'out' : 'check'} />{text.grants.receipt(grant.items.length, grant.agency.name)}</h2>
      <p><span class={`chip ${look[state]}`} role="status">{text.grants.states[state]}</span></p>
      {left > 0 && <Undo left={left} busy={withdraw.busy} press={() => void withdraw.run()} />}
      {withdraw.error && !asked && <Failure error={withdraw.error} />}
      <dl class="facts">
        <dt>{text.grants.case}</dt><dd>{grant.case}</dd>
        <dt>{text.grants.alias}</dt><dd>{grant.alias}</dd>
        <dt>{text.grants.given}</dt><dd><Time at={grant.given_at} /></dd>
        {grant.downloaded_at && <><dt>{text.grants.downloaded}</dt><dd><Time at={grant.downloaded_at} /></dd></>}
        {grant.withdrawn_at
          ? <><dt>{text.grants.withdrawn}</dt><dd><Time at={grant.withdrawn_at} /></dd></>
          : <><dt>{text.grants.expires}</dt><dd><Time at={grant.expires_at} as="date" /></dd></>}
        <dt>{text.grants.sent}</dt><dd><Sent grant={grant} /></dd>
        <dt>{text.grants.proof}</dt><dd class="break"><code>{grant.id}</code></dd>
      </dl>
      {(state === 'visible' || state === 'downloaded') && (
        <button type="button" class="button" onClick={() => setAsked(true)}>{text.grants.withdraw}</button>
      )}
      {asked && (
        <Confirm danger title={text.grants.withdrawTitle}
          help={state === 'downloaded' ? text.grants.withdrawAfter : text.grants.withdrawBefore}
          action={text.grants.withdraw} working={text.grants.withdrawing} busy={withdraw.busy} error={withdraw.error}
          onYes={() => void withdraw.run()} onNo={() => setAsked(false)} />
      )}
    </article>
  );
}
