// SPDX-License-Identifier: Apache-2.0
// What the API sends, as docs/openapi.yaml describes it.

export type ClipKind =
  'motion' | 'ring' | 'person' | 'package' | 'vehicle' | 'animal' | 'sound' | 'continuous' | 'manual' | 'other';
export const clipKinds: readonly ClipKind[] = [
  'ring', 'motion', 'person', 'package', 'vehicle', 'animal', 'sound', 'continuous', 'manual', 'other',
];
export type Right = 'live' | 'history' | 'export' | 'delete' | 'share' | 'manage' | 'answer';
export interface AgencyRef { id: string; name: string }

export interface Session {
  kind: 'account' | 'officer';
  id: string;
  email: string;
  name: string;
  csrf: string;
  households?: { id: string; name: string; rights: Right[] }[];
  agency?: AgencyRef;
  expires_at: string;
}
export interface Camera {
  id: string;
  name: string;
  household_id: string;
  enabled: boolean;
  created_at: string;
  last_clip_at: string | null;
}
export interface Clip {
  id: string;
  camera_id: string;
  kind: ClipKind;
  name: string;
  started_at: string;
  start_source: 'camera' | 'arrival';
  duration_ms: number;
  bytes: number;
  sha256: string | null;
  video: { codec: string; width: number; height: number; rotation: number };
  audio: { codec: string; channels: number; sample_rate: number } | null;
  partial: boolean;
  notes: string[];
  created_at: string;
  urls: { mp4: string; hls: string; still: string };
}
export interface Page<T> { items: T[]; next_cursor?: string | null }
export type Point = readonly [number, number];
export interface FootageRequest {
  id: string;
  case: string;
  incident: string;
  contact: string;
  reason: string;
  polygon: Point[];
  from: string;
  to: string;
  state: 'submitted' | 'approved' | 'published' | 'refused' | 'resolved' | 'expired';
  created_at: string;
  published_at: string | null;
  expires_at: string;
  officer: { name: string; badge: string };
  agency: AgencyRef;
}
export interface MatchingClip { clip: Clip; sent_from: string; sent_to: string; sent_duration_ms: number }
export interface InboxItem {
  id: string;
  request: FootageRequest;
  reached_at: string;
  answer: 'accepted' | 'declined' | null;
  answered_at: string | null;
  clips?: MatchingClip[];
}
export type GrantState = 'undo' | 'visible' | 'downloaded' | 'withdrawn' | 'expired';
export interface Grant {
  id: string;
  request_id: string;
  agency: AgencyRef;
  case: string;
  alias: string;
  given_at: string;
  visible_at: string;
  expires_at: string;
  downloaded_at: string | null;
  withdrawn_at: string | null;
  state: GrantState;
  items: { clip_id: string; sent_from: string; sent_to: string; duration_ms: number }[];
}
export interface LedgerEntry {
  id: string;
  at: string;
  household_id: string | null;
  action: string;
  actor: { kind: string; id: string | null };
  subject: { kind: string; id: string | null };
  detail: Record<string, unknown>;
  request_id: string;
}
export interface Evidence {
  id: string;
  request_id: string;
  case: string;
  alias: string;
  given_at: string;
  expires_at: string;
  files: { id: string; started_at: string; duration_ms: number; bytes: number; sha256?: string; urls: { mp4: string } }[];
}
