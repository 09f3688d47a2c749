// SPDX-License-Identifier: Apache-2.0
// Plays a camera's footage from any time: HLS of an hour or so around it, the next hour when that is over. Speaks in times of day.
import type Hls from 'hls.js';
import { serverNow } from '../api';
import { common, hlsWay, loadHls } from '../play/hls';
import { mediaAt, piecesFrom, piecesOf, wallAt } from '../play/pieces';
import type { Piece } from '../play/pieces';

const gridMs = 600_000; // where playlists begin: neighbours share them
const beforeMs = 300_000;
const windowMs = 5_400_000;

export interface Told {
  /** The picture of this time is shown. */
  shows(time: number): void;
  /** Nothing more in this playlist; its end, as a time of day. */
  ended(to: number): void;
  failed(why: 'media' | 'network' | 'empty'): void;
  state(playing: boolean, waiting: boolean): void;
}

const url = (camera: string, from: number, to: number) =>
  `/api/v1/cameras/${camera}/index.m3u8?${new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}`;

/** The span of the playlist to load for a time. */
export function windowFor(time: number, now: number): { from: number; to: number } {
  const from = Math.floor((time - beforeMs) / gridMs) * gridMs;
  return { from, to: Math.max(time + 1000, Math.min(from + windowMs, now)) };
}

export class FootagePlayer {
  readonly video: HTMLVideoElement;
  private hls: Hls | null = null;
  private pieces: Piece[] = [];
  private span = { from: 0, to: 0 };
  private turn = 0;
  private wanted: number | null = null; // seek to here when the playlist is there
  private frame = 0;
  private wantsToPlay = false;

  constructor(private readonly camera: string, private readonly tell: Told) {
    this.video = document.createElement('video');
    this.video.playsInline = true;
    this.video.preload = 'auto';
    for (const name of ['play', 'pause', 'playing', 'waiting', 'seeked', 'canplay'] as const) {
      this.video.addEventListener(name, this.state);
    }
    this.video.addEventListener('timeupdate', this.shown);
    this.video.addEventListener('seeked', this.shown);
    this.video.addEventListener('ended', this.over);
    this.video.addEventListener('error', this.broken);
  }

  destroy(): void {
    this.turn++;
    cancelAnimationFrame(this.frame);
    this.video.removeEventListener('error', this.broken);
    this.unload();
  }

  get playing(): boolean {
    return this.wantsToPlay;
  }

  play(): void {
    this.wantsToPlay = true;
    void this.video.play().catch((e: unknown) => {
      if (e instanceof DOMException && e.name === 'NotAllowedError') this.video.pause();
    });
    this.state();
  }

  pause(): void {
    this.wantsToPlay = false;
    this.video.pause();
    this.state();
  }

  /** Show the picture of this time; goes on playing when it was. */
  seek(time: number): void {
    const inside = this.pieces.length > 0 && time >= this.span.from && time < this.span.to;
    const media = inside ? mediaAt(this.pieces, time) : null;
    if (media !== null) {
      this.wanted = null;
      this.video.currentTime = media + 0.001;
      if (this.wantsToPlay) this.play();
    } else {
      void this.load(time);
    }
  }

  /** What was loaded is not true any more. */
  forget(): void {
    this.turn++;
    this.unload();
  }

  private unload(): void {
    this.hls?.destroy();
    this.hls = null;
    this.pieces = [];
    this.video.removeAttribute('src');
    this.video.load();
  }

  private async load(time: number): Promise<void> {
    const turn = ++this.turn;
    this.wanted = time;
    this.span = windowFor(time, serverNow());
    this.state();
    const address = url(this.camera, this.span.from, this.span.to);
    if (hlsWay() === 'native') {
      return this.loadNative(address, turn);
    }
    const Player = await loadHls().catch(() => null);
    if (turn !== this.turn) return;
    if (Player === null) return this.tell.failed('network');
    this.unload();
    const hls = new Player({ ...common, autoStartLoad: false, maxBufferLength: 20, backBufferLength: 30, startPosition: -1 });
    this.hls = hls;
    hls.on(Player.Events.LEVEL_LOADED, (_, { details }) => {
      const first = this.pieces.length === 0;
      this.pieces = piecesOf(details.fragments);
      if (first) this.begin((media) => hls.startLoad(media));
    });
    hls.on(Player.Events.ERROR, (_, data) => {
      if (data.fatal && turn === this.turn) this.fatal(data.type === Player.ErrorTypes.NETWORK_ERROR, data.response?.code);
    });
    hls.loadSource(address);
    hls.attachMedia(this.video);
  }

  private async loadNative(address: string, turn: number): Promise<void> {
    const answer = await fetch(address, { credentials: 'same-origin' }).catch(() => null);
    const text = answer?.ok ? await answer.text() : null;
    if (turn !== this.turn) return;
    if (text === null) return this.fatal(true, answer?.status);
    this.pieces = piecesFrom(text);
    this.video.src = address;
    this.begin(() => undefined);
  }

  /** The playlist is here: go to where we wanted. */
  private begin(start: (media: number) => void): void {
    const media = this.wanted === null ? null : mediaAt(this.pieces, this.wanted);
    this.wanted = null;
    if (media === null) {
      this.unload();
      return this.tell.failed('empty');
    }
    start(media);
    this.video.currentTime = media + 0.001;
    if (this.wantsToPlay) this.play();
  }

  private fatal(network: boolean, code?: number): void {
    this.unload();
    this.tell.failed(code === 404 ? 'empty' : network ? 'network' : 'media');
  }

  private readonly state = () => {
    const waiting = this.wanted !== null || this.video.seeking || (this.wantsToPlay && this.video.readyState < 3);
    this.tell.state(this.wantsToPlay, waiting && !this.video.ended);
  };

  private readonly shown = () => {
    const time = this.video.seeking || this.wanted !== null ? null : wallAt(this.pieces, this.video.currentTime);
    if (time !== null) this.tell.shows(time);
  };

  private readonly over = () => {
    const last = this.pieces[this.pieces.length - 1];
    this.tell.ended(Math.max(this.span.to, last === undefined ? 0 : last.wall + last.length * 1000));
  };

  private readonly broken = () => {
    if (this.video.getAttribute('src') !== null && this.hls === null) this.fatal(false);
  };
}
