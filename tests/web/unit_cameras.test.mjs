// SPDX-License-Identifier: Apache-2.0
// The pure parts of the pages about cameras: boxes, pace, clocks, the day and its view, thumbs, rules of keeping.
process.env.TZ = 'America/Los_Angeles';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { source } from './load.mjs';

const boxes = await source('play/boxes.ts');
const pace = await source('play/pace.ts');
const choose = await source('play/choose.ts');
const pieces = await source('play/pieces.ts');
const screen = await source('play/screen.ts');
const clock = await source('clock.ts');
const model = await source('timeline/model.ts');
const view = await source('timeline/view.ts');
const thumbs = await source('timeline/thumbs.ts');
const retention = await source('retention.ts');
const format = await source('format.ts');
const route = await source('route.ts');

function box(type, ...parts) {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}
const u32 = (...n) => { const b = Buffer.alloc(4 * n.length); n.forEach((x, i) => b.writeUInt32BE(x, 4 * i)); return b; };

function readAll(bytes, step, wanted = ['moov', 'prft']) {
  const given = [];
  const reader = new boxes.BoxReader(wanted, (type, body) => given.push([type, Buffer.from(body)]));
  for (let i = 0; i < bytes.length; i += step) reader.push(bytes.subarray(i, i + step));
  return given;
}

test('wanted boxes come out whole however the bytes are cut; others are skipped', () => {
  const long = Buffer.concat([u32(1), Buffer.from('mdat'), u32(0, 24), Buffer.alloc(8)]);
  const stream = Buffer.concat([box('ftyp', Buffer.alloc(9)), box('moov', Buffer.from('abc')), long, box('prft', Buffer.from('xy')), box('moof'), box('moov')]);
  for (const step of [1, 2, 3, 7, 8, 64, 1000]) {
    assert.deepEqual(readAll(stream, step).map(([t, b]) => [t, b.toString()]), [['moov', 'abc'], ['prft', 'xy'], ['moov', '']], `${step} bytes at a time`);
  }
});

test('a box shorter than its head and a wanted one over 1 MiB are refused; one without end is skipped for ever', () => {
  assert.throws(() => readAll(Buffer.concat([u32(7), Buffer.from('moov')]), 8), RangeError);
  assert.throws(() => readAll(Buffer.concat([u32(2 << 20), Buffer.from('moov')]), 8), RangeError);
  assert.deepEqual(readAll(Buffer.concat([u32(0), Buffer.from('mdat'), box('moov')]), 5), []);
});

test('the timescale of each track is found in both versions, and broken tracks are left out', () => {
  const trak = (v, id, scale) => box('trak', box('tkhd', u32(v << 24), Buffer.alloc(v ? 16 : 8), u32(id, 0)),
    box('mdia', box('hdlr', Buffer.alloc(8)), box('mdhd', u32(v << 24), Buffer.alloc(v ? 16 : 8), u32(scale, 0))));
  const moov = Buffer.concat([box('mvhd', Buffer.alloc(20)), trak(0, 1, 90000), trak(1, 2, 16000), box('trak', box('tkhd', u32(0)), box('mdia'))]);
  assert.deepEqual([...boxes.timescales(moov)], [[1, 90000], [2, 16000]]);
  assert.deepEqual([...boxes.timescales(moov.subarray(0, 60))], []);
});

test('a producer reference gives track, time of day and media time, also after 2036', () => {
  const at = Date.parse('2026-11-23T18:52:03.500Z');
  const ntp = at / 1000 - 0.5 + 2_208_988_800;
  const short = Buffer.concat([u32(24, 1, ntp, 2 ** 31, 900_000)]);
  assert.deepEqual(boxes.reference(short), { track: 1, wallMs: at, mediaTime: 900_000 });
  assert.deepEqual(boxes.reference(Buffer.concat([u32(0x01000018, 2, ntp, 0, 1, 5)])), { track: 2, wallMs: at - 500, mediaTime: 2 ** 32 + 5 });
  const later = boxes.reference(Buffer.concat([u32(24, 1, 100, 0, 0)]));
  assert.equal(new Date(later.wallMs).toISOString(), '2036-02-07T06:29:56.000Z');
  assert.equal(boxes.reference(short.subarray(0, 19)), null);
});

test('what the server says in between is heard under its own scheme only', () => {
  const emsg = (scheme, value, message) => Buffer.concat([u32(1 << 24, 90000, 0, 5, 0, 1), Buffer.from(`${scheme}\0${value}\0${message}`)]);
  assert.deepEqual(boxes.told(emsg('urn:x', 'ended', '{"reason":"cut_off"}'), 'urn:x'), { value: 'ended', message: '{"reason":"cut_off"}' });
  assert.equal(boxes.told(emsg('urn:y', 'ended', ''), 'urn:x'), null);
  assert.equal(boxes.told(Buffer.alloc(3), 'urn:x'), null);
});

/** Plays a stream of half-second fragments and says how far behind the edge it settles; lateS: what each fragment is late by. */
function play(seconds, lateS, backlog = 2) {
  const p = new pace.Pacer();
  let at = 0;
  let rate = 1;
  const lags = [];
  let stalls = 0;
  for (let t = 0; t < seconds; t += 0.1) {
    let end = backlog;
    for (let n = 1; n * 0.5 + lateS(n) <= t; n++) end = backlog + n * 0.5;
    const step = p.step(at, end, t);
    if (step.seek !== null) at = step.seek;
    rate = step.rate;
    if (at >= end) { stalls++; p.stalled(); } else at = Math.min(end, at + 0.1 * rate);
    if (t > seconds / 2) lags.push(end - at);
  }
  return { worst: Math.max(...lags), least: Math.min(...lags), stalls };
}

test('live play drops its first backlog, keeps within a fragment and a margin of the edge, and does not run dry', () => {
  const calm = play(60, () => 0);
  assert.ok(calm.worst < 0.95 && calm.least > 0.02, JSON.stringify(calm));
  assert.ok(calm.stalls <= 1, JSON.stringify(calm));
});

test('on a line that stutters the margin grows until nothing stalls any more', () => {
  const p = play(120, (n) => (n % 8 === 0 ? 0.6 : 0));
  const later = play(240, (n) => (n % 8 === 0 ? 0.6 : 0));
  assert.ok(later.stalls - p.stalls < p.stalls + 12 && p.worst < 3, JSON.stringify([p, later]));
});

test('waits between tries grow to 15 s and differ from viewer to viewer', () => {
  assert.deepEqual([0, 1, 2, 3, 20].map((n) => pace.backOff(n, 0.5)), [500, 1000, 2000, 4000, 15_000]);
  assert.ok(pace.backOff(3, 0) < pace.backOff(3, 0.99));
});

test('the buffer is looked at where we are, else where it begins again', () => {
  const ranges = [[0, 5], [8, 9]];
  assert.deepEqual(pace.rangeAt(ranges, 3), [0, 5]);
  assert.deepEqual(pace.rangeAt(ranges, 6), [8, 9]);
  assert.equal(pace.rangeAt(ranges, 10), null);
});

test('the ways to play live are tried in order, each three times in vain', () => {
  const all = { stream: true, hls: true, native: true };
  assert.equal(choose.chooseWay(all, null), 'stream');
  assert.equal(choose.chooseWay(all, { way: 'stream', fruitless: 2 }), 'stream');
  assert.equal(choose.chooseWay(all, { way: 'stream', fruitless: 3 }), 'hls');
  assert.equal(choose.chooseWay({ ...all, hls: false }, { way: 'stream', fruitless: 3 }), 'native');
  assert.equal(choose.chooseWay(all, { way: 'native', fruitless: 3 }), null);
  assert.equal(choose.chooseWay({ stream: false, hls: false, native: false }, null), null);
});

test('the server\'s clock is narrowed by every answer; clocks that may agree do', () => {
  let b = null;
  const ahead = 5230; // the truth
  for (let sent = 0; sent < 10_000; sent += 370) {
    b = clock.narrow(b, sent, sent + 20, Math.floor((sent + 10 + ahead) / 1000) * 1000);
  }
  assert.ok(Math.abs(clock.serverAhead(b) - ahead) < 60, `${clock.serverAhead(b)}`);
  assert.equal(clock.serverAhead(clock.narrow(null, 100_400, 100_420, 100_000)), 0);
  const jumped = clock.narrow(b, 20_000, 20_020, 900_000);
  assert.ok(clock.serverAhead(jumped) > 870_000);
});

test('time of day and media time lead to each other over a hole', () => {
  const list = pieces.piecesFrom('#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T10:00:00Z\n#EXTINF:10.0,\na\n#EXTINF:5,\nb\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T11:00:00Z\n#EXTINF:10,\nc\n');
  const ten = Date.parse('2026-11-23T10:00:00Z');
  assert.deepEqual(list.map((p) => [p.media, p.length]), [[0, 10], [10, 5], [15, 10]]);
  assert.equal(pieces.mediaAt(list, ten + 12_000), 12);
  assert.equal(pieces.mediaAt(list, ten + 1_800_000), 15, 'in the hole: where the next begins');
  assert.equal(pieces.mediaAt(list, ten + 3_610_001), null);
  assert.equal(pieces.wallAt(list, 16), ten + 3_601_000);
  assert.equal(pieces.wallAt(list, 14.9), ten + 14_900);
  assert.equal(pieces.wallAt([], 1), null);
});

test('a snapshot is named by camera and time, whatever the camera is called', () => {
  const at = new Date('2026-11-23T18:52:03.900Z');
  assert.equal(screen.pictureName('Front door', at), 'Front-door_2026-11-23T18-52-03Z.jpg');
  assert.equal(screen.pictureName('  Café/../Tür ', at), 'Cafe-Tu-r_2026-11-23T18-52-03Z.jpg');
  assert.equal(screen.pictureName('門', at), 'camera_2026-11-23T18-52-03Z.jpg');
});

const run = (from, to, late = false) => ({ from, to, id: `r${from}`, late });

test('what two answers tell of their border is one thing again', () => {
  const a = { ...model.nothing, runs: [run(0, 1000)], gaps: [{ from: 1000, to: 2000, reason: 'offline' }], events: [{ from: 900, to: 2100, id: 'e' }] };
  const b = { ...model.nothing, runs: [run(3000, 4000, true)], gaps: [{ from: 2000, to: 3000, reason: 'offline' }], events: [{ from: 900, to: 2100, id: 'e' }] };
  const both = model.merged([b, a]);
  assert.deepEqual(both.gaps, [{ from: 1000, to: 3000, reason: 'offline' }]);
  assert.equal(both.events.length, 1);
  assert.equal(both.runs.length, 2);
});

test('the next and the previous event, and footage from a time on', () => {
  const events = [10_000, 60_000, 120_000].map((t) => ({ from: t, to: t + 20_000, id: String(t) }));
  assert.equal(model.eventAfter(events, 10_000).from, 60_000);
  assert.equal(model.eventBefore(events, 70_000).from, 60_000, 'in the middle: to its begin');
  assert.equal(model.eventBefore(events, 60_500).from, 10_000);
  assert.equal(model.eventAfter(events, 120_000), null);
  assert.equal(model.footageFrom([run(0, 1000), run(5000, 9000)], 3000), 5000);
  assert.equal(model.footageFrom([run(0, 10_000)], 3000), 3000);
  assert.equal(model.footageFrom([run(0, 1000)], 3000), null);
});

test('zooming keeps the time under the pointer, and stays between a minute, a day and now', () => {
  const now = 1e12;
  const v = view.around(now - 5e6, 3.6e6, now);
  const near = view.zoomed(v, 0.5, v.from + 1e6, now);
  assert.ok(Math.abs((v.from + 1e6 - near.from) / (near.to - near.from) - 1e6 / 3.6e6) < 1e-9);
  assert.equal(view.zoomed(v, 1e-9, v.from, now).to - view.zoomed(v, 1e-9, v.from, now).from, view.shortestMs);
  const far = view.zoomed(v, 1e9, v.from, now);
  assert.equal(far.to - far.from, view.longestMs);
  assert.ok(view.moved(v, 1e12, now).to <= now + 0.05 * 3.6e6);
});

test('marks stand on round local times, also where the zone is not a whole hour from UTC', () => {
  const from = Date.parse('2026-11-23T00:07:00Z');
  const { step, times } = view.ticks({ from, to: from + 6 * 3.6e6 }, 600, 64, () => 5.75 * 3.6e6);
  assert.equal(step, 3.6e6);
  assert.ok(times.length >= 5 && times.every((t) => (t + 5.75 * 3.6e6) % 3.6e6 === 0));
});

test('the view follows a time that leaves it, and only then', () => {
  const v = { from: 0, to: 1000_000 };
  assert.equal(view.following(v, 500_000, 1e12), v);
  const on = view.following(v, 1000_001, 1e12);
  assert.ok(on.from < 1000_001 && on.to > 1000_001 && on.from > 800_000);
});

test('the place survives the address, and nonsense in it is nothing', () => {
  const v = { from: 0, to: 3.6e6 };
  const at = Date.parse('2026-11-23T18:52:03Z');
  assert.deepEqual(view.parsePlace(view.formatPlace(at, v)), { at, long: 3.6e6 });
  assert.deepEqual(view.parsePlace('?at=yesterday&span=-1'), { at: null, long: null });
  assert.equal(view.parsePlace('?span=99999999').long, view.longestMs);
});

test('days of a view are those it touches', () => {
  assert.deepEqual(view.daysOf({ from: 0, to: view.dayMs }), [0]);
  assert.deepEqual(view.daysOf({ from: view.dayMs - 1, to: view.dayMs + 1 }), [0, 1]);
});

test('a tile is found by its time; broken cues are left out', () => {
  const tiles = thumbs.parseThumbs('WEBVTT\n\n00:00.000 --> 00:10.000\nthumbs/a.jpg?x=1#xywh=160,90,160,90\n\nbad --> worse\nthumbs/b.jpg#xywh=0,0,1,1\n\n00:00:20.000 --> 00:00:30.000\nthumbs/a.jpg?x=1#xywh=0,0,160,90\n', 1000_000, 'https://h/api/v1/cameras/c/thumbs.vtt?from=x');
  assert.equal(tiles.length, 2);
  assert.deepEqual([tiles[0].src, tiles[0].x, tiles[0].y, tiles[0].from], ['https://h/api/v1/cameras/c/thumbs/a.jpg?x=1', 160, 90, 1000_000]);
  assert.equal(thumbs.tileAt(tiles, 1000_000 + 9999), tiles[0]);
  assert.equal(thumbs.tileAt(tiles, 1000_000 + 15_000), null, 'between');
  assert.equal(thumbs.tileAt(tiles, 1000_000 + 30_000), null);
});

test('rules in a form come back as they were, and only what changed is sent', () => {
  const was = { rules: [{ kind: 'ring', keep_s: 2_592_001 }], default_keep_s: 604_800, undo_s: 5000, quota_bytes: 123_456_789, quota_soft_bytes: null };
  const form = retention.formOf(was);
  assert.deepEqual(form.rules.map((r) => r.kind), ['ring', '*'], 'everything else has a line, the last');
  assert.deepEqual(retention.changes(retention.retentionOf(form, was), was), {});
  form.rules[1].length = { amount: '3', unit: 'days' };
  assert.deepEqual(retention.changes(retention.retentionOf(form, was), was), { rules: [{ kind: 'ring', keep_s: 2_592_001 }, { kind: '*', keep_s: 259_200 }] });
  assert.deepEqual(retention.lengthOf(0), { amount: '', unit: 'none' });
});

test('lengths that the server would refuse are refused in the form', () => {
  const form = (length, undo = { amount: '1', unit: 'days' }) => ({ rules: [{ kind: '*', length }], undo, quota: '', soft: '' });
  assert.ok(retention.validForm(form({ amount: '30', unit: 'days' })));
  assert.ok(retention.validForm(form({ amount: '', unit: 'none' })));
  for (const amount of ['', '0', '-1', '1.5', 'x', '999999']) assert.ok(!retention.validForm(form({ amount, unit: 'days' })), amount);
  assert.ok(!retention.validForm(form({ amount: '1', unit: 'days' }, { amount: '8', unit: 'days' })));
});

test('a time goes into a field and back, seconds kept', () => {
  const at = Date.parse('2026-11-23T18:52:03Z');
  assert.equal(format.field(at), '2026-11-23T10:52:03');
  assert.equal(format.fromField('2026-11-23T10:52:03'), at);
  assert.equal(format.fromField('2026-11-23T10:52'), at - 3000);
  assert.equal(format.fromField('soon'), null);
});

test('addresses of cameras lead to their pages', () => {
  assert.deepEqual(route.parseRoute('/cameras', ''), { page: 'cameras' });
  assert.deepEqual(route.parseRoute('/cameras/abc', ''), { page: 'live', id: 'abc' });
  assert.deepEqual(route.parseRoute('/cameras/abc/timeline', '?at=1'), { page: 'timeline', id: 'abc' });
  assert.deepEqual(route.parseRoute('/cameras/abc/keeping', ''), { page: 'keeping', id: 'abc' });
  assert.deepEqual(['/cameras/abc/x', '/cameras/abc/timeline/x', '/storage/x'].map((p) => route.parseRoute(p, '').page), Array(3).fill('nowhere'));
});
