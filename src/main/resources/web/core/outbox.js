// What this device still owes the server. An item stays, under the one client_msg_id it was born with, until the server says
// `sent` or refuses it for good; a refused one stays visible until the user retries or discards it. One item at a time per
// conversation, so that a retry never changes the order. Storage comes from outside: it must hold what `save` was given.

import { retryDelay } from './backoff.js';

export class Outbox {
  constructor({ storage, now = () => Date.now(), random = Math.random }) {
    this.storage = storage;
    this.now = now;
    this.random = random;
    this.items = storage.load().map((item) => ({ ...item, attempts: 0, notBefore: 0, inFlight: false }));
    this.pausedUntil = 0;
  }

  add(item) {
    this.items.push({ state: 'queued', created_at: this.now(), attempts: 0, notBefore: 0, inFlight: false, ...item });
    return this.save();
  }

  of(conversationId) {
    return this.items.filter((item) => item.conversation_id === conversationId);
  }

  find(clientMsgId) {
    return this.items.find((item) => item.client_msg_id === clientMsgId);
  }

  /** The items to send now, oldest first, at most one per conversation. */
  due() {
    if (this.now() < this.pausedUntil) return [];
    const busy = new Set();
    const due = [];
    for (const item of this.items) {
      if (item.state === 'failed' || busy.has(item.conversation_id)) continue;
      busy.add(item.conversation_id);
      if (!item.inFlight && item.notBefore <= this.now()) due.push(item);
    }
    return due;
  }

  /** When `due` may next have something that only time holds back, or null. */
  nextAt() {
    const waiting = this.items.filter((item) => item.state !== 'failed' && !item.inFlight);
    if (waiting.length === 0) return null;
    return Math.max(this.pausedUntil, Math.min(...waiting.map((item) => item.notBefore)));
  }

  started(item) {
    item.inFlight = true;
  }

  /** The server has it: returns the item, which is gone from here. */
  sent(clientMsgId) {
    const item = this.find(clientMsgId);
    if (item) this.discard(clientMsgId);
    return item;
  }

  /** An `error` answer, or none at all (`{retryable: true}`). */
  refused(clientMsgId, error) {
    const item = this.find(clientMsgId);
    if (!item) return;
    item.inFlight = false;
    if (error.retryable) {
      const wait = retryDelay(item.attempts++, error.retry_after_ms, this.random);
      item.notBefore = this.now() + wait;
      if (error.code === 'rate_limited') this.pausedUntil = Math.max(this.pausedUntil, item.notBefore);
      return;
    }
    item.state = 'failed';
    item.error = error.code ?? 'error';
    this.save();
  }

  /** The connection is gone: what was under way is due again at once. */
  interrupted() {
    for (const item of this.items) {
      item.inFlight = false;
      item.notBefore = 0;
    }
  }

  retry(clientMsgId) {
    const item = this.find(clientMsgId);
    if (!item) return;
    Object.assign(item, { state: 'queued', error: undefined, attempts: 0, notBefore: 0, inFlight: false });
    this.save();
  }

  discard(clientMsgId) {
    this.items = this.items.filter((item) => item.client_msg_id !== clientMsgId);
    this.save();
  }

  /** Nobody knows what seqs name now: what changes an entry is dropped, what is new is still to be sent. */
  forgetEntries() {
    this.items = this.items
      .filter((item) => item.target_seq === undefined)
      .map(({ reply_to: unknown, ...kept }) => kept); // eslint-disable-line no-unused-vars
    this.save();
  }

  save() {
    return this.storage.save(
      this.items.map(({ attempts, notBefore, inFlight, ...kept }) => kept), // eslint-disable-line no-unused-vars
    );
  }
}
