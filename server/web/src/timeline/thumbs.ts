// SPDX-License-Identifier: Apache-2.0
// The small pictures under the pointer: WebVTT that names tiles of sprites, an hour at a time, the last hours kept.

export interface Tile { from: number; to: number; src: string; x: number; y: number; w: number; h: number }

const hourMs = 3_600_000;
const keepHours = 48;
const emptyForMs = 15_000; // an hour that had none is asked again after this

function clockMs(text: string): number {
  const [, h = '0', m, s] = /^(?:(\d+):)?(\d\d):(\d\d(?:\.\d+)?)$/.exec(text.trim()) ?? [];
  return m === undefined || s === undefined ? NaN : (Number(h) * 3600 + Number(m) * 60 + Number(s)) * 1000;
}

/** Pure: cues of a WebVTT file whose zero is the time of day `zero`; `base` is the address of the file. */
export function parseThumbs(vtt: string, zero: number, base: string): Tile[] {
  const tiles: Tile[] = [];
  const lines = vtt.split(/\r?\n/);
  lines.forEach((line, i) => {
    const [from, to] = line.includes('-->') ? line.split('-->').map((t) => clockMs(t.trim().split(/\s/)[0] ?? '')) : [];
    const payload = /^(.+)#xywh=(\d+),(\d+),(\d+),(\d+)$/.exec(lines[i + 1]?.trim() ?? '');
    if (from === undefined || to === undefined || Number.isNaN(from + to) || payload === null) return;
    const [x, y, w, h] = payload.slice(2).map(Number) as [number, number, number, number];
    tiles.push({ from: zero + from, to: zero + to, src: new URL(payload[1]!, base).href, x, y, w, h });
  });
  return tiles.sort((a, b) => a.from - b.from);
}

/** The tile a time lies in. Tiles are sorted. */
export function tileAt(tiles: readonly Tile[], time: number): Tile | null {
  let low = 0;
  let high = tiles.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tiles[middle]!.to <= time) low = middle + 1;
    else high = middle;
  }
  const tile = tiles[low];
  return tile !== undefined && tile.from <= time ? tile : null;
}

interface Hour { tiles: Tile[]; until: number }

/** Asks for hours when they are wanted, the newest wish first, one at a time. */
export class Thumbs {
  private hours = new Map<number, Hour>();
  private wish: number | null = null;
  private busy = false;
  private pictures = new Map<string, HTMLImageElement>();

  constructor(private readonly cameraId: string, private readonly changed: () => void) {}

  /** The tile for a time when its sprite is here; else null, and it is fetched. */
  at(time: number): Tile | null {
    const n = Math.floor(time / hourMs);
    const hour = this.hours.get(n);
    if (hour === undefined || hour.until < Date.now()) {
      this.wish = n;
      void this.work();
    }
    const tile = hour === undefined ? null : tileAt(hour.tiles, time);
    return tile !== null && this.here(tile.src) ? tile : null;
  }

  /** The time to ask of is over: ask again. */
  forget(): void {
    this.hours.clear();
  }

  private here(src: string): boolean {
    let picture = this.pictures.get(src);
    if (picture === undefined) {
      picture = new Image();
      picture.onload = this.changed;
      picture.src = src;
      this.pictures.set(src, picture);
      if (this.pictures.size > keepHours * 4) this.pictures.delete(this.pictures.keys().next().value!);
    }
    return picture.complete && picture.naturalWidth > 0;
  }

  private async work(): Promise<void> {
    if (this.busy || this.wish === null) return;
    const n = this.wish;
    this.wish = null;
    this.busy = true;
    const tiles = await this.fetchHour(n).catch(() => []);
    const growing = (n + 1) * hourMs > Date.now();
    this.hours.delete(n);
    this.hours.set(n, { tiles, until: tiles.length > 0 && !growing ? Infinity : Date.now() + emptyForMs });
    if (this.hours.size > keepHours) this.hours.delete(this.hours.keys().next().value!);
    this.busy = false;
    this.changed();
    void this.work();
  }

  private async fetchHour(n: number): Promise<Tile[]> {
    const iso = (h: number) => new Date(h * hourMs).toISOString();
    const url = `/api/v1/cameras/${this.cameraId}/thumbs.vtt?${new URLSearchParams({ from: iso(n), to: iso(n + 1) })}`;
    const answer = await fetch(url, { credentials: 'same-origin' });
    return answer.ok ? parseThumbs(await answer.text(), n * hourMs, new URL(url, location.href).href) : [];
  }
}
