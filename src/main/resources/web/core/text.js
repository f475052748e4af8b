// Words for people: times, days, names, initials, errors, and the parts of a text that are links.

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const shortWeekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: '2-digit', month: '2-digit', year: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

export const clock = (at) => time.format(new Date(at));
export const fullTime = (at) => full.format(new Date(at));

export function dayKey(at) {
  const day = new Date(at);
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`;
}

function daysAgo(at, now) {
  const start = (moment) => new Date(moment).setHours(0, 0, 0, 0);
  return Math.round((start(now) - start(at)) / 86_400_000);
}

export function dayLabel(at, now = Date.now()) {
  const days = daysAgo(at, now);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days > 1 && days < 7 ? weekday.format(new Date(at)) : date.format(new Date(at));
}

/** The short time at an inbox row. */
export function rowTime(at, now = Date.now()) {
  const days = daysAgo(at, now);
  if (days <= 0) return clock(at);
  if (days === 1) return 'Yesterday';
  return days < 7 ? shortWeekday.format(new Date(at)) : shortDate.format(new Date(at));
}

export function lastSeen(at, now = Date.now()) {
  if (!at) return 'offline';
  const days = daysAgo(at, now);
  if (now - Date.parse(at) < 60_000) return 'last seen just now';
  if (days === 0) return `last seen today at ${clock(at)}`;
  if (days === 1) return `last seen yesterday at ${clock(at)}`;
  return `last seen ${shortDate.format(new Date(at))}`;
}

export function initials(name) {
  const words = (name ?? '').trim().split(/[\s._-]+/u).filter(Boolean);
  const letters = words.map((word) => [...word].find((char) => /[\p{L}\p{N}]/u.test(char))).filter(Boolean);
  if (letters.length === 0) return '#';
  const chosen = letters.length === 1 ? letters : [letters[0], letters[letters.length - 1]];
  return chosen.join('').toLocaleUpperCase();
}

/** A stable number 0..7 for a name's colour. */
export function hue(id) {
  let hash = 7;
  for (const char of id ?? '') hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  return hash % 8;
}

/** An address is shown as a picture only if it is https. */
export function pictureUrl(address) {
  if (typeof address !== 'string') return null;
  try {
    const url = new URL(address);
    return url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

/** Splits a text into `{text}` and `{text, href}` parts; only http and https become links. */
export function linkParts(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"'`]+/gu)) {
    const shown = match[0].replace(/[.,;:!?)\]}]+$/u, '');
    let href;
    try {
      href = new URL(shown).href;
    } catch {
      continue;
    }
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: shown, href });
    from = match.index + shown.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** A message of nothing but up to three emoji is drawn large. */
export const isBigEmoji = (text) =>
  typeof text === 'string' && text.length <= 40 && /^(?:\p{RGI_Emoji}\s*){1,3}$/v.test(text);

export const utf8Length = (text) => new TextEncoder().encode(text).length;

const PROBLEMS = {
  bad_credentials: 'That username and password do not match.',
  username_taken: 'That username is taken. Try another one.',
  refresh_reused: 'Your session has ended for safety. Please log in again.',
  unauthenticated: 'Your session has ended. Please log in again.',
  forbidden: 'You are not allowed to do that.',
  not_found: 'This is not available any more.',
  too_large: 'That is too long.',
  rejected_by_moderation: 'This was refused by moderation.',
  rate_limited: 'That was a bit fast. Please wait a moment.',
  unavailable: 'The server is busy. Please try again in a moment.',
  network: 'Parley cannot be reached. Check your connection and try again.',
};

export function problemText(error) {
  return PROBLEMS[error?.code] ?? error?.detail ?? error?.message ?? 'Something went wrong.';
}
