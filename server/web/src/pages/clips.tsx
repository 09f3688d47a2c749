// SPDX-License-Identifier: Apache-2.0
// Home: what the cameras sent, newest first, by day. New clips appear by themselves.
import { useEffect, useState } from 'preact/hooks';
import { onThisHost } from '../api';
import * as format from '../format';
import { Icon } from '../icons';
import { Empty, Failure, KindChip, Link, Loading, Still, Time, Title } from '../parts';
import { formatFilter, noFilter, parseFilter } from '../route';
import type { ClipFilter } from '../route';
import { cameraName, go, useList, useShared, useTick } from '../state';
import { text } from '../strings';
import { clipKinds } from '../types';
import type { Clip } from '../types';
import { FirstClip } from './first';

const refreshMs = 10_000;

export function listPath(f: ClipFilter): string {
  const q = new URLSearchParams({ limit: '48' });
  const from = format.dayStart(f.from);
  const to = format.dayStart(f.to, true);
  if (f.camera !== '') q.set('camera_id', f.camera);
  if (f.kind !== '') q.set('kind', f.kind);
  if (from !== null) q.set('from', from);
  if (to !== null) q.set('to', to);
  return `/api/v1/clips?${q}`;
}

function ClipCard({ clip, eager }: { clip: Clip; eager: boolean }) {
  const { cameras } = useShared();
  const camera = cameraName(cameras, clip.camera_id);
  return (
    <li>
      <Link class="clip-card" href={`/clips/${clip.id}`}>
        <span class="frame">
          <Still src={onThisHost(clip.urls.still)} alt="" eager={eager} />
          <span class="length"><span class="hidden">{text.clips.length} </span>{format.duration(clip.duration_ms)}</span>
        </span>
        <span class="about">
          <span class="strong">{camera}</span>
          <Time at={clip.started_at} as="time" />
          <span class="chips">
            <KindChip kind={clip.kind} />
            {clip.kept === true && <span class="chip good"><Icon name="keep" />{text.clip.kept}</span>}
            {clip.partial && <span class="chip warn" title={text.clips.partialHelp}>{text.clips.partial}</span>}
          </span>
        </span>
      </Link>
    </li>
  );
}

function Filters({ filter, set }: { filter: ClipFilter; set: (f: ClipFilter) => void }) {
  const { cameras } = useShared();
  const active = formatFilter(filter) !== '';
  const [open, setOpen] = useState(active);
  const field = (name: keyof ClipFilter) => ({
    value: filter[name],
    onChange: (e: { currentTarget: HTMLInputElement | HTMLSelectElement }) => set({ ...filter, [name]: e.currentTarget.value }),
  });
  return (
    <section class="filters" aria-label={text.clips.filters}>
      <button type="button" class="button filter-toggle" aria-expanded={open} aria-controls="filters" onClick={() => setOpen(!open)}>
        {text.clips.filters}{active && <span class="dot" aria-hidden="true" />}
      </button>
      <div id="filters" class={open ? 'fields open' : 'fields'}>
        <label>{text.clips.camera}
          <select {...field('camera')}>
            <option value="">{text.clips.allCameras}</option>
            {[...(cameras?.values() ?? [])].map((c) => <option key={c.id} value={c.id}>{c.name}</option>)}
          </select>
        </label>
        <label>{text.clips.kind}
          <select {...field('kind')}>
            <option value="">{text.clips.allKinds}</option>
            {clipKinds.map((k) => <option key={k} value={k}>{text.kinds[k]}</option>)}
          </select>
        </label>
        <label>{text.clips.from}<input type="date" max={filter.to || undefined} {...field('from')} /></label>
        <label>{text.clips.to}<input type="date" min={filter.from || undefined} {...field('to')} /></label>
        {active && <button type="button" class="button" onClick={() => set(noFilter)}>{text.clips.clear}</button>}
      </div>
    </section>
  );
}

function Days({ items }: { items: Clip[] }) {
  const now = new Date();
  return (
    <>
      {format.byDay(items, (c) => c.started_at).map((day, d) => (
        <section key={day.key} class="day">
          <h2>{format.dayTitle(day.key, now)}</h2>
          <ul class="clip-grid">
            {day.items.map((clip, i) => <ClipCard key={clip.id} clip={clip} eager={d === 0 && i < 6} />)}
          </ul>
        </section>
      ))}
    </>
  );
}

export function ClipsPage() {
  const { say } = useShared();
  const [filter, setFilter] = useState(() => parseFilter(location.search));
  useEffect(() => {
    const moved = () => setFilter(parseFilter(location.search));
    window.addEventListener('popstate', moved);
    return () => window.removeEventListener('popstate', moved);
  }, []);
  const list = useList<Clip>(listPath(filter));
  const filtered = formatFilter(filter) !== '';
  const nothing = list.state === 'ready' && list.items.length === 0;
  const look = async () => {
    const found = await list.refresh();
    if (found > 0) say(text.clips.fresh(found));
  };
  useEffect(() => {
    if (list.state === 'ready') void look();
  }, []);
  useTick(list.state === 'ready', nothing && !filtered ? 3000 : refreshMs, () => void look());
  return (
    <>
      <Title>{text.clips.title}</Title>
      {(filtered || !nothing) && <Filters filter={filter} set={(f) => go(`/${formatFilter(f)}`, 'replace')} />}
      <Days items={list.items} />
      {list.error && <Failure error={list.error} retry={list.again} />}
      {list.state === 'loading' && <Loading />}
      {nothing && filtered && <Empty icon="clips" title={text.clips.none}><p>{text.clips.noneHelp}</p></Empty>}
      {nothing && !filtered && <FirstClip />}
      {list.state === 'ready' && list.next !== null && (
        <p class="centre"><button type="button" class="button" onClick={list.more}>{text.clips.more}</button></p>
      )}
      {list.state === 'ready' && list.next === null && list.items.length > 12 && (
        <p class="centre small"><Icon name="check" /> {text.clips.end}</p>
      )}
    </>
  );
}
