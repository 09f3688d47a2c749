// SPDX-License-Identifier: Apache-2.0
// The timeline in words, for those who cannot see or use the drawing, and for looking something up.
import { useState } from 'preact/hooks';
import * as format from '../format';
import { Icon } from '../icons';
import { Link } from '../parts';
import { text } from '../strings_cameras';
import { rows } from './model';
import type { Footage, Row } from './model';
import type { View } from './view';

const words = text.timeline;
const rowsMax = 200;

function Words({ row }: { row: Row }) {
  if (row.is === 'gap') {
    return <span class="soft">{words.gaps[row.gap.reason]}</span>;
  }
  if (row.is === 'run') {
    return <span>{row.run.late ? words.legendLate : words.legendFootage}</span>;
  }
  const { event } = row;
  return (
    <span class="chips">
      <span class="chip"><Icon name={event.kind} />{format.kindName(event.kind)}</span>
      {event.name !== '' && <span class="break">{event.name}</span>}
      {event.kept && <span class="chip good">{words.kept}</span>}
      {event.partial && <span class="chip warn">{words.partial}</span>}
      <Link class="button" href={`/clips/${event.id}`}>{words.openClip}</Link>
    </span>
  );
}

export function TimelineList({ footage, view, onSeek }: { footage: Footage; view: View; onSeek: (time: number) => void }) {
  const [open, setOpen] = useState(false);
  const all = open ? rows(footage, view) : [];
  return (
    <details class="timeline-list" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{words.listTitle}</summary>
      {open && (
        <>
          <p class="small">{words.listHelp}</p>
          {all.length === 0 && <p>{words.listEmpty}</p>}
          <ul>
            {all.slice(0, rowsMax).map((row) => (
              <li key={`${row.is}${row.span.from}`}>
                <span class="when">{format.clock(row.span.from)} – {format.clock(row.span.to)} <span class="small">({format.seconds(row.span.to - row.span.from)})</span></span>
                <Words row={row} />
                {row.is !== 'gap' && (
                  <button type="button" class="plain" aria-label={words.playFrom(format.clock(row.span.from))} onClick={() => onSeek(Math.max(row.span.from, view.from))}>
                    <Icon name="play" />
                  </button>
                )}
              </li>
            ))}
          </ul>
          {all.length > rowsMax && <p class="small">{words.listMore(all.length - rowsMax)}</p>}
        </>
      )}
    </details>
  );
}
