// How long to wait before trying again: 1, 2, 4 … 30 s with full jitter, never earlier than the server asks for.

export const LONGEST_MS = 30_000;

export function retryDelay(attempt, retryAfterMs = 0, random = Math.random) {
  const ceiling = Math.min(LONGEST_MS, 1000 * 2 ** Math.min(attempt, 10));
  return Math.max(Math.round(random() * ceiling), retryAfterMs || 0);
}
