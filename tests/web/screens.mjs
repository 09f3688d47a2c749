// SPDX-License-Identifier: Apache-2.0
// What must hold of every page in every state against the stand-in: axe, width, targets, a quiet console, in each look.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkAxe, checkQuiet, checkTargets, checkWidth, open, settled } from './browser.mjs';

const shots = process.env.DOORWARD_SHOTS;
const looks = [['light', 360], ['dark', 360], ['dark', 1280], ['light', 1280]];
const heights = { 320: 740, 360: 740, 1280: 800 };

/** All that must hold of the page as it stands, in one width and one colour scheme. */
async function checkLook(page, where, screen) {
  // What floats above the page hides nothing when it is scrolled to its end.
  if (screen.end) await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  await checkAxe(page, where);
  await checkWidth(page, where);
  await checkTargets(page, where);
  if (screen.end) await page.evaluate(() => window.scrollTo(0, 0));
  if (shots) {
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${where}.png`), fullPage: !screen.dialog });
  }
}

async function checkScreen(name, screen, { browser, mock }) {
  const page = await open(browser, { width: 360, height: heights[360] });
  try {
    mock.state.signedIn = !screen.out;
    mock.state.undoMs = 60_000;
    screen.set?.(mock.state);
    await page.goto(mock.url + (typeof screen.path === 'function' ? screen.path() : screen.path));
    await settled(page);
    await screen.act?.(page);
    await settled(page);
    for (const [scheme, width] of looks) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: heights[width] });
      await checkLook(page, `${name}-${width}-${scheme}`, screen);
    }
    await page.emulateMedia({ forcedColors: 'active' });
    await checkTargets(page, `${name} in forced colours`);
    await page.setViewportSize({ width: 320, height: heights[320] });
    await checkWidth(page, `${name}-320`);
    await page.setViewportSize({ width: 360, height: heights[360] });
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    await checkWidth(page, `${name} with text twice as large`);
    await checkQuiet(page, name);
  } finally {
    await page.context().close();
  }
}

/** screens: name to {path, set(state), act(page), out: nobody is signed in, dialog: only what is in sight is photographed,
 * end: it is looked at from its end}. */
export function checkScreens(title, where, screens) {
  describe(title, () => {
    for (const [name, screen] of Object.entries(screens)) {
      test(name, () => checkScreen(name, screen, where()));
    }
  });
}
