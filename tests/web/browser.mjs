// SPDX-License-Identifier: Apache-2.0
// The distribution's Chromium, and what every page must hold: no error in the console, nothing refused by the policy, no axe
// violation, no sideways scroll, targets a thumb can hit.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modules, need } from './load.mjs';

const { chromium } = need('playwright-core');
const axe = readFileSync(join(modules, 'axe-core/axe.min.js'), 'utf8');

export async function launch() {
  return chromium.launch({
    executablePath: process.env.DOORWARD_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** A page of its own session. page.complaints collects what the console and the policy say. */
export async function open(browser, { width = 1280, height = 800, scheme = 'light', reducedMotion = 'reduce', ...more } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, colorScheme: scheme, reducedMotion, locale: 'en-GB', timezoneId: 'America/Los_Angeles',
    ignoreHTTPSErrors: true, ...more,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.complaints = [];
  page.on('pageerror', (e) => page.complaints.push(`error: ${e.message}`));
  page.on('console', (m) => {
    // An answer of 4xx or 5xx is logged by Chromium itself; pages show those in words.
    if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) page.complaints.push(m.text());
  });
  await page.addInitScript(() => {
    window.refused = [];
    document.addEventListener('securitypolicyviolation', (e) => window.refused.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  return page;
}

export async function settled(page) {
  await page.waitForLoadState('load');
  await page.waitForFunction(() => !document.querySelector('.loading'));
}

export async function checkAxe(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  const words = violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.map((n) => `${n.html.slice(0, 160)} ${n.failureSummary.replace(/\s+/g, ' ')}`).join('\n    ')}`);
  assert.deepEqual(words, [], `axe on ${where}`);
}

export async function checkWidth(page, where) {
  const { inner, scroll } = await page.evaluate(() => ({ inner: document.documentElement.clientWidth, scroll: document.documentElement.scrollWidth }));
  assert.ok(scroll <= inner, `${where} is ${scroll} px wide in a window of ${inner}`);
}

export async function checkTargets(page, where) {
  const small = await page.evaluate(() => {
    const inText = (e) => getComputedStyle(e).display === 'inline';
    return [...document.querySelectorAll('a[href], button, input, select, summary')]
      .filter((e) => e.checkVisibility() && !inText(e) && !e.matches('.skip'))
      .map((e) => ({ box: (e.closest('label') ?? e).getBoundingClientRect(), own: e.matches('.sent a'), html: e.outerHTML.slice(0, 100) }))
      .filter(({ box, own }) => box.width > 0 && (box.height < (own ? 24 : 44) - 0.5 || box.width < 24))
      .map(({ box, html }) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`);
  });
  assert.deepEqual(small, [], `targets on ${where}`);
}

export async function checkQuiet(page, where) {
  assert.deepEqual(page.complaints, [], `console on ${where}`);
  assert.deepEqual(await page.evaluate(() => window.refused), [], `content policy on ${where}`);
}
