// SPDX-License-Identifier: Apache-2.0
// Where the tests find npm's packages and the app's own modules.
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const modules = resolve(process.env.DOORWARD_WEB_MODULES ?? 'node_modules');
export const need = createRequire(join(modules, 'x.js'));

/** Import a module of server/web/src as the browser would get it. */
export async function source(name) {
  const folder = mkdtempSync(join(tmpdir(), 'dw-web-'));
  try {
    const out = join(folder, 'module.mjs');
    need('esbuild').buildSync({
      entryPoints: [join(root, 'server/web/src', name)],
      bundle: true, format: 'esm', platform: 'neutral', outfile: out, nodePaths: [modules], jsx: 'automatic',
      jsxImportSource: 'preact', mainFields: ['module', 'main'], logLevel: 'warning',
    });
    return await import(pathToFileURL(out).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
