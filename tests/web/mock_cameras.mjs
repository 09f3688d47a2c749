// SPDX-License-Identifier: Apache-2.0
// The stand-in's cameras: states, viewers, a day of footage with holes, rules of keeping, and media made from two files. Times
// follow the clock, so that "now" is always the newest footage of the first camera.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const iso = (ms) => new Date(ms).toISOString();
const ntpEpochS = 2_208_988_800;

export function makeCameras(known, now) {
  const base = (c, more) => ({ ...c, state: 'live', live: true, last_media_at: iso(now), clock_offset_ms: 0,
    storage: { used_bytes: 182_400_000_000, quota_bytes: 250_000_000_000, full_on: iso(now + 9 * day) }, ...more });
  return [
    base(known[0], {}),
    base(known[1], { state: 'stopped', live: false, last_media_at: iso(now - 3 * hour), clock_offset_ms: 4200, storage: { used_bytes: 21_000_000_000, quota_bytes: null, full_on: null } }),
    base(known[0], { id: '01935712-9f30-7c4e-8a11-0000000000c3', name: 'Garden', enabled: false, state: 'off', live: false, last_media_at: iso(now - 30 * hour) }),
    base(known[0], { id: '01935712-9f30-7c4e-8a11-0000000000c4', name: 'Workshop', state: 'idle', live: false, last_media_at: null, storage: { used_bytes: 0, quota_bytes: null, full_on: null } }),
  ];
}

/** The footage of the first camera: since two days ago, with one gap of each reason today. */
export function makeFootage(clips, now) {
  const begin = now - 2 * day;
  const holes = [[now - 20 * hour, now - 19 * hour, 'offline'], [now - 14 * hour, now - 13.5 * hour, 'paused'], [now - 9 * hour, now - 8.4 * hour, 'expired'],
    [now - 3 * hour, now - 2.7 * hour, 'offline']];
  const runs = [];
  let at = begin;
  for (const [from, to] of [...holes, [now, now]]) {
    runs.push({ from: at, to: from, id: `01935712-9f30-7c4e-8a11-0000000e${String(runs.length).padStart(4, '0')}`, late: runs.length === 2 });
    at = to;
  }
  const events = clips.slice(0, 40).filter((_, i) => i % 5 !== 3).map((c) => ({
    clip_id: c.id, kind: c.kind, name: c.name, from: c.started_at, to: iso(Date.parse(c.started_at) + c.duration_ms), partial: c.partial, kept: false }));
  return { begin, holes, runs, events };
}

export function makeKeeping(now) {
  return {
    viewers: [{ id: '01935712-9f30-7c4e-8a11-0000000000f1', account: { id: '01935712-9f30-7c4e-8a11-00000000aaaa', name: 'Robin Vale', email: 'robin@example.org' }, how: 'stream', since: iso(now - 4 * minute), peer: '192.0.2.40', skipped: 3 }],
    deletions: [],
    deleted: new Map(), // clips that can come back
    retention: { rules: [{ kind: 'motion', keep_s: 30 * 86_400 }, { kind: '*', keep_s: 7 * 86_400 }], default_keep_s: 30 * 86_400, undo_s: 86_400, quota_bytes: 250_000_000_000, quota_soft_bytes: null },
    holds: [{ id: '01935712-9f30-7c4e-8a11-0000000000b1', from: iso(now - 5 * hour), to: iso(now - 4.9 * hour), reason: 'keep', authority: 'Robin Vale', expires_at: null }],
    liveBroken: false, liveMime: null, cut: 0, exported: [], puts: [],
  };
}

const clip = (span, from, to) => (span.from < to && span.to > from ? [{ ...span, from: iso(Math.max(span.from, from)), to: iso(Math.min(span.to, to)) }] : []);

function timeline(state, cameraId, query) {
  const [from, to] = [Date.parse(query.get('from')), Date.parse(query.get('to'))];
  if (!(to > from) || to - from > 25 * hour) return { status: 422, body: {} };
  if (cameraId !== state.cameras[0]?.id) return { status: 200, body: { from: iso(from), to: iso(to), runs: [], gaps: [], events: [], deletions: [] } };
  const { footage, deletions } = state;
  const now = Date.now();
  const runs = footage.runs.map((r, i) => (i === footage.runs.length - 1 ? { ...r, to: now } : r));
  const hidden = deletions.filter((d) => d.span);
  const gaps = [{ from: 0, to: footage.begin, reason: 'never_sent' }, ...footage.holes.map(([f, t, reason]) => ({ from: f, to: t, reason })),
    ...hidden.map((d) => ({ ...d.span, reason: 'deleted' }))];
  const shown = runs.flatMap((r) => hidden.reduce((parts, d) => parts.flatMap((p) =>
    [{ ...p, to: Math.min(p.to, d.span.from) }, { ...p, from: Math.max(p.from, d.span.to) }].filter((x) => x.to > x.from)), [r]));
  return { status: 200, body: {
    from: iso(from), to: iso(to),
    runs: shown.flatMap((r) => clip(r, from, to)).map(({ id, ...r }) => ({ ...r, recording_id: id })),
    gaps: gaps.flatMap((g) => clip(g, from, to)),
    events: footage.events.filter((e) => Date.parse(e.from) < to && Date.parse(e.to) > from && state.clips.some((c) => c.id === e.clip_id)),
    deletions: hidden.map((d) => ({ id: d.id, from: iso(d.span.from), to: iso(d.span.to), undo_until: d.undo_until })),
  } };
}

/** Put something away for a day: a clip of the list or a span. */
export function putAway(state, cameraId, span, gone) {
  const item = { id: `01935712-9f30-7c4e-8a11-0000000d${String(state.deletions.length).padStart(4, '0')}`, camera_id: cameraId, clip_id: gone?.id ?? null,
    from: iso(gone ? Date.parse(gone.started_at) : span.from), to: iso(gone ? Date.parse(gone.started_at) + gone.duration_ms : span.to), undo_until: iso(Date.now() + day), held: false };
  state.deletions.push({ ...item, span, gone });
  return item;
}

function undo(state, deletionId) {
  const found = state.deletions.find((d) => d.id === deletionId);
  if (!found) return null;
  state.deletions = state.deletions.filter((d) => d !== found);
  if (found.gone) state.clips = [...state.clips, found.gone].sort((a, b) => (a.started_at < b.started_at ? 1 : -1));
  return { status: 200, body: {} };
}

function retention(state, method, sub, body) {
  if (sub === 'preview') {
    const shortest = Math.min(...body.rules.map((r) => r.keep_s || Infinity));
    const goes = shortest < 7 * 86_400;
    const now = Date.now();
    return { status: 200, body: {
      would_delete: goes ? { clips: 42, segments: 2880, bytes: 31_400_000_000, from: iso(now - 7 * day), to: iso(now - shortest * 1000) } : { clips: 0, segments: 0, bytes: 0, from: null, to: null },
      held: { segments: 12, bytes: 120_000_000 } } };
  }
  if (method === 'PUT') {
    state.puts.push(body);
    const { apply: _, ...rest } = body;
    state.retention = { ...state.retention, ...rest };
  }
  return { status: 200, body: state.retention };
}

function storage(state) {
  const cameras = state.cameras.map((c) => ({ id: c.id, name: c.name, used_bytes: c.storage.used_bytes, bytes_per_day: c.storage.used_bytes / 12, full_on: c.storage.full_on }));
  const used = cameras.reduce((n, c) => n + c.used_bytes, 0);
  return { status: 200, body: { used_bytes: used, quota_bytes: 1_000_000_000_000, room_bytes: 512_000_000_000, full_on: iso(Date.now() + 21 * day), cameras } };
}

/** One JSON call about cameras, footage or keeping; null: not one of ours or not there. */
export function answerCameras(state, method, path, query, body) {
  const [a, b, c, d] = path.slice('/api/v1/'.length).split('/');
  const camera = a === 'cameras' ? state.cameras.find((x) => x.id === b) : undefined;
  if (a === 'storage') return storage(state);
  if (a === 'deletions') {
    return method === 'GET' ? { status: 200, body: { items: state.deletions.map(({ span: _, gone, ...item }) => ({ ...item, camera_name: state.cameras.find((x) => x.id === item.camera_id)?.name ?? '', clip_name: gone?.name ?? '', deleted_at: iso(Date.now()) })) } } : undo(state, b);
  }
  if (a === 'clips' && b === undefined && method === 'POST') {
    const made = { ...state.clips[0], id: '01935712-9f30-7c4e-8a11-0000000000a1', kind: 'manual', name: body.name ?? '', started_at: body.from,
      duration_ms: Date.parse(body.to) - Date.parse(body.from), sha256: null };
    state.clips.unshift(made);
    return { status: 201, body: made };
  }
  if (a === 'clips' && c === 'keep') {
    const kept = state.clips.find((x) => x.id === b);
    if (kept) kept.kept = method === 'PUT';
    return kept ? { status: 204 } : null;
  }
  if (!camera) return null;
  switch (`${method} ${c ?? ''}`) {
    case 'GET ': return { status: 200, body: camera };
    case 'PATCH ': {
      const on = body.enabled ?? camera.enabled;
      Object.assign(camera, { ...body, enabled: on, state: on ? 'idle' : 'off', live: false });
      return { status: 200, body: camera };
    }
    case 'GET live': return { status: 200, body: { live: camera.live, codecs: state.liveMime ?? 'avc1.42c00d,mp4a.40.2', width: 320, height: 180, since: camera.live ? iso(Date.now() - hour) : null, viewers: 1 } };
    case 'GET viewers': return { status: 200, body: { items: camera.live ? state.viewers : [] } };
    case 'DELETE viewers': state.viewers = state.viewers.filter((v) => v.id !== d); return { status: 204 };
    case 'GET timeline': return timeline(state, b, query);
    case 'POST deletions': return { status: 201, body: { deletion: putAway(state, b, { from: Date.parse(body.from), to: Date.parse(body.to) }) } };
    case 'GET holds': return { status: 200, body: { items: state.holds } };
    case 'GET retention': case 'PUT retention': case 'POST retention': return retention(state, method, d, body);
    default: return null;
  }
}

function box(type, ...parts) {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

function prft(track, wallMs, mediaTime) {
  const b = Buffer.alloc(24);
  b[0] = 1;
  b.writeUInt32BE(track, 4);
  b.writeUInt32BE(Math.floor(wallMs / 1000) + ntpEpochS, 8);
  b.writeUInt32BE(Math.floor(((wallMs % 1000) / 1000) * 2 ** 32), 12);
  b.writeBigUInt64BE(BigInt(mediaTime), 16);
  return box('prft', b);
}

/** Fragments of a fragmented MP4: what comes before the first, then each with the decode time of its first track. */
function splitFragments(bytes) {
  const parts = { init: [], fragments: [] };
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const whole = bytes.subarray(at, at + size);
    if (type === 'moof') {
      const tfdt = whole.indexOf('tfdt', 0, 'latin1');
      const time = whole[tfdt + 4] === 1 ? Number(whole.readBigUInt64BE(tfdt + 8)) : whole.readUInt32BE(tfdt + 8);
      parts.fragments.push({ bytes: [whole], time });
    } else if (parts.fragments.length > 0 && type === 'mdat') parts.fragments.at(-1).bytes.push(whole);
    else if (type === 'ftyp' || type === 'moov') parts.init.push(whole);
    at += size;
  }
  return parts;
}

export function cameraMedia(folder) {
  const file = join(folder, 'live.mp4');
  const live = existsSync(file) ? splitFragments(readFileSync(file)) : null;
  const footage = existsSync(join(folder, 'footage.mp4')) ? readFileSync(join(folder, 'footage.mp4')) : null;
  const init = footage && splitFragments(footage).init.reduce((n, b) => n + b.length, 0);

  function stream(state, request, response) {
    if (state.liveBroken || live === null) return void response.writeHead(503, { 'Content-Type': 'application/problem+json' }).end('{"type":"/problems/unavailable","title":"The service cannot do this right now."}');
    response.writeHead(200, { 'Content-Type': `video/mp4; codecs="${state.liveMime ?? 'avc1.42c00d,mp4a.40.2'}"` });
    response.write(Buffer.concat(live.init));
    let i = 0;
    const next = () => {
      const f = live.fragments[i++];
      if (f === undefined || state.cut > 0) {
        state.cut = Math.max(0, state.cut - 1);
        clearInterval(timer);
        return void response.destroy();
      }
      response.write(Buffer.concat([prft(1, Date.now() - 600, f.time), ...f.bytes]));
    };
    const timer = setInterval(next, 500);
    next();
    request.on('close', () => clearInterval(timer));
  }

  function playlist(state, query) {
    const [from, to] = [Date.parse(query.get('from')), Date.parse(query.get('to'))];
    const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:20', '#EXT-X-PLAYLIST-TYPE:VOD'];
    const runs = timeline(state, state.cameras[0].id, query).body.runs.map((r) => [Date.parse(r.from), Date.parse(r.to)]);
    for (const [f, t] of runs) {
      for (let at = Math.max(f, from); at + 1000 < Math.min(t, to); at += 20_000) {
        lines.push('#EXT-X-DISCONTINUITY', `#EXT-X-MAP:URI="segments/footage.mp4",BYTERANGE="${init}@0"`, `#EXT-X-PROGRAM-DATE-TIME:${iso(at)}`,
          '#EXTINF:20.0,', `#EXT-X-BYTERANGE:${footage.length - init}@${init}`, 'segments/footage.mp4');
      }
    }
    return [...lines, '#EXT-X-ENDLIST', ''].join('\n');
  }

  function vtt(query) {
    const [from, to] = [Date.parse(query.get('from')), Date.parse(query.get('to'))];
    const time = (s) => `${String(Math.floor(s / 3600)).padStart(2, '0')}:${String(Math.floor(s / 60) % 60).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}.000`;
    const cues = [];
    for (let s = 0; s < (to - from) / 1000; s += 10) {
      const n = (s / 10) % 100;
      cues.push(`${time(s)} --> ${time(s + 10)}\nthumbs/${Math.floor(s / 1000)}.jpg#xywh=${(n % 10) * 160},${Math.floor(n / 10) * 90},160,90\n`);
    }
    return `WEBVTT\n\n${cues.join('\n')}`;
  }

  /** Answers media of a camera; false: not one of ours. */
  return (state, request, url, response, sendFile) => {
    const [, id, what] = /^\/api\/v1\/cameras\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    const camera = state.cameras.find((c) => c.id === id);
    if (!camera || !state.signedIn || state.broken) return false;
    const text = (type, body) => response.writeHead(200, { 'Content-Type': type }).end(body);
    if (what === 'live.mp4') stream(state, request, response);
    else if (what === 'live.m3u8') response.writeHead(404).end();
    else if (what === 'index.m3u8') text('application/vnd.apple.mpegurl', playlist(state, url.searchParams));
    else if (what === 'segments/footage.mp4') sendFile(request, response, join(folder, 'footage.mp4'));
    else if (what === 'thumbs.vtt') text('text/vtt', vtt(url.searchParams));
    else if (/^thumbs\/\d+\.jpg$/.test(what ?? '')) sendFile(request, response, join(folder, 'sprite.jpg'));
    else if (what === 'still.jpg') camera.last_media_at === null ? response.writeHead(404).end() : sendFile(request, response, join(folder, 'still-0.jpg'));
    else if (what === 'export.mp4') {
      state.exported.push(url.search);
      sendFile(request, response, join(folder, 'clip.mp4'), { 'Content-Disposition': 'attachment; filename="Front-door.mp4"' });
    } else return false;
    return true;
  };
}
