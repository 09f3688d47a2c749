// SPDX-License-Identifier: Apache-2.0
// What a player does with the screen: full screen, a small window, a picture saved.
import { useEffect, useState } from 'preact/hooks';

type OldVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void };

/** "Front door", at a time: Front-door_2026-11-23T18-52-03Z.jpg */
export function pictureName(camera: string, at: Date): string {
  const name = camera.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'camera';
  return `${name}_${at.toISOString().slice(0, 19).replaceAll(':', '-')}Z.jpg`;
}

/** Save what the video shows. The file's name, or null when there is no picture. */
export async function snapshot(video: HTMLVideoElement, camera: string, at: Date): Promise<string | null> {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const draw = canvas.getContext('2d');
  if (draw === null || canvas.width === 0) {
    return null;
  }
  draw.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
  if (blob === null) {
    return null;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = pictureName(camera, at);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return link.download;
}

/** The whole frame with its buttons; on an iPhone only the video can. */
export function toggleFull(frame: HTMLElement | null, video: OldVideo): void {
  if (document.fullscreenElement !== null) {
    void document.exitFullscreen();
  } else if (frame?.requestFullscreen) {
    void frame.requestFullscreen().catch(() => undefined);
  } else {
    video.webkitEnterFullscreen?.();
  }
}

export function useFull(frame: { current: HTMLElement | null }): boolean {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null && document.fullscreenElement === frame.current);
    document.addEventListener('fullscreenchange', changed);
    return () => document.removeEventListener('fullscreenchange', changed);
  }, [frame]);
  return full;
}

export function canPip(): boolean {
  return document.pictureInPictureEnabled === true;
}

export function togglePip(video: HTMLVideoElement): void {
  const done = document.pictureInPictureElement === video ? document.exitPictureInPicture() : video.requestPictureInPicture?.();
  void done?.catch(() => undefined); // refused without a picture or a press
}
