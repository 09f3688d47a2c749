// SPDX-License-Identifier: Apache-2.0
// HLS: hls.js where the browser has Media Source, the browser's own player elsewhere. For live view when one endless answer does
// not get through, and for footage of any span.
import type Hls from 'hls.js';
import type { ErrorData } from 'hls.js';
import { mediaSource } from './stream';
import type { Ending, Live, On } from './stream';

export type HlsWay = 'hls' | 'native';

/** Which of the two can be had here; null: neither. */
export function hlsWay(): HlsWay | null {
  if (mediaSource() !== null) return 'hls';
  return document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== '' ? 'native' : null;
}

/**
 * No worker: it would have to be made from a blob, which our content policy refuses; fragmented MP4 needs none. No text tracks for what a
 * playlist tells beside the media: they would be made from a data address, refused as well.
 */
export const common = {
  enableWorker: false, enableDateRangeMetadataCues: false, enableID3MetadataCues: false, enableEmsgMetadataCues: false,
};

export async function loadHls(): Promise<typeof Hls> {
  return (await import('hls.js/light')).default;
}

export function playLiveHls(video: HTMLVideoElement, url: string, on: On): Live {
  let hls: Hls | null = null;
  let over = false;
  const end = (e: Ending) => {
    if (!over) {
      over = true;
      video.removeEventListener('playing', on.playing);
      hls?.destroy();
      on.ended(e);
    }
  };
  video.addEventListener('playing', on.playing);
  void loadHls().then((Player) => {
    if (over) return;
    hls = new Player({ ...common, lowLatencyMode: true, backBufferLength: 20, maxLiveSyncPlaybackRate: 1.1 });
    hls.on(Player.Events.ERROR, (_, data: ErrorData) => {
      if (data.fatal) end(data.type === Player.ErrorTypes.MEDIA_ERROR ? { why: 'broken' } : { why: 'cut' });
    });
    hls.on(Player.Events.MANIFEST_PARSED, () => void video.play().catch(() => undefined));
    hls.loadSource(url);
    hls.attachMedia(video);
  }, () => end({ why: 'broken' }));
  return {
    stop: () => {
      over = true;
      video.removeEventListener('playing', on.playing);
      hls?.destroy();
      video.removeAttribute('src');
      video.load();
    },
    shownAt: () => hls?.playingDate?.getTime() ?? null,
  };
}

export function playLiveNative(video: HTMLVideoElement, url: string, on: On): Live {
  const failed = () => on.ended({ why: 'broken' });
  const finished = () => on.ended({ why: 'cut' });
  video.addEventListener('playing', on.playing);
  video.addEventListener('error', failed);
  video.addEventListener('ended', finished);
  video.src = url;
  void video.play().catch(() => undefined);
  return {
    stop: () => {
      video.removeEventListener('playing', on.playing);
      video.removeEventListener('error', failed);
      video.removeEventListener('ended', finished);
      video.removeAttribute('src');
      video.load();
    },
    shownAt: () => {
      const begin = (video as unknown as { getStartDate?(): Date }).getStartDate?.().getTime();
      return begin === undefined || Number.isNaN(begin) ? null : begin + video.currentTime * 1000;
    },
  };
}
