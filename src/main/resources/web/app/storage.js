// What this browser keeps per user: the device's id, the epoch it knows, the last id made, and the outbox. Never tokens,
// never conversations.

import { randomPart } from '../core/ulid.js';

export class Storage {
  constructor(userId) {
    this.userId = userId;
  }

  key(what) {
    return `parley.${what}.${this.userId}`;
  }

  /** The device's id; `fresh` until the server has answered it once. */
  device() {
    let id = localStorage.getItem(this.key('device'));
    if (!id) {
      id = `web-${randomPart()}`;
      localStorage.setItem(this.key('device'), id);
    }
    return { id, fresh: localStorage.getItem(this.key('known')) !== id };
  }

  /** The server knows the device, and its history has that name (none from an older server). */
  deviceKnown(id, epoch) {
    localStorage.setItem(this.key('known'), id);
    if (epoch) localStorage.setItem(this.key('epoch'), epoch);
  }

  /** Whether this device knows a history that is not the server's any more. */
  staleIn(epoch) {
    const known = localStorage.getItem(this.key('epoch'));
    return Boolean(epoch && known && known !== epoch);
  }

  /** What this device knew is gone: its next hello says so, whenever it comes. */
  forgetHistory() {
    localStorage.removeItem(this.key('known'));
    localStorage.removeItem(this.key('epoch'));
  }

  forgetDevice() {
    localStorage.removeItem(this.key('device'));
    this.forgetHistory();
  }

  lastUlid() {
    const key = this.key('ulid');
    return { get: () => localStorage.getItem(key), set: (id) => localStorage.setItem(key, id) };
  }

  outbox() {
    const key = this.key('outbox');
    return {
      load() {
        try {
          const items = JSON.parse(localStorage.getItem(key) ?? '[]');
          return Array.isArray(items) ? items.filter((item) => item?.client_msg_id && item.conversation_id) : [];
        } catch {
          return [];
        }
      },
      /** False if the browser has no room: the item is then only as safe as this tab. */
      save(items) {
        try {
          if (items.length === 0) localStorage.removeItem(key);
          else localStorage.setItem(key, JSON.stringify(items));
          return true;
        } catch {
          return false;
        }
      },
    };
  }
}
