// SPDX-License-Identifier: Apache-2.0
// Every page in every state, light and dark, phone and desktop, against the stand-in server; and the journeys through them.
// Environment: DOORWARD_WEB_MODULES, DOORWARD_WEB_BUNDLE, DOORWARD_OPENAPI (JSON), DOORWARD_WEB_MEDIA; DOORWARD_SHOTS keeps pictures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { checkQuiet, launch, open, settled } from './browser.mjs';
import { startMock } from './mock.mjs';
import { checkScreens } from './screens.mjs';

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

const first = () => mock.state.clips[0].id;
const asked = () => mock.state.inbox[0].id;

async function goTo(page, path) {
  await page.goto(mock.url + path);
  await settled(page);
}

async function share(page, n = 2) {
  await goTo(page, `/requests/${asked()}`);
  const boxes = page.getByRole('checkbox');
  for (let i = 0; i < n; i++) await boxes.nth(i).check();
  await page.getByRole('button', { name: n === 1 ? 'Share this 1 clip' : `Share these ${n} clips` }).click();
  await page.getByRole('heading', { name: /^You shared/ }).waitFor();
}

const screens = {
  'sign-in': { out: true, path: '/sign-in' },
  'sign-in-refused': {
    out: true, path: '/sign-in', act: async (page) => {
      await page.getByLabel('E-mail address').fill('owner@example.org');
      await page.getByLabel('Password', { exact: true }).fill('wrong wrong wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').waitFor();
    },
  },
  'sign-in-code': {
    out: true, path: '/sign-in', act: async (page) => {
      mock.state.secondFactor = true;
      await page.getByLabel('E-mail address').fill('owner@example.org');
      await page.getByLabel('Password', { exact: true }).fill('correct horse battery staple');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByLabel(/^Code from/).waitFor();
    },
  },
  clips: { path: '/' },
  'clips-filtered': { path: '/?kind=ring' },
  'clips-none-match': { path: '/?kind=sound' },
  'clips-first': { path: '/', set: (s) => { s.clips = []; } },
  'clips-no-camera': { path: '/', set: (s) => { s.clips = []; s.cameras = []; } },
  'clips-failed': { path: '/', act: async (page) => {
    mock.state.broken = true;
    await page.getByRole('button', { name: 'Show older clips' }).click();
    await page.getByRole('alert').waitFor();
  } },
  clip: { path: () => `/clips/${first()}` },
  'clip-partial': { path: () => `/clips/${mock.state.clips[4].id}` },
  'clip-hevc': { path: () => `/clips/${mock.state.clips[6].id}` },
  'clip-delete': { dialog: true, path: () => `/clips/${first()}`, act: (page) => page.getByRole('button', { name: 'Delete' }).click() },
  requests: { path: '/requests' },
  'requests-none': { path: '/requests', set: (s) => { s.inbox = []; } },
  request: { path: () => `/requests/${asked()}` },
  'request-ticked': { path: () => `/requests/${asked()}`, act: async (page) => {
    await page.getByRole('checkbox').first().check();
    await page.getByRole('button', { name: 'Preview what is sent' }).first().click();
  } },
  'request-shared': { path: '/', act: (page) => share(page) },
  'request-declined': { path: () => `/requests/${mock.state.inbox[1].id}` },
  shares: { path: '/', act: async (page) => { await share(page, 1); mock.state.grants[0].state = 'visible'; await goTo(page, '/shares'); } },
  'shares-none': { path: '/shares' },
  log: { path: '/log' },
  nowhere: { path: '/clips/nothing' },
  broken: { path: '/', set: (s) => { s.broken = true; } },
  officer: { path: '/', set: (s) => { s.officer = true; } },
};

checkScreens('every page is accessible, fits and is quiet, light and dark, on phone and desktop', () => ({ browser, mock }), screens);

test('the list is drawn without jumping about', async () => {
  mock.state.signedIn = true;
  const page = await open(browser, { width: 360, height: 740 });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 });
  await goTo(page, '/');
  await page.waitForTimeout(1500);
  const [shift, paint] = await page.evaluate(() => new Promise((resolve) => {
    let sum = 0;
    let last = 0;
    new PerformanceObserver((l) => l.getEntries().forEach((e) => { sum += e.hadRecentInput ? 0 : e.value; })).observe({ type: 'layout-shift', buffered: true });
    new PerformanceObserver((l) => l.getEntries().forEach((e) => { last = e.startTime; })).observe({ type: 'largest-contentful-paint', buffered: true });
    setTimeout(() => resolve([sum, last]), 200);
  }));
  console.log(`layout shift ${shift.toFixed(3)}, largest paint ${Math.round(paint)} ms (150 ms, 1.6 Mbit/s)`);
  assert.ok(shift <= 0.1 && paint <= 2500);
  await page.context().close();
});

describe('journeys', () => {
  let page;
  beforeEach(async () => {
    page = await open(browser);
  });
  const finished = async (where) => {
    await checkQuiet(page, where);
    assert.equal(mock.state.csrfFailures, 0);
    await page.context().close();
  };
  const signIn = async () => {
    await page.getByLabel('E-mail address').fill('owner@example.org');
    await page.getByLabel('Password', { exact: true }).fill('correct horse battery staple');
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  test('somebody who is not signed in comes back to the page they wanted', async () => {
    await page.goto(`${mock.url}/clips/${first()}`);
    await signIn();
    await page.waitForURL(`${mock.url}/clips/${first()}`);
    await page.getByRole('heading', { level: 1, name: 'Ring, Front door' }).waitFor();
    await finished('return');
  });

  test('the second factor is asked for only when the server wants it, and a wrong one can be corrected', async () => {
    mock.state.secondFactor = true;
    await goTo(page, '/sign-in');
    await signIn();
    await page.getByLabel(/^Code from/).fill('000000');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel(/^Code from/).fill('492 039');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Clips' }).waitFor();
    await finished('second factor');
  });

  test('a refused sign-in says the same whatever was wrong, and too many say how long to wait', async () => {
    await goTo(page, '/sign-in');
    await page.getByLabel('E-mail address').fill('nobody@example.org');
    await page.getByLabel('Password', { exact: true }).fill('x');
    for (let i = 0; i < 5; i++) {
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('That did not work.').waitFor();
      await page.waitForFunction(() => !document.querySelector('form button[type=submit]').disabled);
    }
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Too many tries. Wait 30 s').waitFor();
    await finished('refused');
  });

  test('the list grows, keeps its place on the way back, and filters by camera, kind and date', async () => {
    mock.state.signedIn = true;
    await goTo(page, '/');
    assert.equal(await page.locator('.clip-card').count(), 48);
    await page.getByRole('button', { name: 'Show older clips' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.clip-card').length === 96);
    await page.locator('.clip-card').nth(80).click();
    await page.getByRole('link', { name: 'Download' }).waitFor();
    await page.goBack();
    await page.waitForFunction(() => document.querySelectorAll('.clip-card').length === 96 && window.scrollY > 500);
    await page.getByLabel('Kind').selectOption('ring');
    await page.waitForFunction(() => document.querySelectorAll('.clip-card').length === 13);
    await page.getByLabel('Camera').selectOption({ label: 'Side gate' });
    await page.getByText('No clips match').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.clip-card').length >= 48);
    await finished('list');
  });

  test('a clip that arrives appears by itself', async () => {
    mock.state.signedIn = true;
    const later = mock.state.clips;
    mock.state.clips = [];
    await goTo(page, '/');
    await page.getByRole('heading', { name: 'Waiting for the first clip' }).waitFor();
    mock.state.clips = later.slice(0, 1);
    await page.locator('.clip-card').waitFor();
    await finished('arrival');
  });

  test('a new secret is put into the line to copy, after a question', async () => {
    mock.state.signedIn = true;
    mock.state.clips = [];
    await goTo(page, '/');
    await page.getByRole('button', { name: 'Get a new secret' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Get a new secret' }).click();
    await page.getByText('cam:EXAMPLE-not-a-real-secret').waitFor();
    await finished('secret');
  });

  test('a clip plays, answers to keys, and is deleted only after the question, and comes back', async () => {
    mock.state.signedIn = true;
    await goTo(page, `/clips/${first()}`);
    const video = page.locator('video');
    await video.focus();
    await page.keyboard.press('k');
    await page.waitForFunction(() => document.querySelector('video').currentTime > 0.3);
    await page.keyboard.press('k');
    assert.ok(await video.evaluate((v) => v.paused));
    await page.keyboard.press('m');
    assert.ok(await video.evaluate((v) => v.muted));
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.waitForFunction(() => document.activeElement.textContent === 'Cancel');
    await page.keyboard.press('Escape');
    assert.equal(mock.state.clips.length, 130);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete clip' }).click();
    await page.getByText('The clip was deleted.').waitFor();
    assert.equal(mock.state.clips.length, 129);
    await page.getByText(/^You can undo this until/).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('It is back.').waitFor();
    assert.equal(mock.state.clips.length, 130);
    await page.waitForURL(`${mock.url}/clips/${first()}`);
    await finished('delete');
  });

  test('nothing is ticked beforehand, one press shares, and undo takes it back', async () => {
    mock.state.signedIn = true;
    await goTo(page, `/requests/${asked()}`);
    assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 0);
    await page.getByRole('button', { name: 'Share clips' }).click();
    await page.getByText('Tick at least one clip').waitFor();
    assert.equal(mock.state.grants.length, 0);
    await share(page, 2);
    assert.equal(mock.state.grants[0].items.length, 2);
    await page.getByRole('button', { name: /^Undo \(\d+ s\)$/ }).click();
    await page.getByText('Withdrawn. The agency has no access').waitFor();
    await finished('undo');
  });

  test('when the undo is over the agency can see it, and withdrawing asks first', async () => {
    mock.state.signedIn = true;
    mock.state.undoMs = 1500;
    await share(page, 1);
    await page.getByText('The agency can download it').waitFor();
    mock.state.grants[0].state = 'downloaded';
    mock.state.grants[0].downloaded_at = new Date().toISOString();
    await page.getByText('The agency has downloaded it').waitFor();
    await page.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('it cannot take the copy back').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('Withdrawn. The agency has no access').waitFor();
    await finished('withdraw');
  });

  test('share and decline weigh the same', async () => {
    mock.state.signedIn = true;
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await goTo(page, `/requests/${asked()}`);
      const look = (name) => page.getByRole('button', { name, exact: true }).evaluate((b) => {
        const s = getComputedStyle(b);
        return { w: b.offsetWidth, h: b.offsetHeight, ink: s.color, ground: s.backgroundColor, edge: s.border, font: s.font, y: b.getBoundingClientRect().top };
      });
      assert.deepEqual(await look('Share clips'), await look('Decline'));
    }
    await page.getByRole('button', { name: 'Decline' }).click();
    await page.getByText('The agency is told nothing.').first().waitFor();
    assert.equal(mock.state.inbox[0].answer, 'declined');
    await finished('decline');
  });

  test('signing out ends on the sign-in page, and so does a session that ended elsewhere', async () => {
    mock.state.signedIn = true;
    await goTo(page, '/log');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${mock.url}/sign-in`);
    await signIn();
    await page.getByRole('heading', { name: 'Clips' }).waitFor();
    await page.waitForLoadState('networkidle'); // a still that is refused later would end the session before the press
    mock.state.signedIn = false;
    await page.getByRole('link', { name: 'Log' }).click();
    await page.waitForURL(/\/sign-in\?next=/);
    await finished('sign out');
  });

  test('everything can be reached and done without a pointer', async () => {
    mock.state.signedIn = true;
    await goTo(page, '/');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    for (let i = 0; i < 20 && !(await page.evaluate(() => document.activeElement.matches('.clip-card'))); i++) await page.keyboard.press('Tab');
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none', 'the focus shows');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Ring, Front door' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
    await finished('keyboard');
  });
});
