// SPDX-License-Identifier: Apache-2.0
// The small build of hls.js is typed by the whole one.
declare module 'hls.js/light' {
  export * from 'hls.js';
  export { default } from 'hls.js';
}
