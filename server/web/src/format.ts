// SPDX-License-Identifier: Apache-2.0
// Pure: times, lengths and sizes as people read them. Local time is shown, UTC is always one hover away.
import { text } from './strings';
import type { ClipKind } from './types';

const minute = 60_000;

/** The reader's own English, or British English for everybody else: the words of the app are English. */
export function locale(language: string): string {
  return language.startsWith('en') ? language : 'en-GB';
}
const here = () => locale(typeof navigator === 'undefined' ? 'en-GB' : navigator.language);

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format is a hundred times dearer than using it. */
function local(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(here(), options);
  formats.set(key, known);
  return known;
}

export function time(iso: string): string {
  return local({ hour: 'numeric', minute: '2-digit', second: '2-digit' }).format(new Date(iso));
}

export function dateTime(iso: string): string {
  return local({ dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}

export function date(iso: string): string {
  return local({ dateStyle: 'long' }).format(new Date(iso));
}

export function utc(iso: string): string {
  return `${new Date(iso).toISOString().replace('T', ' ').replace(/\.000Z$|Z$/, '')} ${text.utc}`;
}

/** A window in UTC: whole seconds, the date once when it is one. */
export function utcSpan(fromIso: string, toIso: string): string {
  const [from, to] = [fromIso, toIso].map((iso) => new Date(iso).toISOString().slice(0, 19).replace('T', ' ')) as [string, string];
  return `${from} – ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to} ${text.utc}`;
}

/** "18:30 to 19:00" on one day, both dates when it runs over midnight. */
export function span(fromIso: string, toIso: string): string {
  const from = new Date(fromIso);
  const to = new Date(toIso);
  return local({ dateStyle: 'medium', timeStyle: 'short' }).formatRange(from, to);
}

const pad = (n: number) => String(n).padStart(2, '0');

/** 0:07, 1:05, 1:00:07. Rounds to the nearest second, but never a real clip to 0:00. */
export function duration(ms: number): string {
  const s = ms > 0 ? Math.max(1, Math.round(ms / 1000)) : 0;
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h > 0 ? `${h}:${pad(m)}:${pad(s % 60)}` : `${m}:${pad(s % 60)}`;
}

/** A length in words, with tenths while they matter: "0.5 s", "19.4 s", "1 min 5 s". */
export function seconds(ms: number): string {
  if (ms < minute) {
    return `${(Math.round(ms / 100) / 10).toString()} s`;
  }
  const s = Math.round(ms / 1000);
  return s % 60 === 0 ? `${s / 60} min` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

export function bytes(n: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = n;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** yyyy-mm-dd of the local day. */
export function dayKey(iso: string): string {
  const d = new Date(iso);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
}

export function dayTitle(key: string, now: Date): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (key === dayKey(now.toISOString())) {
    return text.clips.today;
  }
  if (key === dayKey(yesterday.toISOString())) {
    return text.clips.yesterday;
  }
  const [y, m, d] = key.split('-').map(Number) as [number, number, number];
  const day = new Date(y, m - 1, d);
  const sameYear = y === now.getFullYear();
  return local({
    weekday: 'long', day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }),
  }).format(day);
}

/** Consecutive things of one local day together, in the order given. */
export function byDay<T>(items: readonly T[], when: (item: T) => string): { key: string; items: T[] }[] {
  const days: { key: string; items: T[] }[] = [];
  for (const item of items) {
    const key = dayKey(when(item));
    const last = days[days.length - 1];
    if (last && last.key === key) {
      last.items.push(item);
    } else {
      days.push({ key, items: [item] });
    }
  }
  return days;
}

/** Local start of a day from a date field; dayAfter for the end that is not included. Null: not a date. */
export function dayStart(field: string, dayAfter = false): string | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(field);
  if (!match) {
    return null;
  }
  const d = new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]) + (dayAfter ? 1 : 0));
  return Number.isNaN(d.getTime()) ? null : d.toISOString();
}

/** From what a player is told ("avc1.640016") to what people call it. */
export function codecName(codec: string): string {
  const names: [RegExp, string][] = [
    [/^(avc|h264)/i, 'H.264'], [/^(hvc1|hev1|hevc|h265)/i, 'H.265'], [/^mp4a\.(6b|69|40\.34)/i, 'MP3'], [/^(mp4a|aac)/i, 'AAC'],
    [/^opus/i, 'Opus'], [/^mp3/i, 'MP3'], [/^(ec|e?ac)-?3/i, 'AC-3'],
  ];
  return names.find(([pattern]) => pattern.test(codec))?.[1] ?? codec;
}

export function isHevc(codec: string): boolean {
  return codecName(codec) === 'H.265';
}

/** A time of today, or date and time. */
export function soon(iso: string): string {
  return dayKey(iso) === dayKey(new Date().toISOString()) ? time(iso) : dateTime(iso);
}

/** Time of day with seconds, from milliseconds. */
export function clock(ms: number): string {
  return time(new Date(ms).toISOString());
}

export function dayClock(ms: number): string {
  return local({ weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit', second: '2-digit' }).format(new Date(ms));
}

/** From to, with seconds; the date once when both are on one day. */
export function preciseSpan(from: number, to: number): string {
  return local({ day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit', second: '2-digit' }).formatRange(new Date(from), new Date(to));
}

/** A mark on an axis: seconds only while they matter, the day at midnight. */
export function tick(ms: number, stepMs: number): string {
  const at = new Date(ms);
  if (at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0) {
    return local({ weekday: 'short', day: 'numeric' }).format(at);
  }
  return `${pad(at.getHours())}:${pad(at.getMinutes())}${stepMs < minute ? `:${pad(at.getSeconds())}` : ''}`;
}

export function kindName(kind: ClipKind): string {
  return text.kinds[kind] ?? kind;
}

/** What a datetime-local field holds: local time, whole seconds. */
export function field(ms: number): string {
  const d = new Date(ms);
  return `${dayKey(d.toISOString())}T${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

export function fromField(value: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?/.exec(value);
  if (match === null) {
    return null;
  }
  const [y, mo, d, h, mi, s] = match.slice(1).map((n) => Number(n ?? 0)) as [number, number, number, number, number, number];
  return new Date(y, mo - 1, d, h, mi, s).getTime();
}
