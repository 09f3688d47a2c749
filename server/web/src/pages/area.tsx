// SPDX-License-Identifier: Apache-2.0
// The area an agency drew, without a map service: nobody else learns that somebody looks at it.
import { areaKm2, draw, squareMiles } from '../geometry';
import { text } from '../strings';
import type { Point } from '../types';

const [width, height, margin, baseline] = [400, 260, 34, 244];

function Grid() {
  const lines = [];
  for (let x = 40; x < width; x += 40) lines.push(`M${x} 0V${height}`);
  for (let y = 20; y < height; y += 40) lines.push(`M0 ${y}H${width}`);
  return <path class="map-grid" d={lines.join('')} />;
}

export function Area({ polygon }: { polygon: Point[] }) {
  const { points, scaleMetres, scaleLength } = draw(polygon, width, height, margin);
  const km2 = areaKm2(polygon);
  const number = (n: number) => n.toFixed(n < 0.1 ? 3 : 2);
  const words = text.requests.areaText(number(km2), number(squareMiles(km2)));
  return (
    <figure class="area">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${text.requests.area}: ${words}`}>
        <rect class="map-ground" width={width} height={height} />
        <Grid />
        <polygon class="map-area" points={points.map((p) => `${p.x.toFixed(1)},${p.y.toFixed(1)}`).join(' ')} />
        {points.map((p, i) => <circle key={i} class="map-corner" cx={p.x} cy={p.y} r="3.5" />)}
        <path class="map-ink" d="M376 34V14m-5 7 5-7 5 7" />
        <text x="376" y="48" text-anchor="middle">{text.requests.north}</text>
        <path class="map-ink" d={`M14 ${baseline - 5}v5h${scaleLength.toFixed(1)}v-5`} />
        <text x={20 + scaleLength} y={baseline}>{text.requests.scale(scaleMetres)}</text>
      </svg>
      <figcaption class="small">{words}</figcaption>
      <details>
        <summary>{text.requests.corners}</summary>
        <ol class="corners">{polygon.map(([lon, lat], i) => <li key={i}><code>{lat.toFixed(5)}, {lon.toFixed(5)}</code></li>)}</ol>
      </details>
    </figure>
  );
}
