// SPDX-License-Identifier: Apache-2.0
// The timeline in Chromium against the real server: every picture says when it was taken. DOORWARD_HOME: see session.mjs; more: camera,
// spans ([[from, to]] in Unix ms of what was sent, in order, a hole between the second and the third); DOORWARD_SHOTS keeps pictures.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkAxe, checkTargets, checkWidth } from './browser.mjs';
import { readClock } from './clock.mjs';
import { ask, home, signedIn } from './session.mjs';

const { camera, spans } = home;
const shots = process.env.DOORWARD_SHOTS;
const frameMs = 100;
let s;
before(async () => { s = await signedIn(); });
after(() => s?.close());

const place = (ms, span = 600) => `/cameras/${camera}/timeline?at=${new Date(ms).toISOString()}&span=${span}`;
const at = (page) => page.locator('.now-shown time').getAttribute('datetime').then(Date.parse);

/** Wait until the picture is the one of this time, to two frames; how long it took. */
async function shows(page, ms, within = 2 * frameMs) {
  const begin = Date.now();
  let seen;
  while (Date.now() - begin < 20_000) {
    seen = await readClock(page);
    if (Math.abs(seen - ms) <= within) return Date.now() - begin;
    await page.waitForTimeout(20);
  }
  throw new assert.AssertionError({ message: `the picture of ${new Date(ms).toISOString()} never came; it shows ${Number.isNaN(seen) ? 'none' : new Date(seen).toISOString()}` });
}

async function looks(page, name) {
  for (const [scheme, width, height] of [['light', 360, 740], ['dark', 360, 740], ['dark', 1280, 800], ['light', 1280, 800]]) {
    const where = `real-${name}-${width}-${scheme}`;
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height });
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    await checkAxe(page, where);
    await checkWidth(page, where);
    await checkTargets(page, where);
    await page.evaluate(() => window.scrollTo(0, 0));
    if (shots) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${where}.png`), fullPage: true });
    }
  }
}

test('without a place the newest footage is shown, and the day as it was', async () => {
  const page = await s.at(`/cameras/${camera}/timeline`);
  await shows(page, spans.at(-1)[1] - 10_000, 1500);
  await page.locator('.run').first().waitFor({ state: 'attached' });
  await page.locator('.event').first().waitFor({ state: 'attached' });
  await looks(page, 'timeline');
  await s.done(page, 'newest');
});

test('an address shows its picture, and stepping, keys and events show theirs', async () => {
  const start = spans[0][0] + 20_000;
  const page = await s.at(place(start));
  await shows(page, start);
  await page.locator('.track-slider').focus();
  const press = async (key, ms) => {
    await page.keyboard.press(key);
    return shows(page, ms);
  };
  await press('.', start + 1000);
  await press('l', start + 11_000);
  await press('j', start + 1000);
  await press(',', start);
  const took = [];
  for (const ms of [spans[1][0] + 3000, spans[0][0] + 5000, spans[1][0] + 30_000, spans[0][0] + 41_000]) {
    const box = await page.locator('.track').boundingBox();
    const view = (await page.locator('.track-slider').evaluate((e) => [Number(e.ariaValueMin), Number(e.ariaValueMax)])).map((x) => x * 1000);
    const x = box.x + ((ms - view[0]) / (view[1] - view[0])) * box.width;
    await page.mouse.move(x, box.y + 60);
    await page.mouse.down();
    await page.mouse.up();
    const begin = Date.now();
    const pixel = (view[1] - view[0]) / box.width;
    await shows(page, ms, 2 * frameMs + 2 * pixel);
    took.push(Date.now() - begin);
  }
  took.sort((a, b) => a - b);
  console.log(`press on the timeline to its picture, ms: ${took.join(' ')}`);
  assert.ok(took[2] <= 700, `third of four ${took[2]} ms`);
  await page.getByRole('button', { name: 'Next event' }).click();
  await shows(page, spans[1][0], 1000);
  await s.done(page, 'steps');
});

test('playing goes over the hole to what comes after it, and the picture and the clock above it agree', async () => {
  const page = await s.at(place(spans[1][1] - 4000));
  await shows(page, spans[1][1] - 4000);
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await shows(page, spans[2][0] + 2000, 1500);
  await page.keyboard.press('k');
  await page.waitForFunction(() => document.querySelector('video').paused);
  await page.waitForTimeout(300);
  assert.ok(Math.abs((await at(page)) - (await readClock(page))) <= 1000 + 2 * frameMs);
  await s.done(page, 'over the hole');
});

test('a hole says why there is nothing, and leads to the next footage', async () => {
  const page = await s.at(place((spans[1][1] + spans[2][0]) / 2));
  await page.getByText(/^No footage /).waitFor();
  await looks(page, 'gap');
  await page.getByRole('button', { name: 'Next footage' }).click();
  await shows(page, spans[2][0], 500);
  await s.done(page, 'hole');
});

/** First and last picture of a file, as the camera stamped them. */
function ends(file) {
  const raw = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'], { maxBuffer: 1 << 28 });
  const stamp = (n) => {
    let time = 0;
    for (let i = 0; i < 60; i++) time = time * 2 + (raw[n * 320 * 180 + (Math.floor(i / 20) * 16 + 8) * 320 + (i % 20) * 16 + 8] > 128 ? 1 : 0);
    return time;
  };
  const n = raw.length / (320 * 180);
  return { first: stamp(0), last: stamp(n - 1) };
}

test('a selected span is exported with exact ends, over the border of two uploads', async () => {
  const [from, to] = [spans[0][1] - 5000, spans[1][0] + 5000].map((ms) => Math.round(ms / 1000) * 1000);
  const page = await s.at(place(from));
  await shows(page, from);
  await page.locator('.track-slider').focus();
  await page.keyboard.press('s');
  await page.getByRole('button', { name: 'Begins here' }).click();
  await page.getByLabel('To', { exact: true }).fill(await page.evaluate((ms) => {
    const d = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
    return d.toISOString().slice(0, 19);
  }, to));
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export MP4' }).click()]);
  const file = join(tmpdir(), `dw-export-${process.pid}.mp4`);
  writeFileSync(file, readFileSync(await download.path()));
  const { first, last } = ends(file);
  assert.ok(Math.abs(first - from) <= frameMs && Math.abs(last + frameMs - to) <= frameMs, `${first - from} ms, ${last + frameMs - to} ms off`);
  await s.done(page, 'export');
});

test('a deleted span is a gap at once, and undo brings its pictures back', async () => {
  const middle = spans[0][0] + 30_000;
  const page = await s.at(place(middle, 120));
  await shows(page, middle);
  await page.locator('.track-slider').focus();
  await page.keyboard.press('s');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: 'Delete footage' }).click();
  const bar = page.getByRole('region', { name: /^Deleted: / });
  await bar.getByText(/^You can undo this until/).waitFor();
  await page.locator('.gap-deleted').waitFor({ state: 'attached' });
  await looks(page, 'deleted-span');
  await page.goto(`${home.url}/deleted`);
  await page.getByText(/^Can be brought back until/).waitFor();
  await looks(page, 'deleted');
  await page.getByRole('button', { name: /^Undo/ }).click();
  await page.getByText('It is back.').waitFor();
  await page.goto(home.url + place(middle, 120));
  await shows(page, middle);
  assert.equal(await page.locator('.gap-deleted').count(), 0);
  await s.done(page, 'delete');
});

test('rules are changed with a preview, and the word is asked for when something would go', async () => {
  const page = await s.at(`/cameras/${camera}/keeping`);
  await page.getByText(/^(Nothing is erased|This would erase)/).waitFor();
  await looks(page, 'keeping');
  await page.getByRole('combobox', { name: 'Keep everything for: Unit' }).selectOption('none');
  await page.getByText(/^This would erase [1-9]/).waitFor();
  await page.getByLabel('All footage, old and new').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  assert.ok(await page.getByRole('button', { name: 'Save and erase' }).isDisabled());
  await page.keyboard.press('Escape');
  await page.getByRole('combobox', { name: 'Keep everything for: Unit' }).selectOption('days');
  await page.getByRole('spinbutton', { name: 'Keep everything for' }).fill('14');
  await page.getByText('Nothing is erased by this.').waitFor();
  await page.getByLabel('New footage only').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved.').waitFor();
  const { json } = await ask(page, `/api/v1/cameras/${camera}/retention`);
  assert.deepEqual(json.rules, [{ kind: '*', keep_s: 14 * 86_400 }]);
  await s.done(page, 'keeping');
});

test('the cameras page and storage with real data are accessible and fit', async () => {
  for (const [name, path, words] of [['cameras', '/cameras', 'Front door'], ['storage', '/storage', 'Used']]) {
    const page = await s.at(path);
    await page.getByText(words).first().waitFor();
    await looks(page, name);
    await s.done(page, name);
  }
});
