// The one connection: handshake, requests and their answers, pings and the watchdog, token renewal, reconnecting with
// backoff, and what each `closing` code asks for. It knows frames, not what they mean for the conversations.

import { retryDelay } from '../core/backoff.js';

const HANDSHAKE_MS = 20_000;
const PONG_MS = 10_000;
const PROBE_MS = 2_000;
const ANSWER_MS = 25_000;
const FINAL = new Set(['replaced', 'removed', 'protocol', 'no_hello']);

/** `state`: idle, connecting, syncing, online, waiting (until `retryAt`), stopped (for `reason`). */
export class Socket {
  constructor({ auth, url, deviceId, firstHello, onFrame, onState }) {
    Object.assign(this, { auth, url, deviceId, firstHello, onFrame, onState });
    this.state = 'idle';
    this.reason = null;
    this.retryAt = null;
    this.attempt = 0;
    this.lastId = 0;
    this.waiting = new Map();
    this.timers = new Map();
    this.generation = 0;
    this.closing = null;
    this.refusedToken = null;
  }

  start() {
    this.attempt = 0;
    this.connect();
  }

  /** Ends the connection and does not come back. */
  stop(reason = null) {
    this.drop();
    this.set('stopped', reason);
  }

  /** Whether a sign of life is overdue. */
  get doubtful() {
    return this.timers.has('pong');
  }

  /** Something says that the network may be back. */
  hurry() {
    if (this.state === 'waiting') this.connect();
    else this.probe();
  }

  /** Asks for a sign of life now: a connection that does not answer is given up. */
  probe() {
    if (this.state !== 'online' && this.state !== 'syncing') return;
    this.ping();
    if (!navigator.onLine) this.timer('pong', PROBE_MS, () => this.lost());
    this.onState(this.state);
  }

  async connect() {
    this.drop();
    const generation = ++this.generation;
    this.set('connecting');
    let token;
    try {
      token = await this.auth.accessToken({ not: this.refusedToken });
    } catch {
      return; // logged out: whoever owns this socket has been told
    }
    if (generation !== this.generation) return;
    const ws = new WebSocket(this.url, 'parley.v1');
    this.ws = ws;
    this.closing = null;
    this.timer('handshake', HANDSHAKE_MS, () => this.lost());
    ws.onopen = () => {
      this.write({
        op: 'hello',
        id: ++this.lastId,
        token,
        device_id: this.deviceId,
        client: 'parley-web/1',
        ...(this.firstHello ? { fresh: true } : {}),
      });
      this.helloToken = token;
    };
    ws.onmessage = ({ data }) => generation === this.generation && this.received(data);
    ws.onclose = () => generation === this.generation && this.lost();
  }

  received(data) {
    this.clear('pong');
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    switch (frame.op) {
      case 'welcome':
        return this.welcomed(frame);
      case 'synced':
        this.attempt = 0;
        this.firstHello = false;
        this.set('online');
        this.onFrame(frame);
        return undefined;
      case 'closing':
        this.closing = frame;
        if (frame.code === 'unauthenticated') this.refusedToken = this.helloToken;
        return this.onFrame(frame);
      case 'server_maintenance':
        this.timer('maintenance', frame.reconnect_after_ms ?? 0, () => this.connect());
        return this.onFrame(frame);
      case 'ok':
      case 'sent':
      case 'inbox':
      case 'history':
      case 'error':
      case 'pong':
        if (frame.op === 'sent') this.onFrame(frame);
        return this.answered(frame);
      default:
        return this.onFrame(frame);
    }
  }

  welcomed(frame) {
    this.clear('handshake');
    this.refusedToken = null;
    this.set('syncing');
    this.pingEvery = frame.ping_interval_ms || 30_000;
    this.schedulePing();
    this.scheduleRenewal();
    this.onFrame(frame);
  }

  schedulePing() {
    this.timer('ping', this.pingEvery, () => {
      this.ping();
      this.schedulePing();
    });
  }

  ping() {
    this.write({ op: 'ping', id: ++this.lastId });
    if (!this.timers.has('pong')) this.timer('pong', PONG_MS, () => this.lost());
  }

  /** Renews the session a little before its token ends. */
  scheduleRenewal() {
    const wait = Math.max(1_000, this.auth.expiresAt - Date.now() - 90_000);
    this.timer('renewal', Math.min(wait, 2 ** 31 - 1), async () => {
      const before = this.auth.token;
      try {
        const token = await this.auth.accessToken({ not: before });
        await this.request('auth', { token });
        this.helloToken = token;
        this.scheduleRenewal();
      } catch {
        // Logged out, or the connection went: the next hello brings the new token.
      }
    });
  }

  /** Sends a frame that has an answer. Rejects with the server's error, or `{retryable: true}` if the connection goes. */
  request(op, fields) {
    return new Promise((resolve, reject) => {
      if (this.state !== 'online' && !(this.state === 'syncing' && op === 'history')) {
        reject({ code: 'network', retryable: true, interrupted: true });
        return;
      }
      const id = ++this.lastId;
      const late = setTimeout(() => this.waiting.delete(id) && reject({ code: 'network', retryable: true }), ANSWER_MS);
      this.waiting.set(id, { resolve, reject, late });
      this.write({ op, id, ...fields });
    });
  }

  /** Sends a frame without an answer; false if there is no connection. */
  tell(op, fields) {
    if (this.state !== 'online' && this.state !== 'syncing') return false;
    this.write({ op, ...fields });
    return true;
  }

  answered(frame) {
    const request = this.waiting.get(frame.id);
    if (!request) return;
    this.waiting.delete(frame.id);
    clearTimeout(request.late);
    if (frame.op === 'error') request.reject(frame);
    else request.resolve(frame);
  }

  write(frame) {
    if (this.ws?.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(frame));
  }

  /** The connection has ended, by itself or because it does not answer. */
  lost() {
    const closing = this.closing;
    this.drop();
    if (closing && (FINAL.has(closing.code) || (closing.reconnect === false && closing.code !== 'unauthenticated'))) {
      this.set('stopped', closing.code);
      return;
    }
    const wait = retryDelay(this.attempt++, closing?.retry_after_ms ?? 0);
    this.retryAt = Date.now() + wait;
    this.set('waiting', closing?.code ?? null);
    this.timer('retry', wait, () => this.connect());
  }

  drop() {
    this.generation++;
    for (const name of [...this.timers.keys()]) this.clear(name);
    const ws = this.ws;
    this.ws = null;
    if (ws) {
      ws.onopen = ws.onmessage = ws.onclose = null;
      ws.close();
    }
    for (const { reject, late } of this.waiting.values()) {
      clearTimeout(late);
      reject({ code: 'network', retryable: true, interrupted: true });
    }
    this.waiting.clear();
  }

  set(state, reason = null) {
    this.state = state;
    this.reason = reason;
    if (state !== 'waiting') this.retryAt = null;
    this.onState(state, reason);
  }

  timer(name, ms, run) {
    this.clear(name);
    this.timers.set(name, setTimeout(() => this.timers.delete(name) && run(), ms));
  }

  clear(name) {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }
}
