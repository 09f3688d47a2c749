// SPDX-License-Identifier: Apache-2.0
// Pure: by which way a live picture is played. The first is quickest; each that fails here leads to the next.

export type Way = 'stream' | 'hls' | 'native';
export interface Can { stream: boolean; hls: boolean; native: boolean }

const order: readonly Way[] = ['stream', 'hls', 'native'];
const triesEach = 3; // in a row, without a picture

export interface Tried { way: Way; fruitless: number }

/** The way to begin with, or to go on with after `tried`; null: nothing is left. */
export function chooseWay(can: Can, tried: Tried | null): Way | null {
  if (tried !== null && tried.fruitless < triesEach) {
    return tried.way;
  }
  const from = tried === null ? 0 : order.indexOf(tried.way) + 1;
  return order.slice(from).find((way) => can[way]) ?? null;
}
