// SPDX-License-Identifier: Apache-2.0
// Pure: from time of day to time of the media and back. A playlist of a span leaves the holes out, so its media time runs on
// while the time of day jumps.

interface Dated { start: number; duration: number; programDateTime: number | null }

/** What of the day a piece of a playlist is: media seconds and the time of day they begin. */
export interface Piece { media: number; length: number; wall: number }

export function piecesOf(fragments: readonly Dated[]): Piece[] {
  return fragments.flatMap((f) => (f.programDateTime === null ? [] : [{ media: f.start, length: f.duration, wall: f.programDateTime }]));
}

/** Where in the media a time of day is; in a hole: where the next piece begins. Null: after the last. */
export function mediaAt(pieces: readonly Piece[], wall: number): number | null {
  const piece = pieces.find((p) => wall < p.wall + p.length * 1000 - 1);
  return piece === undefined ? null : piece.media + Math.max(0, wall - piece.wall) / 1000;
}

/** Time of day at a media time; null: the list is empty. */
export function wallAt(pieces: readonly Piece[], media: number): number | null {
  let here: Piece | undefined;
  for (const p of pieces) {
    if (here !== undefined && p.media > media + 0.001) break;
    here = p;
  }
  return here === undefined ? null : here.wall + Math.min(media - here.media, here.length) * 1000;
}

/** The same pieces from the text of a playlist, for browsers that play HLS themselves and tell nothing. */
export function piecesFrom(playlist: string): Piece[] {
  const pieces: Piece[] = [];
  let media = 0;
  let wall: number | null = null;
  let length = 0;
  for (const line of playlist.split('\n').map((l) => l.trim())) {
    const [, tag, value] = /^#(EXTINF|EXT-X-PROGRAM-DATE-TIME):([^,]*)/.exec(line) ?? [];
    if (tag === 'EXTINF') length = Number(value) || 0;
    if (tag === 'EXT-X-PROGRAM-DATE-TIME') wall = Date.parse(value ?? '');
    if (line !== '' && !line.startsWith('#')) {
      if (wall !== null && !Number.isNaN(wall)) {
        pieces.push({ media, length, wall });
        wall += length * 1000;
      }
      media += length;
    }
  }
  return pieces;
}
