// SPDX-License-Identifier: Apache-2.0
// The bar that stands after something was deleted, on whichever page, until it was undone, closed or is over.
import { useEffect, useState } from 'preact/hooks';
import { call, serverNow } from './api';
import * as format from './format';
import { Icon } from './icons';
import { useAction } from './state';
import { text } from './strings';
import type { Deletion } from './types';

export interface Undoable {
  deletion: Deletion;
  what: string;
  /** What was deleted is back. */
  done?: () => void;
}

export async function undo(deletionId: string): Promise<void> {
  await call<unknown>('POST', `/api/v1/deletions/${deletionId}/undo`);
}

export function UndoBar({ item, close, say }: { item: Undoable; close: () => void; say: (s: string) => void }) {
  const [left, setLeft] = useState(true);
  const back = useAction(async () => {
    await undo(item.deletion.id);
    close();
    say(text.undo.undone);
    item.done?.();
  });
  useEffect(() => {
    const ms = Date.parse(item.deletion.undo_until) - serverNow();
    const timer = ms < 2 ** 31 - 1 ? setTimeout(() => setLeft(false), Math.max(0, ms)) : undefined;
    return () => clearTimeout(timer);
  }, [item]);
  if (!left) {
    return null;
  }
  return (
    <div class="undo-bar" role="region" aria-label={item.what}>
      <div>
        <p class="strong" role="status">{item.what}</p>
        <p class="small">{text.undo.until(format.soon(item.deletion.undo_until))}</p>
        {back.error && <p role="alert">{back.error.title}</p>}
      </div>
      <button type="button" class="button" disabled={back.busy} onClick={() => void back.run()}>
        {back.busy ? text.undo.undoing : text.undo.undo}
      </button>
      <button type="button" class="plain" aria-label={text.undo.close} onClick={close}><Icon name="close" /></button>
    </div>
  );
}
