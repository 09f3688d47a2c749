// SPDX-License-Identifier: Apache-2.0
// The inbox: which agencies asked, and what came of it.
import * as format from '../format';
import { Icon } from '../icons';
import { Empty, Failure, Link, Loading, Title } from '../parts';
import { isOpen } from '../shell';
import { useLoad } from '../state';
import { text } from '../strings';
import type { InboxItem, Page } from '../types';

export function incidentName(incident: string): string {
  return text.requests.incidents[incident] ?? incident;
}

function standing(item: InboxItem): { word: string; look: string } {
  if (item.answer === 'accepted') return { word: text.requests.shared, look: 'good' };
  if (item.answer === 'declined') return { word: text.requests.declined, look: '' };
  return isOpen(item, Date.now()) ? { word: text.requests.waiting, look: 'warn' } : { word: text.requests.closed, look: '' };
}

function RequestCard({ item }: { item: InboxItem }) {
  const { request } = item;
  const { word, look } = standing(item);
  return (
    <li>
      <Link class="card request-card" href={`/requests/${item.id}`}>
        <span class="row between">
          <span class="strong"><Icon name="shield" /> {request.agency.name}</span>
          <span class={`chip ${look}`}>{word}</span>
        </span>
        <span>{incidentName(request.incident)} · {text.requests.case} {request.case}</span>
        <span>{format.span(request.from, request.to)}</span>
        <span class="small clamp">{request.reason}</span>
        {isOpen(item, Date.now()) && <span class="small">{text.requests.until(format.dateTime(request.expires_at))}</span>}
      </Link>
    </li>
  );
}

function Group({ title, items }: { title: string; items: InboxItem[] }) {
  return items.length === 0 ? null : (
    <section>
      <h2>{title}</h2>
      <ul class="stack">{items.map((item) => <RequestCard key={item.id} item={item} />)}</ul>
    </section>
  );
}

export function RequestsPage() {
  const inbox = useLoad<Page<InboxItem>>('/api/v1/inbox');
  const items = inbox.value?.items ?? [];
  const open = items.filter((item) => isOpen(item, Date.now()));
  return (
    <div class="narrow">
      <Title note={text.requests.lead}>{text.requests.title}</Title>
      {inbox.error && <Failure error={inbox.error} retry={inbox.reload} />}
      {inbox.state === 'loading' && <Loading />}
      {inbox.value && items.length === 0 && <Empty icon="requests" title={text.requests.none}><p>{text.requests.noneHelp}</p></Empty>}
      <Group title={text.requests.open} items={open} />
      <Group title={text.requests.past} items={items.filter((item) => !open.includes(item))} />
    </div>
  );
}
