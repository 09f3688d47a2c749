// SPDX-License-Identifier: Apache-2.0
// Pure: rules of keeping as they stand in a form, and as the API has them.
import type { Retention, Rule } from './types';

const hourS = 3600;
const dayS = 86_400;
const gb = 1e9;
export const longestS = 315_576_000; // ten years
export const longestUndoS = 7 * dayS;

/** none: not kept at all (live only), or no undo. */
export interface Length { amount: string; unit: 'hours' | 'days' | 'none' }
export interface Form {
  rules: { kind: Rule['kind']; length: Length }[];
  undo: Length;
  quota: string;
  soft: string;
}

export function lengthOf(seconds: number): Length {
  if (seconds === 0) return { amount: '', unit: 'none' };
  return seconds % dayS === 0 ? { amount: String(seconds / dayS), unit: 'days' } : { amount: String(Math.max(1, Math.round(seconds / hourS))), unit: 'hours' };
}

export function secondsOf(l: Length): number {
  return l.unit === 'none' ? 0 : Math.round(Number(l.amount)) * (l.unit === 'days' ? dayS : hourS);
}

export function gbOf(bytes: number | null): string {
  return bytes === null ? '' : String(Math.round(bytes / 1e6) / 1000);
}

export function bytesOfGb(field: string): number | null {
  return field.trim() === '' ? null : Math.round(Number(field) * gb);
}

/** Everything else always has a line of its own, the last: what it says without a rule is the default. */
export function formOf(r: Retention): Form {
  const rules = r.rules.some((x) => x.kind === '*') ? r.rules : [...r.rules, { kind: '*' as const, keep_s: r.default_keep_s }];
  return {
    rules: [...rules].sort((a, b) => Number(a.kind === '*') - Number(b.kind === '*')).map((x) => ({ kind: x.kind, length: lengthOf(x.keep_s) })),
    undo: lengthOf(r.undo_s), quota: gbOf(r.quota_bytes), soft: gbOf(r.quota_soft_bytes),
  };
}

const good = (l: Length, most: number) => l.unit === 'none' || (/^\d{1,6}$/.test(l.amount.trim()) && Number(l.amount) > 0 && secondsOf(l) <= most);
const goodGb = (s: string) => s.trim() === '' || (Number.isFinite(Number(s)) && Number(s) >= 0.001);

export function validForm(f: Form): boolean {
  return f.rules.every((r) => good(r.length, longestS)) && good(f.undo, longestUndoS) && goodGb(f.quota) && goodGb(f.soft);
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** What to send; a field nobody touched keeps the exact value it had. */
export function retentionOf(f: Form, was: Retention): Retention {
  const before = formOf(was);
  const rules = f.rules.flatMap(({ kind, length }): Rule[] => {
    const old = was.rules.find((r) => r.kind === kind);
    if (old && same(lengthOf(old.keep_s), length)) return [old];
    const untouchedDefault = kind === '*' && !old && same(lengthOf(was.default_keep_s), length);
    return untouchedDefault ? [] : [{ kind, keep_s: secondsOf(length) }];
  });
  return {
    ...was, rules,
    undo_s: same(f.undo, before.undo) ? was.undo_s : secondsOf(f.undo),
    quota_bytes: f.quota === before.quota ? was.quota_bytes : bytesOfGb(f.quota),
    quota_soft_bytes: f.soft === before.soft ? was.quota_soft_bytes : bytesOfGb(f.soft),
  };
}

/** What of it the server takes: members that did not change stay out of it. */
export function changes(next: Retention, was: Retention): Partial<Retention> {
  const out: Partial<Retention> = {};
  if (!same(next.rules, was.rules)) out.rules = next.rules;
  if (next.undo_s !== was.undo_s) out.undo_s = next.undo_s;
  if (next.quota_bytes !== was.quota_bytes) out.quota_bytes = next.quota_bytes;
  if (next.quota_soft_bytes !== was.quota_soft_bytes) out.quota_soft_bytes = next.quota_soft_bytes;
  return out;
}
