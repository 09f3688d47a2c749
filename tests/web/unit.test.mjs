// SPDX-License-Identifier: Apache-2.0
// The app's pure parts: words for times and sizes, addresses, the drawing of an area, errors.
process.env.TZ = 'America/Los_Angeles';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { source } from './load.mjs';

const format = await source('format.ts');
const geometry = await source('geometry.ts');
const route = await source('route.ts');
const api = await source('api.ts');
const receipt = await source('pages/receipt.tsx');
const request = await source('pages/request.tsx');
const clips = await source('pages/clips.tsx');
const log = await source('pages/log.tsx');

test('a length is minutes and seconds, hours when there are any, and never 0:00 for a real clip', () => {
  assert.equal(format.duration(0), '0:00');
  assert.equal(format.duration(120), '0:01');
  assert.equal(format.duration(20_480), '0:20');
  assert.equal(format.duration(65_000), '1:05');
  assert.equal(format.duration(3_607_000), '1:00:07');
});

test('short lengths keep tenths, long ones are minutes', () => {
  assert.equal(format.seconds(19_400), '19.4 s');
  assert.equal(format.seconds(20_000), '20 s');
  assert.equal(format.seconds(65_000), '1 min 5 s');
  assert.equal(format.seconds(120_000), '2 min');
});

test('sizes are decimal', () => {
  assert.equal(format.bytes(999), '999 bytes');
  assert.equal(format.bytes(2_483_301), '2.5 MB');
  assert.equal(format.bytes(250_000_000), '250 MB');
});

test('UTC is written out and keeps milliseconds that are not zero', () => {
  assert.equal(format.utc('2026-11-23T18:52:03.120Z'), '2026-11-23 18:52:03.120 UTC');
  assert.equal(format.utc('2026-11-23T18:52:03.000Z'), '2026-11-23 18:52:03 UTC');
});

test('a window in UTC names its day once, or both days', () => {
  assert.equal(format.utcSpan('2026-11-23T18:30:00.500Z', '2026-11-23T19:00:00.000Z'), '2026-11-23 18:30:00 – 19:00:00 UTC');
  assert.equal(format.utcSpan('2026-11-23T23:30:00.000Z', '2026-11-24T01:00:00.000Z'), '2026-11-23 23:30:00 – 2026-11-24 01:00:00 UTC');
});

test('days are local days', () => {
  const days = format.byDay(['2026-11-23T09:00:00.000Z', '2026-11-23T08:00:00.000Z', '2026-11-23T07:59:59.000Z'], (x) => x);
  assert.deepEqual(days.map((d) => [d.key, d.items.length]), [['2026-11-23', 2], ['2026-11-22', 1]]);
});

test('today and yesterday are called so, other days by name, other years with the year', () => {
  const now = new Date('2026-11-23T20:00:00.000Z');
  assert.equal(format.dayTitle('2026-11-23', now), 'Today');
  assert.equal(format.dayTitle('2026-11-22', now), 'Yesterday');
  assert.match(format.dayTitle('2026-11-20', now), /Friday/);
  assert.match(format.dayTitle('2025-11-20', now), /2025/);
});

test('yesterday is right on the first of a month and over a change of the clocks', () => {
  assert.equal(format.dayTitle('2026-10-31', new Date('2026-11-01T20:00:00.000Z')), 'Yesterday');
  assert.equal(format.dayTitle('2026-11-01', new Date('2026-11-02T07:30:00.000Z')), 'Today');
});

test('a date field becomes the local start of the day or of the next', () => {
  assert.equal(format.dayStart('2026-11-23'), '2026-11-23T08:00:00.000Z');
  assert.equal(format.dayStart('2026-11-23', true), '2026-11-24T08:00:00.000Z');
  assert.equal(format.dayStart('2026-11-01', true), '2026-11-02T08:00:00.000Z');
  assert.equal(format.dayStart(''), null);
  assert.equal(format.dayStart('23.11.2026'), null);
});

test('words stay English whatever the browser speaks', () => {
  assert.equal(format.locale('en-US'), 'en-US');
  assert.equal(format.locale('de-DE'), 'en-GB');
});

test('codecs are called what people call them', () => {
  const names = ['avc1.640016', 'avc3.42e01e', 'hvc1.1.6.L93.B0', 'hev1.1.6.L93.B0', 'mp4a.40.2', 'mp4a.6b', 'opus', 'ac-3', 'av01.0'];
  assert.deepEqual(names.map(format.codecName), ['H.264', 'H.264', 'H.265', 'H.265', 'AAC', 'MP3', 'Opus', 'AC-3', 'av01.0']);
  assert.ok(format.isHevc('hev1.1') && !format.isHevc('avc1.640016'));
});

test('media is fetched from the host the page came from, whatever name the server gives itself', () => {
  assert.equal(api.onThisHost('https://other.example:8443/api/v1/clips/a/clip.mp4?x=1'), '/api/v1/clips/a/clip.mp4?x=1');
  assert.equal(api.onThisHost('/api/v1/clips/a/clip.mp4'), '/api/v1/clips/a/clip.mp4');
});

const entry = (action, actor, detail = {}) => ({ action, actor, detail, subject: { kind: 'clip', id: 'c' } });
const camera = (id) => `camera ${id}`;

test('the log says who did what: oneself, a camera by name, an officer by name and agency', () => {
  assert.equal(log.sentence(entry('clip.view', { kind: 'account', id: 'me' }), 1, 'me', camera), 'You watched a clip');
  assert.equal(log.sentence(entry('clip.upload', { kind: 'camera', id: '7' }), 1, 'me', camera), 'camera 7 sent a clip');
  const officer = { officer: 'Dana Reyes', agency: 'Alder Falls PD' };
  assert.equal(log.sentence(entry('grant.download', { kind: 'officer', id: 'o' }, officer), 1, 'me', camera),
    'Dana Reyes of Alder Falls PD downloaded what you shared');
  assert.equal(log.sentence(entry('some.new_thing', { kind: 'system', id: null }), 1, 'me', camera), 'The server: some new thing');
});

test('looks at pictures by one person in a row are one line, anything else stays apart', () => {
  const [me, other] = [{ kind: 'account', id: 'me' }, { kind: 'account', id: 'b' }];
  const runs = log.fold([entry('clip.still', me), entry('clip.still', me), entry('clip.still', other), entry('clip.view', me), entry('clip.view', me), entry('clip.still', me)]);
  assert.deepEqual(runs.map((r) => r.length), [2, 1, 1, 1, 1]);
});

test('every address of the app leads to its page and others nowhere', () => {
  const page = (path, query = '') => route.parseRoute(path, query).page;
  assert.equal(page('/'), 'clips');
  assert.deepEqual(route.parseRoute('/clips/abc', ''), { page: 'clip', id: 'abc' });
  assert.deepEqual(route.parseRoute('/requests/abc', ''), { page: 'request', id: 'abc' });
  assert.deepEqual([page('/requests'), page('/shares'), page('/log'), page('/sign-in')], ['requests', 'shares', 'log', 'sign-in']);
  assert.deepEqual([page('/clips'), page('/clips/a/b'), page('/nothing'), page('/shares/x')], Array(4).fill('nowhere'));
});

test('after signing in nobody is sent to another site', () => {
  for (const bad of [null, '', 'https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '/sign-in?next=/']) {
    assert.equal(route.safeNext(bad), '/', String(bad));
  }
  assert.equal(route.safeNext('/clips/abc?x=1'), '/clips/abc?x=1');
});

test('the way back through sign-in keeps the page', () => {
  assert.equal(route.signInPath('/'), '/sign-in');
  const there = route.signInPath('/requests/abc?x=1');
  assert.equal(route.parseRoute('/sign-in', there.slice(there.indexOf('?'))).next, '/requests/abc?x=1');
});

test('filters survive the address and empty ones leave no trace', () => {
  const filter = { camera: 'c1', kind: 'ring', from: '2026-11-01', to: '' };
  assert.deepEqual(route.parseFilter(route.formatFilter(filter)), filter);
  assert.equal(route.formatFilter(route.noFilter), '');
});

test('the list asks for whole local days', () => {
  const q = new URLSearchParams(clips.listPath({ camera: '', kind: 'ring', from: '2026-11-20', to: '2026-11-23' }).split('?')[1]);
  assert.deepEqual([q.get('kind'), q.get('from'), q.get('to'), q.get('camera_id')],
    ['ring', '2026-11-20T08:00:00.000Z', '2026-11-24T08:00:00.000Z', null]);
});

const square = [[-122.68, 45.52], [-122.67, 45.52], [-122.67, 45.53], [-122.68, 45.53]];

test('the area of a square of a hundredth of a degree is right to one part in 500', () => {
  const exact = 0.01 * 111.32 * 0.01 * 111.32 * Math.cos((45.525 * Math.PI) / 180);
  assert.ok(Math.abs(geometry.areaKm2(square) / exact - 1) < 0.002);
  assert.ok(Math.abs(geometry.squareMiles(2.589988) - 1) < 1e-9);
});

test('a drawing has north up, keeps its proportions and stays inside', () => {
  const { points } = geometry.draw(square, 400, 260, 34);
  for (const p of points) {
    assert.ok(p.x >= 33.9 && p.x <= 366.1 && p.y >= 33.9 && p.y <= 226.1);
  }
  assert.ok(points[2].y < points[1].y, 'the northern corner is higher');
  const [w, h] = [points[1].x - points[0].x, points[1].y - points[2].y];
  assert.ok(Math.abs(w / h - Math.cos((45.525 * Math.PI) / 180)) < 0.01);
});

test('the scale bar is a round number of metres that fits', () => {
  assert.deepEqual([734, 200, 199, 12, 9].map(geometry.roundLength), [500, 200, 100, 10, 5]);
});

test('a polygon without extent does not break the drawing', () => {
  const { points } = geometry.draw([[1, 1], [1, 1], [1, 1]], 400, 260, 34);
  assert.ok(points.every((p) => Number.isFinite(p.x) && Number.isFinite(p.y)));
});

test('a problem becomes an error with its code, its words and its request id', () => {
  const e = api.problemFrom(404, { type: '/problems/not_found', title: 'T', detail: 'D', hint: 'H', request_id: 'R' }, new Headers());
  assert.deepEqual([e.code, e.status, e.title, e.hint, e.requestId], ['not_found', 404, 'D', 'H', 'R']);
});

test('an answer that is not a problem still gives words and the header\'s request id', () => {
  const e = api.problemFrom(502, undefined, new Headers({ 'X-Request-Id': 'R', 'Retry-After': '7' }));
  assert.deepEqual([e.code, e.requestId, e.retryAfterS], ['unreadable', 'R', 7]);
  assert.notEqual(e.title, '');
});

test('the undo counts down to the time the agency may see and is over then', () => {
  const grant = { state: 'undo', visible_at: '2026-11-23T19:01:10.000Z' };
  const at = Date.parse(grant.visible_at);
  assert.deepEqual([receipt.undoLeft(grant, at - 9_400), receipt.undoLeft(grant, at), receipt.undoLeft(grant, at + 5)], [10, 0, 0]);
  assert.equal(receipt.undoLeft({ ...grant, state: 'visible' }, at - 5_000), 0);
});

test('a preview plays exactly the span that would be sent', () => {
  const clip = { started_at: '2026-11-23T18:52:03.120Z', urls: { mp4: '/m' } };
  const match = { clip, sent_from: '2026-11-23T18:52:04.120Z', sent_to: '2026-11-23T18:52:23.520Z' };
  assert.equal(request.previewSrc(match), '/m#t=1.000,20.400');
});
