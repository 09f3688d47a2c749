// SPDX-License-Identifier: Apache-2.0
// One request: who asks for what and why, what would be sent, and two equal answers. Nothing is ticked beforehand.
import { useRef, useState } from 'preact/hooks';
import { call, get, onThisHost } from '../api';
import * as format from '../format';
import { Icon } from '../icons';
import { Back, Failure, KindChip, Loading, Nowhere, Still, Time, Title } from '../parts';
import { isOpen } from '../shell';
import { cameraName, may, useAction, useLoad, useShared, useTick } from '../state';
import { text } from '../strings';
import type { FootageRequest, Grant, InboxItem, MatchingClip, Page } from '../types';
import { Area } from './area';
import { Receipt } from './receipt';
import { incidentName } from './requests';

const grantsPath = '/api/v1/grants';
type Grants = ReturnType<typeof useLoad<Page<Grant>>>;

function About({ request }: { request: FootageRequest }) {
  const { officer } = request;
  return (
    <section class="card">
      <p class="chips"><span class="chip good"><Icon name="shield" />{text.requests.approved}</span><span class="chip">{incidentName(request.incident)}</span></p>
      <h2>{text.requests.why}</h2>
      <p class="reason">{request.reason}</p>
      <dl class="facts">
        <dt>{text.requests.window}</dt>
        <dd>{format.span(request.from, request.to)}<br /><span class="small">{format.utcSpan(request.from, request.to)}</span></dd>
        <dt>{text.requests.who}</dt>
        <dd>{officer.name}{officer.badge !== '' && <>, {text.requests.badge(officer.badge)}</>}<br />{request.agency.name}</dd>
        <dt>{text.requests.contact}</dt><dd class="break">{request.contact}</dd>
        <dt>{text.requests.case}</dt><dd class="break">{request.case}</dd>
        <dt>{text.requests.deadline}</dt><dd><Time at={request.expires_at} /></dd>
      </dl>
    </section>
  );
}

function Freedom() {
  return (
    <div class="notice">
      <Icon name="shield" />
      <div><p class="strong">{text.requests.silenceTitle}</p><p>{text.requests.silence} {text.requests.identity}</p></div>
    </div>
  );
}

/** The clip from where the cut begins to where it ends: what the agency would get. */
export function previewSrc(m: MatchingClip): string {
  const start = Date.parse(m.clip.started_at);
  const at = (iso: string) => Math.max(0, (Date.parse(iso) - start) / 1000).toFixed(3);
  return `${onThisHost(m.clip.urls.mp4)}#t=${at(m.sent_from)},${at(m.sent_to)}`;
}

function Choice(p: { match: MatchingClip; camera: string; ticked: boolean; set: (on: boolean) => void }) {
  const { clip } = p.match;
  const [preview, setPreview] = useState(false);
  const when = format.time(clip.started_at);
  const id = `give-${clip.id}`;
  const whole = p.match.sent_duration_ms < clip.duration_ms - 50 ? ` ${text.requests.sentOf(format.seconds(clip.duration_ms))}` : '';
  return (
    <li class={p.ticked ? 'choice ticked' : 'choice'}>
      <label for={id}>
        <input id={id} type="checkbox" checked={p.ticked} onChange={(e) => p.set(e.currentTarget.checked)}
          aria-label={text.requests.choose(`${p.camera}, ${when}`)} aria-describedby={`${id}-sent`} />
        <span class="frame"><Still src={onThisHost(clip.urls.still)} alt="" /></span>
        <span class="about">
          <span class="strong">{p.camera}</span>
          <Time at={clip.started_at} as="time" />
          <KindChip kind={clip.kind} />
        </span>
      </label>
      <p id={`${id}-sent`} class="small" title={format.utcSpan(p.match.sent_from, p.match.sent_to)}>
        {text.requests.sent(format.time(p.match.sent_from), format.time(p.match.sent_to), format.seconds(p.match.sent_duration_ms))}{whole}
      </p>
      <button type="button" class="button" aria-expanded={preview} onClick={() => setPreview(!preview)}>
        <Icon name="play" />{preview ? text.requests.hidePreview : text.requests.preview}
      </button>
      {preview && <video controls autoplay muted playsInline tabIndex={0} src={previewSrc(p.match)} aria-label={text.clip.player(p.camera)} />}
    </li>
  );
}

function Answer({ item, answered }: { item: InboxItem; answered: () => void }) {
  const { cameras } = useShared();
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [hint, setHint] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const clips = item.clips ?? [];
  const set = (id: string, on: boolean) => {
    const next = new Set(ticked);
    if (on) next.add(id);
    else next.delete(id);
    setTicked(next);
    setHint(false);
  };
  const share = useAction(async () => {
    await call<Grant>('POST', `/api/v1/inbox/${item.id}/accept`, { clip_ids: [...ticked] });
    answered();
  });
  const decline = useAction(async () => {
    await call('POST', `/api/v1/inbox/${item.id}/decline`);
    answered();
  });
  const pressShare = () => {
    if (ticked.size > 0) {
      void share.run();
    } else {
      setHint(true);
      list.current?.querySelector('input')?.focus();
    }
  };
  const busy = share.busy || decline.busy;
  const error = share.error ?? decline.error;
  return (
    <>
      <section>
        <h2>{text.requests.matching}</h2>
        <p>{clips.length === 0 ? text.requests.noMatching : text.requests.matchingHelp}</p>
        <ul class="choices" ref={list}>
          {clips.map((m) => (
            <Choice key={m.clip.id} match={m} camera={cameraName(cameras, m.clip.camera_id)}
              ticked={ticked.has(m.clip.id)} set={(on) => set(m.clip.id, on)} />
          ))}
        </ul>
      </section>
      <section class="answer">
        {error && <Failure error={error} />}
        {hint && <p class="notice" role="alert">{text.requests.tickFirst}</p>}
        <div class="two">
          <button type="button" class="button answer-button" disabled={busy || clips.length === 0} onClick={pressShare}>
            {share.busy ? text.requests.sharing : text.requests.share(ticked.size)}
          </button>
          <button type="button" class="button answer-button" disabled={busy} onClick={() => void decline.run()}>
            {decline.busy ? text.requests.declining : text.requests.decline}
          </button>
        </div>
      </section>
    </>
  );
}

/** The receipt of an accepted request; looked at again while it can still change. */
function Given({ grants, requestId }: { grants: Grants; requestId: string }) {
  const grant = grants.value?.items.find((g) => g.request_id === requestId);
  const settled = grant !== undefined && (grant.state === 'withdrawn' || grant.state === 'expired');
  const look = () => {
    get<Page<Grant>>(grantsPath).then(grants.replace, () => undefined);
  };
  useTick(grant !== undefined && !settled, 5000, look);
  return (
    <>
      {grants.error && <Failure error={grants.error} retry={grants.reload} />}
      {grant && <Receipt grant={grant} changed={look} />}
    </>
  );
}

function Outcome({ item, grants, answered }: { item: InboxItem; grants: Grants; answered: () => void }) {
  const { session } = useShared();
  if (item.answer === 'accepted') {
    return <Given grants={grants} requestId={item.request.id} />;
  }
  if (item.answer === 'declined') {
    return <div class="notice"><Icon name="check" /><div><p class="strong" role="status">{text.requests.declinedTitle}</p><p>{text.requests.declinedHelp}</p></div></div>;
  }
  if (!isOpen(item, Date.now())) {
    return <div class="notice"><div><p class="strong">{text.requests.closedTitle}</p><p>{text.requests.closedHelp}</p></div></div>;
  }
  return may(session, 'answer') ? <Answer item={item} answered={answered} /> : <p class="notice">{text.requests.noRight}</p>;
}

export function RequestPage({ id }: { id: string }) {
  const { inboxChanged } = useShared();
  const loaded = useLoad<InboxItem>(`/api/v1/inbox/${encodeURIComponent(id)}`);
  const grants = useLoad<Page<Grant>>(loaded.value?.answer === 'accepted' ? grantsPath : null);
  // The receipt stands above the rest: nothing is drawn before it is there, so that nothing jumps.
  const waits = loaded.value?.answer === 'accepted' && grants.state === 'loading';
  const item = waits ? undefined : loaded.value;
  const answered = () => {
    inboxChanged();
    get<InboxItem>(`/api/v1/inbox/${encodeURIComponent(id)}`).then(loaded.replace, loaded.reload);
    window.scrollTo(0, 0);
  };
  if (loaded.error?.status === 404) {
    return <Nowhere />;
  }
  return (
    <>
      <Back href="/requests">{text.back.requests}</Back>
      {loaded.error && <Failure error={loaded.error} retry={loaded.reload} />}
      {(waits || loaded.state === 'loading') && <Loading />}
      {item && (
        <>
          <Title>{text.requests.detailTitle(item.request.agency.name)}</Title>
          {item.answer !== null && <Outcome item={item} grants={grants} answered={answered} />}
          {isOpen(item, Date.now()) && <Freedom />}
          <div class="request">
            <About request={item.request} />
            <section class="card"><h2>{text.requests.area}</h2><Area polygon={item.request.polygon} /></section>
          </div>
          {item.answer === null && <Outcome item={item} grants={grants} answered={answered} />}
        </>
      )}
    </>
  );
}
