// SPDX-License-Identifier: Apache-2.0
// Talking to the server: JSON in and out, problem+json turned into one kind of error, the CSRF token on unsafe methods.
import { serverAhead, narrow } from './clock';
import type { Bounds } from './clock';
import { text } from './strings';

const timeoutMs = 30_000;
let csrf = '';
let clock: Bounds | null = null; // what is known of the server's clock
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
  return Date.now() + serverAhead(clock);
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

/** Learn the server's clock from an answer that was asked for at `sentMs`. */
export function noteClock(headers: Headers, sentMs: number): void {
  const at = Date.parse(headers.get('Date') ?? '');
  if (!Number.isNaN(at)) {
    clock = narrow(clock, sentMs, Date.now(), at);
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

async function exchange(method: Method, path: string, body?: unknown): Promise<unknown> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (method !== 'GET' && csrf !== '') {
    headers['X-CSRF-Token'] = csrf;
  }
  const signal = AbortSignal.timeout(timeoutMs);
  const payload = body === undefined ? {} : { body: JSON.stringify(body) };
  const sent = Date.now();
  const response = await fetch(path, { method, headers, signal, credentials: 'same-origin', ...payload });
  noteClock(response.headers, sent);
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

/** The session is over, as an answer outside of call() said. */
export function signedOut(): void {
  onSignedOut();
}

/** One call. Throws ApiError and nothing else. */
export async function call<T>(method: Method, path: string, body?: unknown): Promise<T> {
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
