// SPDX-License-Identifier: Apache-2.0
// Pure: the few MP4 boxes the live player looks at while their bytes pass by. What it is not asked for is skipped, not kept.

const maxWanted = 1 << 20; // bytes of one box that is handed out whole
const ntpEpochS = 2_208_988_800; // 1900 to 1970
const ntpEraS = 2 ** 32;

const fourcc = (b: Uint8Array, at: number) => String.fromCharCode(b[at]!, b[at + 1]!, b[at + 2]!, b[at + 3]!);
const view = (b: Uint8Array) => new DataView(b.buffer, b.byteOffset, b.byteLength);
const big = (v: DataView, at: number) => v.getUint32(at) * 2 ** 32 + v.getUint32(at + 4);

/** Walks the top-level boxes of bytes that come in pieces. Throws on a size that cannot be. */
export class BoxReader {
  private head = new Uint8Array(16);
  private have = 0; // bytes of the head so far
  private left = 0; // bytes of the body still to come
  private body: Uint8Array | null = null;
  private at = 0;
  private type = '';

  constructor(private readonly wanted: readonly string[], private readonly give: (type: string, body: Uint8Array) => void) {}

  push(chunk: Uint8Array): void {
    let i = 0;
    while (i < chunk.length) {
      i += this.left > 0 ? this.takeBody(chunk.subarray(i)) : this.takeHead(chunk[i]!);
    }
  }

  private takeHead(byte: number): number {
    this.head[this.have++] = byte;
    const size = this.have >= 8 ? view(this.head).getUint32(0) : 0;
    const whole = size === 1 ? 16 : 8;
    if (this.have < whole) {
      return 1;
    }
    this.type = fourcc(this.head, 4);
    this.have = 0;
    this.left = size === 0 ? Infinity : (size === 1 ? big(view(this.head), 8) : size) - whole;
    if (this.left < 0) {
      throw new RangeError(`a box ${this.type} shorter than its head`);
    }
    const want = this.wanted.includes(this.type);
    if (want && this.left > maxWanted) {
      throw new RangeError(`a box ${this.type} of ${this.left} bytes`);
    }
    this.body = want ? new Uint8Array(this.left) : null;
    this.at = 0;
    this.finishIfWhole();
    return 1;
  }

  private takeBody(bytes: Uint8Array): number {
    const n = Math.min(bytes.length, this.left);
    this.body?.set(bytes.subarray(0, n), this.at);
    this.at += n;
    this.left -= n;
    this.finishIfWhole();
    return n;
  }

  private finishIfWhole(): void {
    if (this.left === 0 && this.body !== null) {
      const body = this.body;
      this.body = null;
      this.give(this.type, body);
    }
  }
}

/** The boxes inside a body, as [type, body]; stops at the first that does not fit. */
function* children(b: Uint8Array): Generator<[string, Uint8Array]> {
  for (let at = 0; at + 8 <= b.length;) {
    const size = view(b).getUint32(at);
    if (size < 8 || at + size > b.length) {
      return;
    }
    yield [fourcc(b, at + 4), b.subarray(at + 8, at + size)];
    at += size;
  }
}

function child(b: Uint8Array, type: string): Uint8Array | undefined {
  for (const [name, body] of children(b)) {
    if (name === type) {
      return body;
    }
  }
  return undefined;
}

/** Ticks a second of each track in a `moov`. */
export function timescales(moov: Uint8Array): Map<number, number> {
  const found = new Map<number, number>();
  for (const [type, trak] of children(moov)) {
    const tkhd = type === 'trak' ? child(trak, 'tkhd') : undefined;
    const mdia = type === 'trak' ? child(trak, 'mdia') : undefined;
    const mdhd = mdia && child(mdia, 'mdhd');
    if (tkhd === undefined || mdhd === undefined) {
      continue;
    }
    const idAt = tkhd[0] === 1 ? 20 : 12;
    const scaleAt = mdhd[0] === 1 ? 20 : 12;
    if (tkhd.length >= idAt + 4 && mdhd.length >= scaleAt + 4) {
      found.set(view(tkhd).getUint32(idAt), view(mdhd).getUint32(scaleAt));
    }
  }
  return found;
}

export interface Reference { track: number; wallMs: number; mediaTime: number }

/** ISO 14496-12, 8.16.5: at this time of the media it was that time of day. Null: not one we can read. */
export function reference(prft: Uint8Array): Reference | null {
  const long = prft[0] === 1;
  if (prft.length < (long ? 24 : 20)) {
    return null;
  }
  const v = view(prft);
  const ntp = v.getUint32(8);
  const seconds = (ntp < 2 ** 31 ? ntp + ntpEraS : ntp) - ntpEpochS; // a small one is of the era that begins in 2036
  return {
    track: v.getUint32(4),
    wallMs: seconds * 1000 + (v.getUint32(12) * 1000) / 2 ** 32,
    mediaTime: long ? big(v, 16) : v.getUint32(16),
  };
}

export interface Told { value: string; message: string }

/** ISO 23009-1, 5.10.3.3, version 1: what the server says in between, under one scheme. Null: not for us. */
export function told(emsg: Uint8Array, scheme: string): Told | null {
  if (emsg[0] !== 1 || emsg.length < 24) {
    return null;
  }
  const text = new TextDecoder().decode(emsg.subarray(24));
  const [name, value, ...rest] = text.split('\0');
  return name === scheme && value !== undefined ? { value, message: rest.join('\0') } : null;
}
