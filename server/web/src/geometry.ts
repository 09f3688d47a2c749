// SPDX-License-Identifier: Apache-2.0
// Pure: draw a small area of the earth flat. Good to a fraction of a percent for the areas requests may have.
import type { Point } from './types';

const metresPerDegree = 111_320;
const squareMile = 2.589988;

export interface Drawing {
  points: { x: number; y: number }[];
  /** Length of the scale bar in the ground's metres and in the drawing's units. */
  scaleMetres: number;
  scaleLength: number;
}

function flat(polygon: readonly Point[]): { x: number; y: number }[] {
  const middle = polygon.reduce((sum, p) => sum + p[1], 0) / Math.max(1, polygon.length);
  const shrink = Math.cos((middle * Math.PI) / 180);
  const [lon0, lat0] = polygon[0] ?? [0, 0];
  return polygon.map(([lon, lat]) => ({
    x: (lon - lon0) * metresPerDegree * shrink,
    y: (lat0 - lat) * metresPerDegree,
  }));
}

export function areaKm2(polygon: readonly Point[]): number {
  const p = flat(polygon);
  let twice = 0;
  p.forEach((a, i) => {
    const b = p[(i + 1) % p.length]!;
    twice += a.x * b.y - b.x * a.y;
  });
  return Math.abs(twice) / 2 / 1e6;
}

export function squareMiles(km2: number): number {
  return km2 / squareMile;
}

/** The longest of 1, 2 and 5 times a power of ten that is at most `limit`. */
export function roundLength(limit: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(limit, 1)));
  return [5, 2, 1].map((k) => k * power).find((v) => v <= limit) ?? power;
}

/** Fit the polygon into width x height with a margin, north up. */
export function draw(polygon: readonly Point[], width: number, height: number, margin: number): Drawing {
  const p = flat(polygon);
  const xs = p.map((q) => q.x);
  const ys = p.map((q) => q.y);
  const [x0, y0] = [Math.min(...xs), Math.min(...ys)];
  const [w, h] = [Math.max(...xs) - x0 || 1, Math.max(...ys) - y0 || 1];
  const scale = Math.min((width - 2 * margin) / w, (height - 2 * margin) / h);
  const [left, top] = [(width - w * scale) / 2, (height - h * scale) / 2];
  const scaleMetres = roundLength((width * 0.3) / scale);
  return {
    points: p.map((q) => ({ x: left + (q.x - x0) * scale, y: top + (q.y - y0) * scale })),
    scaleMetres,
    scaleLength: scaleMetres * scale,
  };
}
