// SPDX-License-Identifier: Apache-2.0
// Live view in Chromium against the real server and a camera whose pictures say when they were taken. DOORWARD_HOME: see
// session.mjs; more: camera (sends), silent (never sent); DOORWARD_SHOTS.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkAxe, checkTargets, checkWidth } from './browser.mjs';
import { readClock } from './clock.mjs';
import { ask, home, signedIn } from './session.mjs';

const { camera, silent } = home;
const live = `/cameras/${camera}`;
const shots = process.env.DOORWARD_SHOTS;
let s;
before(async () => { s = await signedIn(); });
after(() => s?.close());

const delayed = (page) => page.waitForFunction(() => Number(document.querySelector('[data-delay]')?.dataset.delay ?? NaN) >= 0);
const percentile = (list, p) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))];

async function looks(page, name) {
  for (const [scheme, width, height] of [['light', 360, 740], ['dark', 360, 740], ['dark', 1280, 800], ['light', 1280, 800]]) {
    const where = `real-${name}-${width}-${scheme}`;
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height });
    await checkAxe(page, where);
    await checkWidth(page, where);
    await checkTargets(page, where);
    if (shots) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${where}.png`), fullPage: true });
    }
  }
}

/** Delay from camera to screen, read off the pictures; what the page says of it; and how often the picture stood still. */
async function measure(page, seconds) {
  const delays = [];
  const errors = [];
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const [seen, told] = [await readClock(page), await page.locator('[data-delay]').getAttribute('data-delay').catch(() => null)];
    if (!Number.isNaN(seen)) {
      delays.push((Date.now() - seen) / 1000);
      if (told !== null) errors.push(Math.abs(Number(told) - delays.at(-1)));
    }
    await page.waitForTimeout(100);
  }
  return { p50: percentile(delays, 0.5), p95: percentile(delays, 0.95), n: delays.length, told: percentile(errors, 0.5) };
}

test('live view starts at once and stays about a second behind the camera; the delay shown is the true one', async () => {
  const begin = Date.now();
  const page = await s.at(live);
  await delayed(page);
  const took = Date.now() - begin;
  await page.waitForTimeout(6000);
  const m = await measure(page, 20);
  console.log(`live by one MP4: first picture ${took} ms after the address; delay p50 ${m.p50.toFixed(2)} s, p95 ${m.p95.toFixed(2)} s of ${m.n}; shown with an error of ${m.told.toFixed(2)} s`);
  assert.ok(took <= 4000 && m.p95 <= home.slack * 1 && m.told <= 0.7, JSON.stringify(m));
  await looks(page, 'live');
  await s.done(page, 'live');
});

test('where fetch cannot stream, low-latency HLS is played, and the page says so', async () => {
  const page = await s.at('/log');
  await page.addInitScript(() => {
    const real = window.fetch;
    window.fetch = (url, ...rest) => (String(url).includes('live.mp4') ? Promise.reject(new TypeError('refused')) : real(url, ...rest));
  });
  await page.goto(home.url + live);
  await page.getByText(/^The quickest way did not work here/).waitFor();
  await delayed(page);
  await page.waitForTimeout(6000);
  const m = await measure(page, 15);
  console.log(`live by low-latency HLS: delay p50 ${m.p50.toFixed(2)} s, p95 ${m.p95.toFixed(2)} s of ${m.n}; shown with an error of ${m.told.toFixed(2)} s`);
  assert.ok(m.p95 <= home.slack * 2 && m.told <= 0.7, JSON.stringify(m));
  await looks(page, 'live-hls');
  await s.done(page, 'hls');
});

test('a snapshot is the picture that was shown, named by camera and time', async () => {
  const page = await s.at(live);
  await delayed(page);
  await page.waitForTimeout(2000);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Snapshot' }).click()]);
  const [, y, t] = /^Front-door_(\d{4}-\d\d-\d\d)T(\d\d-\d\d-\d\d)Z\.jpg$/.exec(download.suggestedFilename());
  assert.ok(Math.abs(Date.parse(`${y}T${t.replaceAll('-', ':')}Z`) - Date.now()) < 10_000);
  assert.equal(readFileSync(await download.path()).subarray(0, 2).toString('hex'), 'ffd8');
  await s.done(page, 'snapshot');
});

test('who watches is listed and is cut off; they are told', async () => {
  const [page, other] = [await s.at(live), await s.at(live)];
  await delayed(page);
  await delayed(other);
  await page.getByRole('button', { name: 'End for You' }).first().waitFor();
  const viewers = (await ask(page, `/api/v1/cameras/${camera}/viewers`)).json.items;
  assert.ok(viewers.some((v) => v.how === 'stream'));
  for (const v of viewers) {
    const session = (await ask(page, '/api/v1/session')).json;
    const cut = await page.request.delete(`${home.url}/api/v1/cameras/${camera}/viewers/${v.id}`, { headers: { 'X-CSRF-Token': session.csrf } });
    assert.equal(cut.status(), 204);
  }
  await other.getByText(/^Live view was ended by someone/).waitFor();
  await looks(other, 'live-ended');
  await s.done(other, 'cut off');
  await s.done(page, 'viewers');
});

test('a camera that never sent says so', async () => {
  const page = await s.at(`/cameras/${silent}`);
  await page.getByText('No picture so far').waitFor();
  await looks(page, 'live-never');
  await s.done(page, 'never');
});
