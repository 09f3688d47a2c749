// SPDX-License-Identifier: Apache-2.0
// The pages about cameras against the stand-in: every state of each, then what an owner does with them.
// Environment: DOORWARD_WEB_MODULES, DOORWARD_WEB_BUNDLE, DOORWARD_OPENAPI (JSON), DOORWARD_WEB_MEDIA; DOORWARD_SHOTS keeps pictures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { checkQuiet, launch, open, settled } from './browser.mjs';
import { startMock } from './mock.mjs';
import { checkScreens } from './screens.mjs';

const hour = 3_600_000;
let browser;
let mock;

before(async () => {
  mock = await startMock({
    doc: JSON.parse(readFileSync(process.env.DOORWARD_OPENAPI, 'utf8')), bundle: process.env.DOORWARD_WEB_BUNDLE, media: process.env.DOORWARD_WEB_MEDIA,
  });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await mock?.close();
});
beforeEach(() => mock.reset());

const camera = (n = 0) => mock.state.cameras[n].id;
const live = (n = 0) => `/cameras/${camera(n)}`;
const day = (more = '') => `/cameras/${camera()}/timeline${more}`;
const iso = (ms) => new Date(ms).toISOString();
const ago = (ms, span = 1800) => day(`?at=${iso(Date.now() - ms)}&span=${span}`);

const playing = (page) => page.waitForFunction(() => {
  const v = document.querySelector('video');
  return v && v.readyState >= 2 && v.videoWidth > 0 && !v.seeking;
});
const delayed = (page) => page.waitForFunction(() => Number(document.querySelector('[data-delay]')?.dataset.delay ?? NaN) >= 0);
const at = (page) => page.locator('.now-shown time').getAttribute('datetime').then(Date.parse);
const select = (page) => page.getByRole('button', { name: 'Select a span' }).click();

checkScreens('every page about cameras is accessible, fits and is quiet', () => ({ browser, mock }), {
  cameras: { path: '/cameras' },
  'cameras-none': { path: '/cameras', set: (s) => { s.cameras = []; } },
  'cameras-watching': { path: '/cameras', act: async (page) => {
    await page.getByText('Who is watching').first().click();
    await page.getByText('Robin Vale').waitFor();
  } },
  'cameras-off-question': { dialog: true, path: '/cameras', act: (page) => page.getByRole('button', { name: 'Switch off' }).first().click() },
  live: { path: () => live(), act: delayed },
  'live-paused': { path: () => live(), act: async (page) => { await delayed(page); await page.getByRole('button', { name: 'Pause' }).click(); } },
  'live-broken': { path: () => live(), set: (s) => { s.liveBroken = true; }, act: (page) => page.getByText(/^The connection broke/).waitFor() },
  'live-hevc': { path: () => live(), set: (s) => { s.liveMime = 'hvc1.1.6.L120.90'; }, act: (page) => page.getByText('This browser cannot play this camera').waitFor() },
  'live-stopped': { path: () => live(1) },
  'live-off': { path: () => live(2) },
  'live-never': { path: () => live(3) },
  'live-nowhere': { path: '/cameras/nothing' },
  timeline: { path: () => day(), act: playing },
  'timeline-hour': { path: () => ago(hour / 2, 3600), act: playing },
  'timeline-gap': { path: () => ago(2.85 * hour, 7200), act: (page) => page.getByText('The camera was offline').waitFor() },
  'timeline-empty': { path: () => `/cameras/${camera(1)}/timeline`, act: (page) => page.getByText('No footage on this day').waitFor() },
  'timeline-select': { path: () => ago(hour / 2, 3600), act: async (page) => { await playing(page); await select(page); } },
  'timeline-list': { path: () => day(), act: async (page) => { await playing(page); await page.getByText('As a list').click(); } },
  'timeline-deleted': { end: true, path: () => ago(hour / 2, 3600), act: async (page) => {
    await playing(page);
    await select(page);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete footage' }).click();
    await page.getByRole('region', { name: /^Deleted: / }).waitFor();
    await page.locator('.pending').waitFor({ state: 'attached' });
  } },
  'timeline-broken': { path: () => day(), act: async (page) => {
    await playing(page);
    mock.state.broken = true;
    await page.getByRole('button', { name: 'Day before' }).click();
    await page.getByRole('alert').waitFor();
  } },
  keeping: { path: () => `${live()}/keeping`, act: (page) => page.getByText('Nothing is erased by this.').waitFor() },
  'keeping-shorter': { path: () => `${live()}/keeping`, act: async (page) => {
    await page.getByLabel('Keep everything else for', { exact: true }).fill('2');
    await page.getByText(/^This would erase 42 clips, 31.4 GB/).waitFor();
  } },
  'keeping-question': { dialog: true, path: () => `${live()}/keeping`, act: async (page) => {
    await page.getByLabel('Keep everything else for', { exact: true }).fill('2');
    await page.getByText(/^This would erase 42 clips/).waitFor();
    await page.getByLabel('All footage, old and new').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor();
  } },
  storage: { path: '/storage' },
  'storage-none': { path: '/storage', set: (s) => { s.cameras.forEach((c) => { c.storage.used_bytes = 0; }); } },
  deleted: { path: () => ago(hour / 2, 3600), act: async (page) => {
    await playing(page);
    await select(page);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete footage' }).click();
    await page.getByRole('region', { name: /^Deleted: / }).waitFor();
    await page.goto(`${mock.url}/deleted`);
    await page.getByText(/^Can be brought back until/).waitFor();
  } },
  'deleted-none': { path: '/deleted' },
  'clip-kept': { path: () => `/clips/${mock.state.clips[0].id}`, set: (s) => { s.clips[0].kept = true; } },
});

describe('journeys', () => {
  let page;
  beforeEach(async () => {
    mock.state.signedIn = true;
    page = await open(browser, { acceptDownloads: true });
  });
  const goTo = async (path) => {
    await page.goto(mock.url + path);
    await settled(page);
  };
  const finished = async (where) => {
    await checkQuiet(page, where);
    assert.equal(mock.state.csrfFailures, 0);
    await page.context().close();
  };

  test('live starts within 1.5 s, tells its delay, keeps near the camera, and comes back after a cut', async () => {
    const begin = Date.now();
    await page.goto(mock.url + live());
    await delayed(page);
    const took = Date.now() - begin;
    await page.waitForTimeout(4000);
    const delay = Number(await page.locator('[data-delay]').getAttribute('data-delay'));
    console.log(`live: first picture after ${took} ms, ${delay} s behind a stand-in whose media is 0.6 s old when sent`);
    assert.ok(delay < 2, `delay ${delay}`);
    mock.state.cut = 1;
    await page.getByText(/^The connection broke/).waitFor();
    await delayed(page);
    await finished('live');
  });

  test('a live picture is muted, made louder, saved and paused by keys alone', async () => {
    await goTo(live());
    await delayed(page);
    const video = page.locator('video');
    assert.ok(await video.evaluate((v) => v.muted));
    await page.locator('.picture').focus();
    await page.keyboard.press('m');
    assert.ok(!(await video.evaluate((v) => v.muted)));
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('s')]);
    assert.match(download.suggestedFilename(), /^Front-door_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.jpg$/);
    assert.equal(readFileSync(await download.path()).subarray(0, 2).toString('hex'), 'ffd8');
    await page.keyboard.press('k');
    await page.getByText('Paused. The camera goes on recording.').waitFor();
    await page.keyboard.press('k');
    await delayed(page);
    await finished('live keys');
  });

  test('when the quickest way fails, the page says so and what it tries instead', async () => {
    await page.addInitScript(() => { delete window.ManagedMediaSource; window.MediaSource = undefined; });
    await goTo(live());
    await page.getByText('Live view does not work in this browser').waitFor();
    await finished('no way');
  });

  test('a camera is switched off after a question, and on again', async () => {
    await goTo(live());
    await delayed(page);
    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
    await page.getByText('This camera is switched off').waitFor();
    await page.getByRole('button', { name: 'Switch on' }).first().click();
    await page.getByText('This camera is switched off').waitFor({ state: 'detached' });
    assert.equal(mock.state.cameras[0].enabled, true);
    await finished('switch');
  });

  test('somebody who watches can be cut off', async () => {
    await goTo(live());
    await page.getByRole('button', { name: 'End for Robin Vale' }).click();
    await page.getByText('Robin Vale was cut off.').waitFor();
    await page.getByText('Nobody is watching.').waitFor();
    await finished('viewers');
  });

  test('the timeline is moved by keys, buttons and dates alone; the address keeps the place', async () => {
    await goTo(ago(hour, 1800));
    await playing(page);
    const slider = page.getByRole('slider', { name: 'Position in the footage' });
    await slider.focus();
    const start = await at(page);
    const press = async (key, by) => {
      const from = await at(page);
      await page.keyboard.press(key);
      await page.waitForFunction(([t, d]) => Math.abs(Date.parse(document.querySelector('.now-shown time').dateTime) - t - d) < 300, [from, by]);
      await playing(page);
    };
    await press('j', -10_000);
    await press('l', 10_000);
    await press('.', 1000);
    await press('Shift+ArrowRight', 1000);
    await press('ArrowLeft', -10_000);
    assert.match(await slider.getAttribute('aria-valuetext'), /footage$/);
    await page.getByRole('button', { name: /^−10 s/ }).click();
    await page.keyboard.press('[');
    await page.waitForFunction((t) => Date.parse(document.querySelector('.now-shown time').dateTime) < t - 60_000, start);
    const event = await at(page);
    assert.ok(mock.state.footage.events.some((e) => Math.abs(Date.parse(e.from) - event) < 1500), 'at the begin of an event');
    await page.waitForFunction((t) => Math.abs(Date.parse(new URLSearchParams(location.search).get('at')) - t) < 1100, event);
    await page.reload();
    await playing(page);
    assert.ok(Math.abs((await at(page)) - event) < 1500, 'the address brought us back');
    await page.getByLabel('Day', { exact: true }).fill(new Date(Date.now() - 50 * hour).toLocaleDateString('en-CA', { timeZone: 'America/Los_Angeles' }));
    await page.getByRole('button', { name: 'Day after' }).click();
    await finished('timeline keys');
  });

  test('the pointer shows what was there, a press goes there, dragging and the wheel look around', async () => {
    await goTo(ago(hour, 3600));
    await playing(page);
    await page.locator('.below-track').scrollIntoViewIfNeeded();
    const box = await page.locator('.track').boundingBox();
    const y = box.y + 60;
    await page.mouse.move(box.x + box.width * 0.2, y);
    await page.locator('.preview-picture').waitFor();
    const thumbMs = await page.evaluate(async ([x, py]) => {
      const track = document.querySelector('.track');
      const begin = performance.now();
      track.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: py, pointerType: 'mouse', bubbles: true }));
      const old = document.querySelector('.preview').dataset.time;
      for (;;) {
        await new Promise(requestAnimationFrame);
        if (document.querySelector('.preview')?.dataset.time !== old && document.querySelector('.preview-picture')) return performance.now() - begin;
      }
    }, [box.x + box.width * 0.3, y]);
    const before = await at(page);
    const begin = Date.now();
    await page.mouse.click(box.x + box.width * 0.3, y);
    await page.waitForFunction((t) => Date.parse(document.querySelector('.now-shown time').dateTime) < t, before);
    await playing(page);
    console.log(`scrub: thumb after ${Math.round(thumbMs)} ms, frame ${Date.now() - begin} ms after the press`);
    assert.ok(thumbMs <= 100 && Date.now() - begin <= 2500);
    const shown = () => page.locator('#shown-span').textContent();
    const was = await shown();
    await page.mouse.move(box.x + 200, y);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, y, { steps: 4 });
    await page.mouse.up();
    assert.notEqual(await shown(), was, 'dragged');
    const wide = await shown();
    await page.mouse.wheel(0, -400);
    await page.waitForFunction((w) => document.querySelector('#shown-span').textContent !== w, wide);
    await finished('timeline pointer');
  });

  test('a span becomes a clip, a file, or goes away and comes back, without dragging', async () => {
    await goTo(ago(hour / 2, 3600));
    await playing(page);
    await page.locator('.track-slider').focus();
    await page.keyboard.press('s');
    await page.getByRole('button', { name: 'Begins here' }).click();
    await page.keyboard.press('Tab');
    await page.getByRole('slider', { name: 'End of the selection' }).focus();
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByLabel('Name (optional)').fill('The van');
    await page.getByRole('button', { name: 'Save as clip' }).click();
    await page.getByText('Saved as a clip.').waitFor();
    assert.equal(mock.state.clips[0].name, 'The van');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export MP4' }).click()]);
    assert.equal(download.suggestedFilename(), 'Front-door.mp4');
    assert.match(mock.state.exported[0], /from=.*&to=.*&download=1/);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('button', { name: 'Delete footage' }).click();
    const bar = page.getByRole('region', { name: /^Deleted: / });
    await bar.getByText(/^You can undo this until/).waitFor();
    await page.locator('.gap-deleted').waitFor({ state: 'attached' });
    await bar.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('It is back.').waitFor();
    await page.waitForFunction(() => document.querySelector('.gap-deleted') === null);
    assert.equal(mock.state.deletions.length, 0);
    await finished('select');
  });

  test('playing runs on over a gap and into the next playlist', async () => {
    await goTo(ago(3 * hour + 3000, 3600));
    await playing(page);
    const before = await at(page);
    await page.getByRole('button', { name: 'Play' }).click();
    await page.waitForFunction((t) => Date.parse(document.querySelector('.now-shown time').dateTime) > t + 0.25 * 3_600_000, before, { timeout: 30_000 });
    await finished('over a gap');
  });

  test('a rule that erases is saved only after the word was typed; one for new footage at once', async () => {
    await goTo(`${live()}/keeping`);
    await page.getByText('Nothing is erased by this.').waitFor();
    await page.getByLabel('Keep everything else for', { exact: true }).fill('2');
    await page.getByText(/^This would erase 42 clips/).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    assert.deepEqual(mock.state.puts, [{ rules: [{ kind: 'motion', keep_s: 2_592_000 }, { kind: '*', keep_s: 172_800 }], apply: 'new' }]);
    await page.getByText(/^This would erase 42 clips/).waitFor();
    await page.getByLabel('All footage, old and new').check();
    await page.getByRole('button', { name: 'Save' }).click();
    const yes = page.getByRole('button', { name: 'Save and erase' });
    assert.ok(await yes.isDisabled());
    await page.getByLabel('Type erase to confirm').fill('erase');
    await yes.click();
    await page.waitForFunction(() => document.querySelector('dialog') === null);
    assert.equal(mock.state.puts[1].apply, 'all');
    await finished('keeping');
  });

  test('a clip is kept and let go', async () => {
    await goTo(`/clips/${mock.state.clips[0].id}`);
    await page.getByRole('button', { name: 'Keep' }).click();
    await page.getByText('This clip is kept.').waitFor();
    await page.getByRole('button', { name: 'Kept', pressed: true }).click();
    await page.getByText('This clip is kept no longer than others.').waitFor();
    assert.equal(mock.state.clips[0].kept, false);
    await page.getByRole('link', { name: 'Show on the timeline' }).click();
    await page.waitForURL(/\/timeline\?at=/);
    await playing(page);
    await finished('keep');
  });

  test('a session that ended leads to sign-in and back to the place on the timeline', async () => {
    await goTo(ago(hour, 3600));
    await playing(page);
    await page.waitForLoadState('networkidle');
    mock.state.signedIn = false;
    await page.getByRole('button', { name: 'Day before' }).click();
    await page.waitForURL(/\/sign-in\?next=%2Fcameras%2F.*timeline%3Fat/);
    await finished('session');
  });
});
