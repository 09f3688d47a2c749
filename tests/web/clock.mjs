// SPDX-License-Identifier: Apache-2.0
// Reads the time that tests/support/clockcam.py put into each picture.

/** Unix milliseconds of the picture the page's video shows; NaN: no such picture. */
export function readClock(page) {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [320, 180];
    const draw = canvas.getContext('2d', { willReadFrequently: true });
    if (!video || video.readyState < 2) return NaN;
    draw.drawImage(video, 0, 0, 320, 180);
    const { data } = draw.getImageData(0, 0, 320, 48);
    let time = 0;
    for (let i = 0; i < 60; i++) {
      const [x, y] = [(i % 20) * 16 + 8, Math.floor(i / 20) * 16 + 8];
      const light = data[(y * 320 + x) * 4];
      if (light > 100 && light < 160) return NaN;
      time = time * 2 + (light > 128 ? 1 : 0);
    }
    return time;
  });
}
