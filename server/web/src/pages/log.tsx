// SPDX-License-Identifier: Apache-2.0
// The ledger as its owner reads it.
import * as format from '../format';
import { Icon } from '../icons';
import type { IconName } from '../icons';
import { Empty, Failure, Link, Loading, Time, Title } from '../parts';
import { cameraName, useList, useShared } from '../state';
import { text } from '../strings';
import type { LedgerEntry } from '../types';

function sentence(entry: LedgerEntry, me: string, camera: (id: string) => string): string {
  const { actor } = entry;
  const name = actor.id === me ? text.log.you : actor.name || (actor.kind === 'camera' && actor.id ? camera(actor.id) : '');
  const who = name || (text.log.someone[actor.kind] ?? actor.kind);
  const say = text.log.actions[entry.action];
  return say ? say(who) : text.log.other(who, entry.action.replace(/[._]/g, ' '));
}

function icon(action: string): IconName {
  if (action.startsWith('clip.')) return action === 'clip.delete' ? 'bin' : action === 'clip.download' ? 'download' : 'clips';
  if (action.startsWith('grant.')) return 'shares';
  if (action.startsWith('request.')) return 'requests';
  if (action.startsWith('camera.')) return 'camera';
  return action === 'session.refused' ? 'alert' : 'person';
}

function target(entry: LedgerEntry): string | null {
  const { kind, id } = entry.subject;
  if (id === null || entry.action === 'clip.delete') return null;
  if (kind === 'clip') return `/clips/${id}`;
  if (kind === 'request') return `/requests/${id}`;
  return kind === 'grant' ? '/shares' : null;
}

export function LogPage() {
  const { cameras, session } = useShared();
  const list = useList<LedgerEntry>('/api/v1/ledger?limit=100');
  const now = new Date();
  return (
    <div class="narrow">
      <Title note={text.log.lead}>{text.log.title}</Title>
      {format.byDay(list.items, (e) => e.at).map((day) => (
        <section key={day.key}>
          <h2>{format.dayTitle(day.key, now)}</h2>
          <ul class="log">
            {day.items.map((entry) => {
              const words = sentence(entry, session.id, (id) => cameraName(cameras, id));
              const href = target(entry);
              return (
                <li key={entry.id}>
                  <Icon name={icon(entry.action)} />
                  <span>{href ? <Link href={href}>{words}</Link> : words}</span>
                  <span class="small" title={entry.request_id ? `${text.requestId}: ${entry.request_id}` : undefined}><Time at={entry.at} as="time" /></span>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
      {list.error && <Failure error={list.error} retry={list.again} />}
      {list.state === 'loading' && <Loading />}
      {list.state === 'ready' && list.items.length === 0 && <Empty icon="log" title={text.log.none}><p>{text.log.noneHelp}</p></Empty>}
      {list.state === 'ready' && list.next !== null && (
        <p class="centre"><button type="button" class="button" onClick={list.more}>{text.log.more}</button></p>
      )}
    </div>
  );
}
