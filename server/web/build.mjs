// SPDX-License-Identifier: Apache-2.0
// Bundle the browser app: node build.mjs MODULES OUT_DIR. Writes index.html and assets/NAME-HASH.EXT, each beside its .gz and .br
// form, and fails when the first view's script is over its budget. MODULES is the folder npm filled (node_modules).
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const SCRIPT_BUDGET_BYTES = 60 * 1024; // gzip, first view
const here = dirname(fileURLToPath(import.meta.url));
const modules = resolve(process.argv[2]);
const out = resolve(process.argv[3]);
const esbuild = createRequire(join(modules, 'x.js'))('esbuild');

function bundle(entry) {
  const result = esbuild.buildSync({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: ['es2021', 'chrome103', 'firefox104', 'safari15.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    nodePaths: [modules],
    legalComments: 'none',
    logLevel: 'warning',
  });
  return Buffer.from(result.outputFiles[0].contents);
}

function put(path, bytes) {
  const file = join(out, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  const gz = gzipSync(bytes, { level: 9 });
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  if (gz.length < bytes.length) writeFileSync(`${file}.gz`, gz);
  if (br.length < bytes.length) writeFileSync(`${file}.br`, br);
  return gz.length;
}

function hashed(name, ext, bytes) {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return `assets/${name}-${hash}.${ext}`;
}

rmSync(out, { recursive: true, force: true });
const files = {
  app: ['js', bundle('src/main.tsx')],
  style: ['css', bundle('src/style.css')],
  icon: ['svg', readFileSync(join(here, 'src/icon.svg'))],
  licences: ['txt', Buffer.from(`preact\n\n${readFileSync(join(modules, 'preact/LICENSE'), 'utf8')}`)],
};
let html = readFileSync(join(here, 'src/index.html'), 'utf8');
for (const [name, [ext, bytes]] of Object.entries(files)) {
  const path = hashed(name, ext, bytes);
  const gz = put(path, bytes);
  html = html.replaceAll(`{{${name}}}`, `/${path}`);
  console.log(`${path}: ${bytes.length} bytes, ${gz} gzip`);
  if (ext === 'js' && gz > SCRIPT_BUDGET_BYTES) {
    console.error(`the first view's script is over ${SCRIPT_BUDGET_BYTES} bytes`);
    process.exit(1);
  }
}
put('index.html', Buffer.from(html));
