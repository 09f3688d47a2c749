// SPDX-License-Identifier: Apache-2.0
// hls.js in Chromium plays a span of a camera's time with holes and another format in it, to its end. Environment:
// DOORWARD_WEB_MODULES, DOORWARD_SPAN (JSON: url of the server, master: signed address, seconds: how long it plays).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.mjs';
import { modules } from './load.mjs';

const span = JSON.parse(process.env.DOORWARD_SPAN);
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('hls.js plays over discontinuities to the end', async () => {
  const page = await open(browser);
  const script = readFileSync(join(modules, 'hls.js/dist/hls.light.min.js'), 'utf8');
  await page.route('**/hls-page', (route) => route.fulfill({ contentType: 'text/html', body: '<video muted></video>' }));
  await page.goto(`${span.url}/hls-page`);
  await page.addScriptTag({ content: script });
  await page.evaluate((src) => {
    const video = document.querySelector('video'), hls = new window.Hls();
    window.sizes = new Set();
    hls.on('hlsError', (_, e) => { if (e.fatal) document.title = `${e.type} ${e.details}`; });
    video.addEventListener('resize', () => window.sizes.add(video.videoWidth));
    video.addEventListener('ended', () => { document.title = `ended ${video.currentTime.toFixed(1)}`; });
    hls.loadSource(src);
    hls.attachMedia(video);
    hls.on('hlsManifestParsed', () => { video.playbackRate = 4; video.play(); });
    hls.on('hlsLevelLoaded', (_, e) => { window.gaps = Object.values(e.details.dateRanges ?? {}).map((d) => d.attr['X-REASON']); });
  }, span.master);
  await page.waitForFunction(() => document.title !== '', null, { timeout: 60_000 });
  const title = await page.title();
  assert.match(title, /^ended /);
  assert.ok(Math.abs(Number(title.slice(6)) - span.seconds) < 1, title);
  assert.deepEqual(await page.evaluate(() => [...window.sizes].sort()), [320, 640]);
  await page.context().close();
});
