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
export type CameraState = 'live' | 'idle' | 'stopped' | 'off';
export interface Camera {
  id: string;
  name: string;
  household_id: string;
  enabled: boolean;
  created_at: string;
  last_clip_at: string | null;
  state?: CameraState;
  live?: boolean;
  last_media_at?: string | null;
  clock_offset_ms?: number | null;
  storage?: { used_bytes: number; quota_bytes: number | null; full_on: string | null };
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
  kept?: boolean;
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

export interface LiveInfo { live: boolean; codecs: string | null; width: number | null; height: number | null; since: string | null; viewers: number }
export interface Viewer {
  id: string;
  account: { id: string; name: string; email: string } | null;
  how: 'stream' | 'hls';
  since: string;
  peer: string;
  skipped: number;
}
export type GapReason = 'offline' | 'deleted' | 'expired' | 'paused' | 'quota' | 'corrupt' | 'never_sent';
export interface TimelineAnswer {
  from: string;
  to: string;
  runs: { from: string; to: string; recording_id: string; late: boolean }[];
  gaps: { from: string; to: string; reason: GapReason }[];
  events: { clip_id: string; kind: ClipKind; name: string; from: string; to: string; partial: boolean; kept: boolean }[];
  deletions: { id: string; from: string; to: string; undo_until: string }[];
}
export interface Deletion { id: string; camera_id: string; clip_id: string | null; from: string; to: string; undo_until: string; held: boolean }
export type DeletionItem = Deletion & { camera_name: string; clip_name: string; deleted_at: string };
export interface Rule { kind: ClipKind | '*'; keep_s: number }
export interface Retention { rules: Rule[]; default_keep_s: number; undo_s: number; quota_bytes: number | null; quota_soft_bytes: number | null }
export interface RetentionPreview {
  would_delete: { clips: number; segments: number; bytes: number; from: string | null; to: string | null };
  held: { segments: number; bytes: number };
}
export interface Storage {
  used_bytes: number;
  quota_bytes: number | null;
  room_bytes?: number | null;
  full_on: string | null;
  cameras: { id: string; name: string; used_bytes: number; bytes_per_day: number; full_on: string | null }[];
}
export interface Hold { id: string; from: string; to: string; reason: 'keep' | 'request' | 'grant' | 'order'; authority: string; expires_at: string | null }
