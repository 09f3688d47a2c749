// SPDX-License-Identifier: Apache-2.0
// Watches a camera of tests/support/clock_camera.py in Chromium and reads the clock in its picture back: how old is what is on the screen?
// Environment: DOORWARD_WEB_MODULES, DOORWARD_LIVE (JSON: url, camera, token, how: "mse" or "hls", seconds, settle). Prints one JSON object:
// delays (milliseconds, one for each picture shown after `settle` seconds), stalls, errors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from './browser.mjs';
import { modules } from './load.mjs';

const told = JSON.parse(process.env.DOORWARD_LIVE);

/** In the page: begin to note what the video shows. */
function watch() {
  const canvas = document.createElement('canvas');
  canvas.width = 768;
  canvas.height = 16;
  const paint = canvas.getContext('2d', { willReadFrequently: true });
  const video = document.querySelector('video');
  window.seen = [];
  const look = () => {
    const now = Date.now();
    paint.drawImage(video, 0, 0, 768, 16, 0, 0, 768, 16);
    const { data } = paint.getImageData(0, 0, 768, 16);
    const bits = Array.from({ length: 48 }, (_, i) => (data[(8 * 768 + i * 16 + 8) * 4] > 128 ? 1 : 0));
    const bytes = Array.from({ length: 6 }, (_, i) => bits.slice(8 * i, 8 * i + 8).reduce((a, b) => a * 2 + b, 0));
    const value = bytes.slice(0, 5).reduce((a, b) => a * 256 + b, 0);
    if ((bytes.slice(0, 5).reduce((a, b) => a + b, 0) & 255) === bytes[5]) {
      const span = 2 ** 40;
      window.seen.push({ at: now, delay: ((now % span) - value + span) % span });
    }
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
}

/** In the page: play live.mp4 by Media Source Extensions, close to its end. */
async function playMse({ address, token }) {
  const video = document.querySelector('video');
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
  const buffer = source.addSourceBuffer(answer.headers.get('Content-Type'));
  const end = () => (buffer.buffered.length ? buffer.buffered.end(buffer.buffered.length - 1) : 0);
  const idle = () => new Promise((resolve) => { if (buffer.updating) buffer.addEventListener('updateend', resolve, { once: true }); else resolve(); });
  (async () => {
    const reader = answer.body.getReader();
    let begun = false;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) { window.ended = true; return; }
      await idle();
      buffer.appendBuffer(value);
      await idle();
      const ahead = end() - video.currentTime;
      if (!begun && end() > 0) {
        begun = true;
        video.currentTime = Math.max(buffer.buffered.start(0), end() - 0.4);
        await video.play();
      } else if (ahead > 2) {
        video.currentTime = end() - 0.4;
      }
      video.playbackRate = ahead > 0.75 ? 1.1 : 1;
      if (video.currentTime > 30 && buffer.buffered.start(0) < video.currentTime - 20) {
        buffer.remove(0, video.currentTime - 10);
        await idle();
      }
    }
  })().catch((e) => { window.failed = String(e); });
}

/** In the page: play live.m3u8 with hls.js in its low-latency mode. */
async function playHls({ address, token }) {
  const video = document.querySelector('video');
  const hls = new window.Hls({
    lowLatencyMode: true, enableWorker: false, maxLiveSyncPlaybackRate: 1.5,
    xhrSetup: (xhr) => xhr.setRequestHeader('Authorization', `Bearer ${token}`),
  });
  window.hls = hls;
  window.parts = 0;
  hls.on(window.Hls.Events.FRAG_LOADED, (_, d) => { if (d.part) window.parts++; });
  hls.on(window.Hls.Events.ERROR, (_, d) => {
    (window.errors ??= []).push(`${d.type} ${d.details} ${d.reason ?? ''}`);
    if (d.fatal) window.failed = d.details;
  });
  hls.loadSource(address);
  hls.attachMedia(video);
  await new Promise((resolve) => video.addEventListener('canplay', resolve, { once: true }));
  await video.play();
}

const browser = await launch();
const context = await browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true });
const page = await context.newPage();
const said = [];
page.on('console', (m) => { if (m.type() === 'error') said.push(m.text()); });
await page.goto(`${told.url}/problems/not_found`);
await page.evaluate(() => { document.body.innerHTML = '<video muted playsinline width=768 height=432></video>'; });
if (told.how === 'hls') await page.addScriptTag({ content: readFileSync(join(modules, 'hls.js/dist/hls.min.js'), 'utf8') });
await page.evaluate(watch);
const path = `/api/v1/cameras/${told.camera}/live.${told.how === 'hls' ? 'm3u8' : 'mp4'}`;
await page.evaluate(told.how === 'hls' ? playHls : playMse, { address: path, token: told.token });
await page.waitForTimeout(told.settle * 1000);
await page.evaluate(() => {
  window.settled = Date.now();
  window.stalls = 0;
  document.querySelector('video').addEventListener('waiting', () => { window.stalls++; });
});
await page.waitForTimeout(told.seconds * 1000);
const result = await page.evaluate(() => {
  const video = document.querySelector('video');
  const after = window.seen.filter((s) => s.at >= window.settled);
  return {
    delays: after.map((s) => s.delay), all: window.seen.length, stalls: window.stalls, failed: window.failed ?? null, ended: window.ended ?? false,
    errors: window.errors ?? [], parts: window.parts ?? 0, latency: window.hls?.latency ?? null, target: window.hls?.targetLatency ?? null,
    buffered: video.buffered.length ? video.buffered.end(video.buffered.length - 1) - video.currentTime : 0,
    dropped: video.getVideoPlaybackQuality().droppedVideoFrames,
  };
});
console.log(JSON.stringify({ ...result, said }));
await browser.close();
