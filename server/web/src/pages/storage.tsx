// SPDX-License-Identifier: Apache-2.0
// What the footage takes, camera by camera, and when it will be full.
import { HomeTabs } from '../camera';
import * as format from '../format';
import { Empty, Failure, Link, Loading, Time, Title } from '../parts';
import { useLoad, useTick } from '../state';
import { text } from '../strings_cameras';
import type { Storage } from '../types';

const words = text.storage;
const refreshMs = 30_000;

function Total({ s }: { s: Storage }) {
  const all = s.quota_bytes ?? (s.room_bytes === null || s.room_bytes === undefined ? null : s.used_bytes + s.room_bytes);
  return (
    <section class="card">
      <h2>{words.used}</h2>
      <p class="figure">{all === null ? format.bytes(s.used_bytes) : words.of(format.bytes(s.used_bytes), format.bytes(all))}</p>
      {all !== null && all > 0 && <progress class="meter" aria-label={words.used} max={all} value={Math.min(s.used_bytes, all)} />}
      <p>{s.full_on === null ? words.notFull : words.fullOn(format.date(s.full_on))}</p>
      {s.room_bytes !== null && s.room_bytes !== undefined && <p class="small">{words.room(format.bytes(s.room_bytes))}</p>}
    </section>
  );
}

function Table({ s }: { s: Storage }) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={words.table}>
      <table>
        <caption class="hidden">{words.table}</caption>
        <thead><tr><th scope="col">{words.camera}</th><th scope="col">{words.used}</th><th scope="col">{words.perDay}</th><th scope="col">{words.full}</th></tr></thead>
        <tbody>
          {s.cameras.map((c) => (
            <tr key={c.id}>
              <th scope="row"><Link href={`/cameras/${c.id}/keeping`}>{c.name}</Link></th>
              <td>{format.bytes(c.used_bytes)}</td>
              <td>{format.bytes(c.bytes_per_day)}</td>
              <td>{c.full_on === null ? words.never : <Time at={c.full_on} as="date" />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function StoragePage() {
  const loaded = useLoad<Storage>('/api/v1/storage');
  useTick(true, refreshMs, loaded.reload);
  const s = loaded.value;
  return (
    <>
      <Title note={words.lead}>{words.title}</Title>
      <HomeTabs at="storage" />
      {loaded.error && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.state === 'loading' && <Loading />}
      {s && s.used_bytes === 0 && s.cameras.every((c) => c.used_bytes === 0) && <Empty icon="storage" title={words.none}><p>{words.noneHelp}</p></Empty>}
      {s && s.used_bytes > 0 && <div class="stack"><Total s={s} /><Table s={s} /></div>}
    </>
  );
}
