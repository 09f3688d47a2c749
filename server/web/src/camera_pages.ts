// SPDX-License-Identifier: Apache-2.0
// The pages about cameras, fetched together when the first of them is wanted: they share most of what they are made of.
export { CamerasPage } from './pages/cameras';
export { DeletedPage } from './pages/deleted';
export { KeepingPage } from './pages/keeping';
export { LivePage } from './pages/live';
export { StoragePage } from './pages/storage';
export { TimelinePage } from './pages/timeline';
