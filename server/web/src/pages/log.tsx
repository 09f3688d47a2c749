// SPDX-License-Identifier: Apache-2.0
// The ledger as its owner reads it.
import * as format from '../format';
import { Icon } from '../icons';
import type { IconName } from '../icons';
import { Empty, Failure, Link, Loading, Time, Title } from '../parts';
import { cameraName, useList, useShared } from '../state';
import { text } from '../strings';
import type { LedgerEntry } from '../types';

const still = 'clip.still';

function word(detail: Record<string, unknown>, name: string): string {
  return typeof detail[name] === 'string' ? (detail[name] as string) : '';
}

function actor(entry: LedgerEntry, me: string, camera: (id: string) => string): string {
  const { kind, id } = entry.actor;
  if (id === me) return text.log.you;
  if (kind === 'camera' && id) return camera(id);
  const officer = kind === 'officer' ? word(entry.detail, 'officer') : '';
  return officer !== '' ? text.log.officer(officer, word(entry.detail, 'agency')) : (text.log.someone[kind] ?? kind);
}

export function sentence(entry: LedgerEntry, n: number, me: string, camera: (id: string) => string): string {
  const who = actor(entry, me, camera);
  if (entry.action === still) return text.log.pictures(who, n);
  const say = text.log.actions[entry.action];
  return say ? say(who, word(entry.detail, 'agency') || text.log.agency) : text.log.other(who, entry.action.replace(/[._]/g, ' '));
}

/** A list of clips asks for many pictures; looks by one person that follow each other are told in one line. */
export function fold(entries: readonly LedgerEntry[]): LedgerEntry[][] {
  const runs: LedgerEntry[][] = [];
  for (const entry of entries) {
    const last = runs[runs.length - 1];
    if (last && entry.action === still && last[0]!.action === still && last[0]!.actor.id === entry.actor.id) last.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

function icon(action: string): IconName {
  if (action === still) return 'camera';
  if (action.startsWith('clip.')) return action === 'clip.delete' ? 'bin' : action === 'clip.download' ? 'download' : 'clips';
  if (action.startsWith('grant.')) return 'shares';
  if (action.startsWith('request.')) return 'requests';
  if (action.startsWith('camera.')) return 'camera';
  return action === 'session.refused' ? 'alert' : 'person';
}

function target(entry: LedgerEntry): string | null {
  const { kind, id } = entry.subject;
  if (kind === 'request') return '/requests';
  if (kind === 'grant') return '/shares';
  return kind === 'clip' && id !== null && entry.action !== 'clip.delete' ? `/clips/${id}` : null;
}

function When({ entry }: { entry: LedgerEntry }) {
  return <span class="small" title={entry.request_id ? `${text.requestId}: ${entry.request_id}` : undefined}><Time at={entry.at} as="time" /></span>;
}

function Line({ run }: { run: LedgerEntry[] }) {
  const { cameras, session } = useShared();
  const entry = run[0]!;
  const words = sentence(entry, run.length, session.id, (id) => cameraName(cameras, id));
  const href = target(entry);
  if (run.length > 1) {
    return (
      <li>
        <Icon name={icon(entry.action)} />
        <details>
          <summary>{words}</summary>
          <ul class="looks">{run.map((e) => <li key={e.id}><Link href={target(e) ?? '/'}><When entry={e} /></Link></li>)}</ul>
        </details>
        <When entry={entry} />
      </li>
    );
  }
  return (
    <li>
      <Icon name={icon(entry.action)} />
      <span>{href ? <Link href={href}>{words}</Link> : words}</span>
      <When entry={entry} />
    </li>
  );
}

export function LogPage() {
  const list = useList<LedgerEntry>('/api/v1/ledger?limit=100');
  const now = new Date();
  return (
    <div class="narrow">
      <Title note={text.log.lead}>{text.log.title}</Title>
      {format.byDay(list.items, (e) => e.at).map((day) => (
        <section key={day.key}>
          <h2>{format.dayTitle(day.key, now)}</h2>
          <ul class="log">{fold(day.items).map((run) => <Line key={run[0]!.id} run={run} />)}</ul>
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
