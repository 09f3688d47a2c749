// SPDX-License-Identifier: Apache-2.0
// Talking to the server: JSON in and out, problem+json turned into one kind of error, the CSRF token on unsafe methods.
import { text } from './strings';

const timeoutMs = 30_000;
let csrf = '';
let clockAheadMs = 0; // how far the server's clock is ahead of this one
let onSignedOut: () => void = () => undefined;

export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly title: string,
    readonly hint: string,
    readonly requestId: string,
    readonly retryAfterS: number,
  ) {
    super(title);
  }
}

export function setCsrf(value: string): void {
  csrf = value;
}

/** Called when the server says that nobody is signed in any more. */
export function whenSignedOut(fn: () => void): void {
  onSignedOut = fn;
}

/** The server's time, so that a countdown is right on a computer whose clock is not. */
export function serverNow(): number {
  return Date.now() + clockAheadMs;
}

export function problemFrom(status: number, body: unknown, headers: Headers): ApiError {
  const p = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const word = (name: string) => (typeof p[name] === 'string' ? (p[name] as string) : '');
  const known = word('title') !== '';
  return new ApiError(
    word('type').replace(/^.*\/problems\//, '') || 'unreadable',
    status,
    known ? word('detail') || word('title') : text.error.unreadable,
    known ? word('hint') : text.error.unreadableHint,
    word('request_id') || headers.get('X-Request-Id') || '',
    Number(headers.get('Retry-After') ?? 0) || 0,
  );
}

function failed(cause: unknown): ApiError {
  if (cause instanceof ApiError) {
    return cause;
  }
  const late = cause instanceof DOMException && cause.name === 'TimeoutError';
  return late
    ? new ApiError('timeout', 0, text.error.timeout, text.error.timeoutHint, '', 0)
    : new ApiError('offline', 0, text.error.offline, text.error.offlineHint, '', 0);
}

function noteClock(headers: Headers): void {
  const at = Date.parse(headers.get('Date') ?? '');
  if (!Number.isNaN(at) && Math.abs(at + 500 - Date.now()) > 2000) {
    clockAheadMs = at + 500 - Date.now();
  }
}

async function exchange(method: string, path: string, body?: unknown): Promise<unknown> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (method !== 'GET' && csrf !== '') {
    headers['X-CSRF-Token'] = csrf;
  }
  const signal = AbortSignal.timeout(timeoutMs);
  const payload = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(path, { method, headers, signal, credentials: 'same-origin', ...payload });
  noteClock(response.headers);
  if (response.status === 204) {
    return undefined;
  }
  const json: unknown = await response.json().catch(() => undefined);
  if (!response.ok || json === undefined) {
    throw problemFrom(response.status, json, response.headers);
  }
  return json;
}

/** Where the server says something is, on the host this page came from: behind another name its own would be a foreign one. */
export function onThisHost(url: string): string {
  const { pathname, search } = new URL(url, 'https://x');
  return pathname + search;
}

/** One call. Throws ApiError and nothing else. */
export async function call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  try {
    return (await exchange(method, path, body)) as T;
  } catch (cause) {
    const error = failed(cause);
    if (error.code === 'unauthorized' && path !== '/api/v1/session') {
      onSignedOut();
    }
    throw error;
  }
}

const early = new Map<string, Promise<unknown>>();

/** Ask now for what a page is about to ask for. */
export function prefetch(path: string): void {
  const answer = call<unknown>('GET', path);
  answer.catch(() => undefined); // whoever takes it sees the error
  early.set(path, answer);
}

export function get<T>(path: string): Promise<T> {
  const answer = early.get(path) as Promise<T> | undefined;
  early.delete(path);
  return answer ?? call<T>('GET', path);
}
