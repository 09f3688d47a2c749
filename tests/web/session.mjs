// SPDX-License-Identifier: Apache-2.0
// For programs that use the real server: DOORWARD_HOME (JSON: url, email, password, ...), one sign-in for all their pages.
import { checkQuiet, launch, open, settled } from './browser.mjs';

export const home = JSON.parse(process.env.DOORWARD_HOME);

/** A browser whose pages are signed in. */
export async function signedIn() {
  const browser = await launch();
  const page = await open(browser);
  await page.goto(`${home.url}/sign-in`);
  await page.getByLabel('E-mail address').fill(home.email);
  await page.getByLabel('Password', { exact: true }).fill(home.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Clips' }).waitFor();
  const storageState = await page.context().storageState();
  await page.context().close();
  return {
    browser,
    async at(path, options = {}) {
      const p = await open(browser, { storageState, acceptDownloads: true, ...options });
      await p.goto(home.url + path);
      await settled(p);
      return p;
    },
    async done(p, where) {
      await checkQuiet(p, where);
      await p.context().close();
    },
    close: () => browser.close(),
  };
}

/** One call to the API as the page would make it; JSON out. */
export async function ask(page, path) {
  const answer = await page.request.get(home.url + path);
  return { status: answer.status(), json: await answer.json().catch(() => undefined) };
}
