// SPDX-License-Identifier: Apache-2.0
// The few drawings the pages use: 24 x 24, one stroke, decoration only (words always stand beside them).
const paths = {
  clips: 'M4 6.5A1.5 1.5 0 0 1 5.5 5h9A1.5 1.5 0 0 1 16 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 4 17.5zM16 10.5l4-2.5v8l-4-2.5',
  requests: 'M4 13l2.5-7.5h11L20 13v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1zM4 13h4.5l1 2.5h5l1-2.5H20',
  shares: 'M12 15V4M8 7.5 12 4l4 3.5M6 11H5v8.5h14V11h-1',
  log: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
  cameras: 'M5 8.5h10v7H5zM15 11l4-2v6l-4-2M8 19h4',
  live: 'M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3M8.5 15.5a5 5 0 0 1 0-7M15.5 8.5a5 5 0 0 1 0 7M5.7 18.3a9 9 0 0 1 0-12.6M18.3 5.7a9 9 0 0 1 0 12.6',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  mute: 'M5 10v4h3l4 3.5v-11L8 10zM16 10l4.5 4.5M20.5 10 16 14.5',
  snapshot: 'M4 8.5h3.5L9 6h6l1.5 2.5H20V18H4zM12 16a3 3 0 1 0 0-6 3 3 0 0 0 0 6',
  pip: 'M4 6h16v12H4zM12 12h5.5v4H12z',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  close: 'M6 6l12 12M18 6 6 18',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  forward: 'M9.5 6l6 6-6 6',
  earlier: 'M12 6l-6 6 6 6M18 6l-6 6 6 6',
  later: 'M12 6l6 6-6 6M6 6l6 6-6 6',
  previous: 'M18 6 9 12l9 6zM6 6v12',
  next: 'M6 6l9 6-9 6zM18 6v12',
  keep: 'M7 4.5h10V20l-5-3.8L7 20z',
  storage: 'M4 7c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3M4 7v10c0 1.7 3.6 3 8 3s8-1.3 8-3V7M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  timeline: 'M4 12h16M6 8v8M10 10v4M14 8v8M18 10v4',
  out: 'M14 4H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h8M10 12h10M16.5 8.5 20 12l-3.5 3.5',
  back: 'M14.5 6 8.5 12l6 6',
  check: 'M5 12.5 10 17.5 19.5 7',
  shield: 'M12 3.5 5 6v5.5c0 4.3 2.9 7.4 7 9 4.1-1.6 7-4.7 7-9V6zM9 12l2.2 2.2L15.2 10',
  alert: 'M12 8v5M12 16.5h.01M12 3.5 2.8 19.5h18.4z',
  play: 'M8 5.5v13l10.5-6.5z',
  camera: 'M5 8.5h10v7H5zM15 11l4-2v6l-4-2M8 19h4',
  download: 'M12 4v11M8 11.5 12 15l4-3.5M5 19.5h14',
  bin: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v6M13.5 10.5v6',
  ring: 'M12 4a5 5 0 0 1 5 5c0 5 2 6.5 2 6.5H5S7 14 7 9a5 5 0 0 1 5-5M10 18.5a2.1 2.1 0 0 0 4 0',
  motion: 'M4 8h9M4 12h13M4 16h7M17 8.5 20.5 12 17 15.5',
  person: 'M12 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M5 20c.5-4 3.2-6 7-6s6.5 2 7 6',
  package: 'M4.5 8 12 4l7.5 4v8L12 20l-7.5-4zM4.5 8 12 12l7.5-4M12 12v8',
  vehicle: 'M4 16v-3.5l2-5h12l2 5V16zM4 12.5h16M7 16v2M17 16v2',
  animal: 'M12 12c-2.5 0-5 3-5 5.2 0 1.6 1.3 2.3 2.5 2 1.7-.5 3.3-.5 5 0 1.2.3 2.5-.4 2.5-2C17 15 14.5 12 12 12M7.5 10.5h.01M10.3 7h.01M13.7 7h.01M16.5 10.5h.01',
  sound: 'M5 10v4h3l4 3.5v-11L8 10zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.7 7.7 0 0 1 0 11',
  continuous: 'M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14M12 12h.01',
  manual: 'M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14M12 9v6M9 12h6',
  other: 'M6 12h.01M12 12h.01M18 12h.01',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
