// SPDX-License-Identifier: Apache-2.0
// What was deleted and can still be brought back.
import { serverNow } from '../api';
import { HomeTabs } from '../camera';
import * as format from '../format';
import { Empty, Failure, Loading, Title } from '../parts';
import { forgetLists, useAction, useLoad, useShared, useTick } from '../state';
import { text } from '../strings_cameras';
import type { DeletionItem, Page } from '../types';
import { undo } from '../undo';

const words = text.deleted;
const refreshMs = 10_000;

function Item({ item, changed }: { item: DeletionItem; changed: () => void }) {
  const { say } = useShared();
  const back = useAction(async () => {
    await undo(item.id);
    forgetLists();
    say(words.undone);
    changed();
  });
  const what = item.clip_id === null ? words.span : words.clip;
  const when = format.preciseSpan(Date.parse(item.from), Date.parse(item.to));
  const over = Date.parse(item.undo_until) <= serverNow();
  return (
    <li class="card row between">
      <span>
        <span class="strong">{what}, {item.camera_name}</span>{item.clip_name !== '' && <span class="small break"> {item.clip_name}</span>}<br />
        {when}<br />
        <span class="small">{over ? words.over : words.until(format.soon(item.undo_until))}{item.held && ` ${words.held}`}</span>
        {back.error && <span class="small" role="alert"><br />{back.error.title}</span>}
      </span>
      {!over && <button type="button" class="button" disabled={back.busy} aria-label={words.undoWhat(`${what} ${when}`)} onClick={() => void back.run()}>{words.undo}</button>}
    </li>
  );
}

export function DeletedPage() {
  const loaded = useLoad<Page<DeletionItem>>('/api/v1/deletions');
  useTick(true, refreshMs, loaded.reload);
  const items = loaded.value?.items ?? [];
  return (
    <>
      <Title note={words.lead}>{words.title}</Title>
      <HomeTabs at="deleted" />
      {loaded.error && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.state === 'loading' && <Loading />}
      {loaded.state === 'ready' && items.length === 0 && <Empty icon="check" title={words.none}><p>{words.noneHelp}</p></Empty>}
      <ul class="stack">{items.map((d) => <Item key={d.id} item={d} changed={loaded.reload} />)}</ul>
    </>
  );
}
