// Who is logged in. The access token lives in memory only; the refresh token in an HttpOnly cookie that no script sees.
// A refresh token is spent by its use; for a minute after it gives more of the same, later it ends the whole session. So one
// tab of this browser refreshes at a time: a lock guards the call, and the tab that made it tells the others the new access
// token over a channel. A page that is reloaded in the middle may use the old token again, which that minute is for.

import { retryDelay } from '../core/backoff.js';

const HINT = 'parley.session'; // says that there may be a cookie, so that a first visit asks for nothing
const EARLY_MS = 60_000;
const STALE_TRIES = 2;

export class AuthError extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title ?? problem.code);
    Object.assign(this, problem);
  }
}

export class Auth {
  constructor() {
    this.token = null;
    this.userId = null;
    this.expiresAt = 0;
    this.onLoggedOut = () => {};
    this.onRenewed = () => {};
    this.refreshing = null;
    this.channel = new BroadcastChannel('parley.auth');
    this.channel.onmessage = ({ data }) => this.heard(data);
  }

  get mayHaveSession() {
    return localStorage.getItem(HINT) !== null;
  }

  register(username, password, displayName) {
    const body = { username, password };
    if (displayName) body.display_name = displayName;
    return this.enter('/v1/auth/register', body);
  }

  login(username, password) {
    return this.enter('/v1/auth/login', { username, password });
  }

  async enter(path, body) {
    const answer = await navigator.locks.request('parley.refresh', () => this.call(path, body));
    this.take(answer);
    this.tell();
  }

  /** A token that is good for a while yet. Waits while the network is away; throws AuthError when the session is over. */
  async accessToken({ not = null } = {}) {
    if (this.good() && this.token !== not) return this.token;
    this.refreshing ??= this.refresh(not).finally(() => (this.refreshing = null));
    await this.refreshing;
    return this.token;
  }

  good() {
    return this.token !== null && Date.now() < this.expiresAt - EARLY_MS;
  }

  async refresh(not) {
    for (let attempt = 0; ; attempt++) {
      try {
        await navigator.locks.request('parley.refresh', async () => {
          if (this.good() && this.token !== not) return; // another tab did it while this one waited
          this.take(await this.call('/v1/auth/refresh', {}));
          this.tell();
        });
        return;
      } catch (error) {
        // A token that another tab, or this page before its reload, has just used: the cookie may be a newer one by now.
        const stale = error.code === 'unauthenticated' && attempt < STALE_TRIES;
        if ((error.status === 401 && !stale) || !this.mayHaveSession) {
          this.forget();
          this.onLoggedOut(error);
          throw error;
        }
        await new Promise((done) => setTimeout(done, retryDelay(attempt, error.retry_after_ms ?? 300)));
      }
    }
  }

  async logout() {
    try {
      await navigator.locks.request('parley.refresh', () => this.call('/v1/auth/logout', {}));
    } finally {
      this.forget();
      this.channel.postMessage({ loggedOut: true });
    }
  }

  async call(path, body) {
    let response;
    try {
      response = await fetch(path, {
        method: 'POST',
        credentials: 'same-origin',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    } catch {
      throw new AuthError({ code: 'network', status: 0 });
    }
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    const seconds = Number(response.headers.get('Retry-After'));
    throw new AuthError({ ...answer, status: response.status, retry_after_ms: seconds > 0 ? seconds * 1000 : undefined });
  }

  take({ access_token: token, user_id: userId, expires_in: seconds }) {
    this.token = token;
    this.userId = userId;
    this.expiresAt = Date.now() + seconds * 1000;
    localStorage.setItem(HINT, userId);
    this.onRenewed();
  }

  tell() {
    this.channel.postMessage({ token: this.token, userId: this.userId, expiresAt: this.expiresAt });
  }

  heard(data) {
    if (data.loggedOut) {
      this.forget();
      this.onLoggedOut(null);
    } else if (data.token && (this.userId === null || this.userId === data.userId)) {
      Object.assign(this, { token: data.token, userId: data.userId, expiresAt: data.expiresAt });
      this.onRenewed();
    } else if (data.token) {
      location.reload(); // somebody else logged in in another tab: the cookie is theirs now
    }
  }

  forget() {
    Object.assign(this, { token: null, userId: null, expiresAt: 0 });
    localStorage.removeItem(HINT);
  }
}
