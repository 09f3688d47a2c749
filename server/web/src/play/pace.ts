// SPDX-License-Identifier: Apache-2.0
// Pure: how fast a live picture is played, so that it stays close behind the camera without running dry. What counts is the
// leanest moment: just before a fragment arrives there should be a small margin left, and no more. Times in seconds.

const windowS = 2.5; // how far back the leanest moment is looked for
const marginMin = 0.12;
const marginMax = 2.5;
const marginPerStall = 0.2;
const marginCalmPerS = 0.01; // given back while nothing stalls
const settleS = 2; // after the start: catch up in one step
const farBehindS = 3; // beyond the margin: too far to catch up by playing faster

export interface Step {
  rate: number;
  /** Go here at once. */
  seek: number | null;
}

export class Pacer {
  margin = marginMin;
  private lags: { at: number; lag: number }[] = [];
  private startedAt: number | null = null;
  private lastAt = 0;
  private lastEnd = 0;
  private arrival = 0.5; // media that comes with one fragment

  /** The picture stood still because nothing was left. */
  stalled(): void {
    this.margin = Math.min(marginMax, this.margin + marginPerStall);
    this.lags = [];
  }

  /** Where playing is, where the buffer ends, and the time of a steady clock. */
  step(at: number, end: number, nowS: number): Step {
    this.startedAt ??= nowS;
    const passed = Math.max(0, nowS - this.lastAt);
    this.lastAt = nowS;
    this.noteArrival(end);
    this.margin = Math.max(marginMin, this.margin - marginCalmPerS * Math.min(passed, 1));
    const lag = end - at;
    this.lags = [...this.lags.filter((l) => nowS - l.at < windowS), { at: nowS, lag }];
    const fresh = nowS - this.startedAt < settleS;
    const target = this.arrival + this.margin;
    if (lag > target + (fresh ? 0.35 : farBehindS)) {
      this.lags = [];
      return { rate: 1, seek: end - target };
    }
    return { rate: fresh ? 1 : this.rate(lag), seek: null };
  }

  private noteArrival(end: number): void {
    const came = end - this.lastEnd;
    if (this.lastEnd > 0 && came > 0.02 && came < 2) {
      this.arrival = Math.max(came, this.arrival * 0.9); // forgets one long fragment slowly
    }
    this.lastEnd = end;
  }

  private rate(lag: number): number {
    const spare = Math.min(...this.lags.map((l) => l.lag)) - this.margin;
    if (lag < this.margin / 2) return 0.97;
    if (spare > 0.6) return 1.15;
    return spare > 0.08 ? 1.05 : 1;
  }
}

/** Wait before the n-th try (from 0), in milliseconds; `chance` in [0, 1) keeps many viewers from coming back at once. */
export function backOff(tries: number, chance: number): number {
  return Math.min(15_000, 500 * 2 ** Math.min(tries, 6)) * (0.75 + chance / 2);
}

/** The part of the buffer a position lies in, or the next one; null: nothing at or after it. */
export function rangeAt(ranges: readonly (readonly [number, number])[], at: number): readonly [number, number] | null {
  return ranges.find(([from, to]) => to > at + 0.02 && (from <= at + 0.02 || from > at)) ?? null;
}
