// SPDX-License-Identifier: Apache-2.0
// A stand-in for the server, made from the examples of docs/openapi.yaml, so that every page can be shown in every state. It keeps
// just enough state for a journey: who is signed in, what was deleted, what was answered. Tests change `state` directly.
import { createServer } from 'node:http';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { answerCameras, cameraMedia, makeCameras, makeFootage, makeKeeping, putAway } from './mock_cameras.mjs';

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
  "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml',
  '.txt': 'text/plain', '.mp4': 'video/mp4', '.jpg': 'image/jpeg' };
const kinds = ['ring', 'motion', 'person', 'package', 'vehicle', 'animal', 'motion', 'motion', 'other', 'manual'];

function id(n) {
  return `01935712-9f30-7c4e-8a11-${String(n).padStart(12, '0')}`;
}

/** The first example of an operation's good answer, with references followed. */
function example(doc, path, method = 'get', name) {
  const follow = (node) => (node.$ref ? node.$ref.slice(2).split('/').reduce((at, part) => at[part], doc) : node);
  const { responses } = doc.paths[path][method];
  const examples = follow(responses['200'] ?? responses['201']).content['application/json'].examples;
  return structuredClone(follow(name ? examples[name] : Object.values(examples)[0]).value);
}

function problem(status, code, title, more = {}) {
  return { status, body: { type: `/problems/${code}`, title, status, detail: title, hint: 'Try again.', request_id: '01JDCVP8M5Q4ZK3T6W9E2A7BXN' }, ...more };
}
const notFound = () => problem(404, 'not_found', 'There is nothing here under this name, or it is not yours.');

function makeClips(doc, now) {
  const base = example(doc, '/api/v1/clips/{id}');
  const cameras = example(doc, '/api/v1/cameras').items;
  return Array.from({ length: 130 }, (_, i) => ({
    ...base,
    id: id(i + 1),
    camera_id: cameras[i % 5 === 3 ? 1 : 0].id,
    kind: kinds[i % kinds.length],
    name: `clip-${String(130 - i).padStart(4, '0')}.mp4`,
    started_at: new Date(now - i * 47 * 60_000 - 90_000).toISOString(),
    duration_ms: 4000 + ((i * 7919) % 26_000),
    partial: i === 4,
    notes: i % 3 === 0 ? base.notes : [],
    ...(i === 6 ? { video: { codec: 'hvc1.1.6.L120.90', width: 2560, height: 1440, rotation: 0 }, audio: null } : {}),
    urls: { mp4: `/api/v1/clips/${id(i + 1)}/clip.mp4`, hls: `/api/v1/clips/${id(i + 1)}/index.m3u8`, still: `/api/v1/clips/${id(i + 1)}/still.jpg` },
  }));
}

function makeLedger(doc) {
  const items = example(doc, '/api/v1/ledger').items;
  const looks = Array.from({ length: 5 }, (_, i) => ({ ...items[2], id: id(7000 + i), action: 'clip.still' }));
  return [...items.slice(0, 3), ...looks, ...items.slice(3)];
}

export function makeState(doc, now = Date.now()) {
  const clips = makeClips(doc, now);
  const open = example(doc, '/api/v1/inbox/{id}');
  const from = new Date(now - 4 * 3_600_000).toISOString();
  const to = new Date(now).toISOString();
  Object.assign(open.request, { from, to, created_at: to, published_at: to, expires_at: new Date(now + 14 * 86_400_000).toISOString() });
  open.reached_at = to;
  const cut = (c) => ({
    clip: c, sent_from: new Date(Date.parse(c.started_at) + 1000).toISOString(),
    sent_to: new Date(Date.parse(c.started_at) + c.duration_ms - 500).toISOString(), sent_duration_ms: c.duration_ms - 1500,
  });
  open.clips = clips.slice(0, 3).map(cut);
  const declined = structuredClone(open);
  Object.assign(declined, { id: id(9001), answer: 'declined', answered_at: to, clips: [] });
  Object.assign(declined.request, { id: id(9001), incident: 'missing_person', case: '26-103902' });
  return {
    signedIn: false, secondFactor: false, tries: 0, broken: false, officer: false, csrfFailures: 0, undoMs: 10_000,
    clips, cameras: makeCameras(example(doc, '/api/v1/cameras').items, now), footage: makeFootage(clips, now), ...makeKeeping(now), inbox: [open, declined], grants: [], ledger: makeLedger(doc),
  };
}

function page(items, query, size = 50) {
  const limit = Number(query.get('limit') ?? size);
  const start = Number(query.get('cursor') ?? 0);
  const next = start + limit < items.length ? String(start + limit) : null;
  return { status: 200, body: { items: items.slice(start, start + limit), next_cursor: next } };
}

function signIn(doc, state, body) {
  if (state.tries >= 5) {
    return problem(429, 'too_many_requests', 'Too many requests.', { headers: { 'Retry-After': '30' } });
  }
  if (body.password !== 'correct horse battery staple') {
    state.tries++;
    return problem(401, 'unauthorized', 'Credentials are missing or not valid.');
  }
  if (state.secondFactor && body.totp !== '492039') {
    return problem(401, 'second_factor_required', 'A second factor is needed.');
  }
  state.signedIn = true;
  return { status: 200, body: example(doc, '/api/v1/session', 'get', state.officer ? 'officer' : 'owner') };
}

function accept(doc, state, item, body) {
  const now = Date.now();
  const at = (ms) => new Date(now + ms).toISOString();
  const grant = {
    ...example(doc, '/api/v1/inbox/{id}/accept', 'post'), id: id(8000 + state.grants.length), request_id: item.request.id,
    given_at: at(0), visible_at: at(state.undoMs), expires_at: at(90 * 86_400_000), state: 'undo',
    items: item.clips.filter((c) => body.clip_ids.includes(c.clip.id))
      .map((c) => ({ clip_id: c.clip.id, sent_from: c.sent_from, sent_to: c.sent_to, duration_ms: c.sent_duration_ms })),
  };
  state.grants.unshift(grant);
  Object.assign(item, { answer: 'accepted', answered_at: at(0) });
  return { status: 200, body: grant };
}

function grantNow(grant) {
  if (grant.state === 'undo' && Date.parse(grant.visible_at) <= Date.now()) {
    grant.state = 'visible';
  }
  return grant;
}

function withdraw(state, grantId) {
  const grant = state.grants.find((g) => g.id === grantId);
  if (!grant) {
    return notFound();
  }
  Object.assign(grant, { state: 'withdrawn', withdrawn_at: new Date().toISOString() });
  return { status: 200, body: { state: 'withdrawn' } };
}

function listClips(state, query) {
  const want = (c) =>
    (!query.get('camera_id') || c.camera_id === query.get('camera_id')) && (!query.get('kind') || c.kind === query.get('kind')) &&
    (!query.get('from') || c.started_at >= query.get('from')) && (!query.get('to') || c.started_at < query.get('to'));
  return page(state.clips.filter(want), query);
}

function oneClip(state, method, clipId) {
  const clip = state.clips.find((c) => c.id === clipId);
  if (!clip) {
    return notFound();
  }
  if (method === 'DELETE') {
    state.clips = state.clips.filter((c) => c !== clip);
    return { status: 200, body: { deletion: putAway(state, clip.camera_id, null, clip) } };
  }
  return { status: 200, body: clip };
}

function answer(doc, state, method, path, query, body) {
  const [a, b, c] = path.slice('/api/v1/'.length).split('/');
  const key = `${method} ${a}${b === undefined ? '' : '/*'}${c === undefined ? '' : `/${c}`}`;
  const item = a === 'inbox' && b !== undefined ? state.inbox.find((i) => i.id === b) : undefined;
  if (a === 'inbox' && b !== undefined && !item) {
    return notFound();
  }
  switch (key) {
    case 'GET session': return { status: 200, body: example(doc, path, 'get', state.officer ? 'officer' : 'owner') };
    case 'DELETE session': state.signedIn = false; return { status: 204 };
    case 'GET cameras': return { status: 200, body: { items: state.cameras } };
    case 'POST cameras/*/secret': return { status: 200, body: { id: b, secret: 'EXAMPLE-not-a-real-secret' } };
    case 'GET clips': return listClips(state, query);
    case 'GET clips/*': case 'DELETE clips/*': return oneClip(state, method, b);
    case 'GET ledger': return page(state.ledger, query);
    case 'GET inbox': return { status: 200, body: { items: state.inbox.map(({ clips, ...rest }) => rest) } };
    case 'GET inbox/*': return { status: 200, body: item };
    case 'POST inbox/*/accept': return accept(doc, state, item, body);
    case 'POST inbox/*/decline': Object.assign(item, { answer: 'declined', answered_at: new Date().toISOString() }); return { status: 200, body: item };
    case 'GET grants': return { status: 200, body: { items: state.grants.map(grantNow) } };
    case 'POST grants/*/withdraw': return withdraw(state, b);
    case 'GET requests': return { status: 200, body: example(doc, '/api/v1/requests') };
    case 'GET evidence': return { status: 200, body: example(doc, '/api/v1/evidence') };
    default: return answerCameras(state, method, path, query, body) ?? notFound();
  }
}

function sendFile(request, response, file, headers = {}) {
  const size = statSync(file).size;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const [first, last] = range ? [Number(range[1]), range[2] ? Number(range[2]) : size - 1] : [0, size - 1];
  response.writeHead(range ? 206 : 200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Accept-Ranges': 'bytes', 'Content-Length': last - first + 1,
    ...(range ? { 'Content-Range': `bytes ${first}-${last}/${size}` } : {}), ...headers,
  });
  createReadStream(file, { start: first, end: last }).pipe(response);
}

async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const bytes = Buffer.concat(parts);
  return bytes.length > 0 ? JSON.parse(bytes.toString()) : {};
}

/** doc: the API description; bundle: what build.mjs wrote; media: a folder with clip.mp4 and still-N.jpg. */
export async function startMock({ doc, bundle, media }) {
  const mock = { state: makeState(doc), url: '', close: () => undefined };
  const cameraFiles = cameraMedia(media);
  const stills = [0, 1, 2, 3, 4, 5].map((n) => join(media, `still-${n}.jpg`)).filter((f) => existsSync(f));

  async function handle(request, response) {
    const url = new URL(request.url, 'http://localhost');
    const { state } = mock;
    if (!url.pathname.startsWith('/api/')) {
      const asset = url.pathname.startsWith('/assets/') ? join(bundle, url.pathname) : join(bundle, 'index.html');
      return sendFile(request, response, asset, url.pathname.startsWith('/assets/') ? {} : { 'Content-Security-Policy': policy });
    }
    const media_ = /^\/api\/v1\/(?:clips|evidence)\/.*?(\d+)\/(clip\.mp4|still\.jpg)$/.exec(url.pathname);
    if (media_ && state.signedIn && !state.broken) {
      if (media_[2] === 'still.jpg' && Number(media_[1]) === 9) return void response.writeHead(404).end();
      return sendFile(request, response, media_[2] === 'clip.mp4' ? join(media, 'clip.mp4') : stills[Number(media_[1]) % stills.length]);
    }
    if (cameraFiles(state, request, url, response, sendFile)) return;
    const body = request.method === 'GET' ? {} : await readBody(request);
    const result = reply(state, request, url, body);
    response.writeHead(result.status, { 'Content-Type': result.status < 400 ? 'application/json' : 'application/problem+json', ...result.headers });
    response.end(result.body === undefined ? '' : JSON.stringify(result.body));
  }

  function reply(state, request, url, body) {
    if (state.broken) return problem(503, 'unavailable', 'The service cannot do this right now.');
    if (request.method === 'POST' && url.pathname === '/api/v1/session') return signIn(doc, state, body);
    if (!state.signedIn) return problem(401, 'unauthorized', 'Credentials are missing or not valid.');
    if (request.method !== 'GET' && request.headers['x-csrf-token'] !== 'EXAMPLE-csrf') {
      state.csrfFailures++;
      return problem(403, 'csrf', 'The request did not prove that it came from our own page.');
    }
    return answer(doc, state, request.method, url.pathname, url.searchParams, body);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.headersSent || response.writeHead(500).end());
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  mock.url = `http://localhost:${server.address().port}`;
  mock.close = () => new Promise((done) => { server.closeAllConnections(); server.close(done); });
  mock.reset = () => { mock.state = makeState(doc); };
  return mock;
}

/** The stand-in on its own, for working on the pages: node mock.mjs OPENAPI.json BUNDLE MEDIA */
if (process.argv[1]?.endsWith('mock.mjs')) {
  const [doc, bundle, media] = process.argv.slice(2);
  const mock = await startMock({ doc: JSON.parse(readFileSync(doc, 'utf8')), bundle, media });
  console.log(mock.url);
}
