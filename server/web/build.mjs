// SPDX-License-Identifier: Apache-2.0
// Bundle the browser app: node build.mjs MODULES OUT_DIR. Writes index.html and assets/NAME-HASH.EXT, each beside its .gz and .br
// form, and fails when a script is over its budget. MODULES is the folder npm filled (node_modules).
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const FIRST_VIEW_BYTES = 60 * 1024; // gzip: what every page starts with
const WHOLE_BYTES = 190 * 1024; // gzip: with the player, on live view and timeline
const here = dirname(fileURLToPath(import.meta.url));
const modules = resolve(process.argv[2]);
const out = resolve(process.argv[3]);
const esbuild = createRequire(join(modules, 'x.js'))('esbuild');

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  write: false,
  target: ['es2021', 'chrome103', 'firefox104', 'safari15.4'],
  nodePaths: [modules],
  legalComments: 'none',
  logLevel: 'warning',
};

/** hls.js, on its own: the app imports it by its name when a page plays footage. */
function player() {
  const result = esbuild.buildSync({ ...common, stdin: { contents: "export { default } from 'hls.js/light';", resolveDir: here }, format: 'esm' });
  return Buffer.from(result.outputFiles[0].contents);
}

/** The app in pieces: what the first view needs, and pages that are fetched when they are wanted. */
function scripts(hls) {
  return esbuild.buildSync({
    ...common,
    entryPoints: { app: 'src/main.tsx' },
    format: 'esm',
    splitting: true,
    metafile: true,
    outdir: join(out, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    alias: { 'hls.js/light': `./${hls}` },
    external: [`./${hls}`],
  });
}

const sheet = () => Buffer.from(esbuild.buildSync({ ...common, entryPoints: ['src/sheet.css'] }).outputFiles[0].contents);
const licence = (name) => `${name}\n\n${readFileSync(join(modules, name, 'LICENSE'), 'utf8')}`;

function put(path, bytes) {
  const file = join(out, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  const gz = gzipSync(bytes, { level: 9 });
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  if (gz.length < bytes.length) writeFileSync(`${file}.gz`, gz);
  if (br.length < bytes.length) writeFileSync(`${file}.br`, br);
  console.log(`${path}: ${bytes.length} bytes, ${gz.length} gzip`);
  return gz.length;
}

function hashed(name, ext, bytes) {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return `assets/${name}-${hash}.${ext}`;
}

/** Everything a script imports, itself included; `also` says which kinds of import count. */
function reach(outputs, from, also, seen = new Set()) {
  if (!seen.has(from)) {
    seen.add(from);
    for (const i of outputs[from].imports) {
      if (!i.external && also(i.kind)) reach(outputs, i.path, also, seen);
    }
  }
  return seen;
}

function keepTo(what, limit, gz) {
  console.log(`${what}: ${gz} bytes of script (gzip), at most ${limit}`);
  if (gz > limit) {
    console.error(`${what} is over its budget`);
    process.exit(1);
  }
}

rmSync(out, { recursive: true, force: true });
const hls = player();
const hlsPath = hashed('hls', 'js', hls);
const hlsBytes = put(hlsPath, hls);
const built = scripts(basename(hlsPath));
const { outputs } = built.metafile;
const size = {};
for (const file of built.outputFiles) {
  size[basename(file.path)] = put(`assets/${basename(file.path)}`, Buffer.from(file.contents));
}
const sum = (paths) => [...paths].reduce((n, p) => n + size[basename(p)], 0);
const [app] = Object.entries(outputs).find(([, o]) => o.entryPoint === 'src/main.tsx');
const first = reach(outputs, app, (kind) => kind === 'import-statement');
keepTo('the first view', FIRST_VIEW_BYTES, sum(first));
keepTo('all that is ever fetched', WHOLE_BYTES, sum(reach(outputs, app, () => true)) + hlsBytes);

const files = {
  style: ['css', sheet()],
  icon: ['svg', readFileSync(join(here, 'src/icon.svg'))],
  licences: ['txt', Buffer.from(['preact', 'hls.js'].map(licence).join('\n\n'))],
};
let html = readFileSync(join(here, 'src/index.html'), 'utf8').replaceAll('{{app}}', `/assets/${basename(app)}`);
for (const [name, [ext, bytes]] of Object.entries(files)) {
  const path = hashed(name, ext, bytes);
  put(path, bytes);
  html = html.replaceAll(`{{${name}}}`, `/${path}`);
}
// What the app imports at once is asked for at once, not after the app was read.
const preloads = [...first].filter((p) => p !== app).map((p) => `<link rel="modulepreload" href="/assets/${basename(p)}">\n`);
put('index.html', Buffer.from(html.replace('{{preloads}}\n', preloads.join(''))));
