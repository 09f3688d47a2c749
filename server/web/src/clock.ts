// SPDX-License-Identifier: Apache-2.0
// Pure: the server's clock, learned from the Date of its answers. Each Date is cut to the second, but every answer narrows the
// span the true difference can lie in, so that a few answers say it to some ten milliseconds.

/** Server's clock minus our own, in milliseconds: not less than low, not more than high. */
export interface Bounds { low: number; high: number }

export function narrow(known: Bounds | null, sentMs: number, receivedMs: number, dateMs: number): Bounds {
  const seen = { low: dateMs - receivedMs, high: dateMs + 1000 - sentMs };
  const both = known && { low: Math.max(known.low, seen.low), high: Math.min(known.high, seen.high) };
  return both && both.low <= both.high ? both : seen; // no overlap: one of the clocks was set
}

/** The best guess: clocks that may agree do. */
export function serverAhead(b: Bounds | null): number {
  return b === null || (b.low <= 0 && b.high >= 0) ? 0 : (b.low + b.high) / 2;
}
