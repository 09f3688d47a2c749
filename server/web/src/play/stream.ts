// SPDX-License-Identifier: Apache-2.0
// Live by one endless answer: fetch reads fragmented MP4, Media Source plays it. Nothing is taken apart here but the boxes that
// tell the time; the picture is kept close behind the camera by play/pace.ts.
import { noteClock, problemFrom, serverNow } from '../api';
import type { ApiError } from '../api';
import { BoxReader, reference, timescales, told } from './boxes';
import type { Reference } from './boxes';
import { Pacer, rangeAt } from './pace';

const queueMax = 16 << 20; // bytes that wait for the decoder; more means that it cannot keep up
const keepBehindS = 20;
const trimAtS = 30;
const scheme = 'urn:doorward:live:1'; // of what the server says between the pictures
const silenceMs = 12_000; // no byte for so long: the connection is dead

export type Ending =
  | { why: 'refused'; error: ApiError } // the server says why
  | { why: 'told'; reason: string } // the server said so before it ended the answer
  | { why: 'cut' } // the answer ended or the connection broke
  | { why: 'unplayable'; mime: string } // the browser has no decoder for it
  | { why: 'broken' }; // the browser gave up on the media

export interface On {
  playing(): void;
  ended(e: Ending): void;
  /** We were too slow, and pictures were left out. */
  skipped(): void;
}

export interface Live {
  stop(): void;
  /** Time of day of the picture that is shown, in milliseconds of the server's clock. */
  shownAt(): number | null;
}

interface SourceLike extends EventTarget {
  readonly readyState: string;
  addSourceBuffer(mime: string): SourceBuffer;
}
type SourceClass = { new (): SourceLike; isTypeSupported(mime: string): boolean };

/** Safari's ManagedMediaSource where there is one, it spares the battery; else the common one. */
export function mediaSource(): SourceClass | null {
  const w = window as unknown as { ManagedMediaSource?: SourceClass; MediaSource?: SourceClass };
  return w.ManagedMediaSource ?? w.MediaSource ?? null;
}

export function canStream(): boolean {
  return mediaSource() !== null && typeof ReadableStream !== 'undefined';
}

const ranges = (b: TimeRanges) => Array.from({ length: b.length }, (_, i) => [b.start(i), b.end(i)] as const);

/** Feeds one SourceBuffer in order, and lets go of what was seen. */
class Feed {
  private queue: Uint8Array[] = [];
  private waiting = 0;

  constructor(private readonly buffer: SourceBuffer, private readonly video: HTMLVideoElement, private readonly broken: () => void) {
    buffer.addEventListener('updateend', () => this.next());
    buffer.addEventListener('error', () => this.broken());
  }

  push(bytes: Uint8Array): void {
    this.queue.push(bytes);
    this.waiting += bytes.length;
    if (this.waiting > queueMax) {
      this.broken();
    }
    this.next();
  }

  private next(): void {
    if (this.buffer.updating || this.queue.length === 0) {
      return;
    }
    try {
      const from = this.buffer.buffered.length > 0 ? this.buffer.buffered.start(0) : 0;
      if (this.video.currentTime - from > trimAtS) {
        this.buffer.remove(from, this.video.currentTime - keepBehindS);
        return;
      }
      this.buffer.appendBuffer(this.take() as BufferSource);
    } catch (e) {
      if (!(e instanceof DOMException && e.name === 'QuotaExceededError' && this.forget())) {
        this.broken();
      }
    }
  }

  private take(): Uint8Array {
    const all = this.queue.length === 1 ? this.queue[0]! : new Uint8Array(this.waiting);
    if (this.queue.length > 1) {
      let at = 0;
      for (const part of this.queue) {
        all.set(part, at);
        at += part.length;
      }
    }
    this.queue = [];
    this.waiting = 0;
    return all;
  }

  /** The browser has no room: drop all that was seen and be read from again. */
  private forget(): boolean {
    const { buffered } = this.buffer;
    if (buffered.length === 0 || buffered.start(0) >= this.video.currentTime - 1) {
      return false;
    }
    this.buffer.remove(buffered.start(0), this.video.currentTime - 0.5);
    return true;
  }
}

function openSource(video: HTMLVideoElement, Source: SourceClass): Promise<SourceLike> {
  const source = new Source();
  if ('ManagedMediaSource' in window) {
    video.disableRemotePlayback = true; // asked for by it
  }
  video.src = URL.createObjectURL(source as MediaSource);
  return new Promise((resolve) => {
    source.addEventListener('sourceopen', () => {
      URL.revokeObjectURL(video.src);
      resolve(source);
    }, { once: true });
  });
}

/** Play url in video until stopped. `ended` is called at most once, and not after stop(). */
export function playStream(video: HTMLVideoElement, url: string, on: On): Live {
  const abort = new AbortController();
  let over = false;
  let scales = new Map<number, number>();
  let clock: Reference | null = null;
  const pacer = new Pacer();
  let silence = 0;
  let started = false;
  let reason: string | null = null;

  const close = () => {
    over = true;
    abort.abort();
    clearTimeout(silence);
    clearInterval(timer);
    video.removeEventListener('waiting', stalled);
    video.removeEventListener('playing', playing);
    video.removeEventListener('error', broken);
  };
  const end = (e: Ending) => {
    if (!over) {
      close();
      on.ended(e);
    }
  };
  const broken = () => end({ why: 'broken' });
  const stalled = () => {
    if (started && !video.seeking) pacer.stalled();
  };
  const playing = () => {
    started = true;
    on.playing();
  };
  const step = () => {
    const here = rangeAt(ranges(video.buffered), video.currentTime);
    if (here === null || video.seeking) return;
    if (here[0] > video.currentTime + 0.02) {
      video.currentTime = here[0]; // over a hole
      return;
    }
    const { rate, seek } = pacer.step(video.currentTime, here[1], performance.now() / 1000);
    if (seek !== null) video.currentTime = Math.max(seek, here[0]);
    if (video.playbackRate !== rate) video.playbackRate = rate;
    if (video.paused) void video.play().catch(() => undefined);
  };
  const timer = window.setInterval(step, 100);
  const heard = () => {
    clearTimeout(silence);
    silence = window.setTimeout(() => end({ why: 'cut' }), silenceMs);
  };
  const hear = (emsg: Uint8Array) => {
    const said = told(emsg, scheme);
    if (said?.value === 'skipped') on.skipped();
    if (said?.value === 'ended') reason = /"reason":"(\w+)"/.exec(said.message)?.[1] ?? '';
  };
  const boxes = new BoxReader(['moov', 'prft', 'emsg'], (type, body) => {
    if (type === 'moov') scales = timescales(body);
    else if (type === 'emsg') hear(body);
    else clock = reference(body) ?? clock;
  });

  async function run(): Promise<void> {
    heard();
    const sent = Date.now();
    const response = await fetch(url, { signal: abort.signal, credentials: 'same-origin', cache: 'no-store' });
    noteClock(response.headers, sent);
    if (!response.ok || response.body === null) {
      return end({ why: 'refused', error: problemFrom(response.status, await response.json().catch(() => undefined), response.headers) });
    }
    const mime = response.headers.get('Content-Type') ?? 'video/mp4';
    const Source = mediaSource()!;
    if (!Source.isTypeSupported(mime)) {
      return end({ why: 'unplayable', mime });
    }
    const source = await openSource(video, Source);
    const feed = new Feed(source.addSourceBuffer(mime), video, broken);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (over) return;
      if (done) return end(reason === null ? { why: 'cut' } : { why: 'told', reason });
      heard();
      boxes.push(value);
      feed.push(value);
    }
  }

  video.addEventListener('waiting', stalled);
  video.addEventListener('playing', playing);
  video.addEventListener('error', broken);
  run().catch((e: unknown) => end(e instanceof RangeError ? { why: 'broken' } : { why: 'cut' }));
  return {
    stop: () => {
      close();
      video.removeAttribute('src');
      video.load();
    },
    shownAt: () => {
      const scale = clock === null ? undefined : scales.get(clock.track);
      return clock === null || scale === undefined ? null : clock.wallMs + (video.currentTime - clock.mediaTime / scale) * 1000;
    },
  };
}

/** How far the picture is behind the camera, in seconds; null while it is not known. */
export function delayOf(live: Live): number | null {
  const at = live.shownAt();
  return at === null ? null : Math.max(0, (serverNow() - at) / 1000);
}
