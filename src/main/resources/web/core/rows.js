// The inbox: rows as the server last gave them, plus what arrived since, so that a row that comes late or twice never counts
// an entry double. Order: as the server lists them; a new message moves its conversation to the top.

import { isMessage } from './timeline.js';

const PREVIEW = 120;
const UNSETTLING = new Set(['edit', 'delete', 'group_changed', 'member_removed']);

export class Rows {
  constructor(me) {
    this.me = me;
    this.base = new Map(); // conversation_id -> row of the server
    this.since = new Map(); // conversation_id -> Map(seq -> what that entry changes)
    this.order = [];
  }

  has(id) {
    return this.base.has(id);
  }

  /** A row of the server; the page's place in the order comes from `setOrder`. */
  put(row) {
    const id = row.conversation_id;
    const known = this.base.get(id);
    if (known) {
      if (row.last_seq < known.last_seq) row = { ...known, read_seq: row.read_seq, peer_delivered_seq: row.peer_delivered_seq, peer_read_seq: row.peer_read_seq };
      row = { ...known, ...row, local: Boolean(row.local), read_seq: Math.max(known.read_seq ?? 0, row.read_seq ?? 0) };
      for (const peer of ['peer_delivered_seq', 'peer_read_seq']) row[peer] = Math.max(known[peer] ?? 0, row[peer] ?? 0);
      if (row.read_seq >= row.last_seq) row.unread_count = 0;
    } else {
      this.order.unshift(id);
    }
    this.base.set(id, row);
    const since = this.since.get(id);
    if (since) for (const seq of [...since.keys()]) if (seq <= row.last_seq) since.delete(seq);
  }

  remove(id) {
    this.base.delete(id);
    this.since.delete(id);
    this.order = this.order.filter((other) => other !== id);
  }

  /** The ids of the first rows, in the server's order; what moved up since stays above. */
  setOrder(ids, first) {
    const listed = new Set(ids);
    const rest = this.order.filter((id) => !listed.has(id));
    if (!first) {
      this.order = [...rest, ...ids];
      return;
    }
    const newer = rest.filter((id) => (this.since.get(id)?.size ?? 0) > 0);
    const older = rest.filter((id) => !newer.includes(id));
    this.order = [...newer, ...ids, ...older];
  }

  /** An entry has come. True if only the server can tell what it makes of the row. */
  apply(entry) {
    const id = entry.conversation_id;
    const row = this.base.get(id);
    if (!row) return true;
    if (entry.seq <= row.last_seq) return false;
    let since = this.since.get(id);
    if (!since) this.since.set(id, (since = new Map()));
    if (since.has(entry.seq)) return false;
    const message = isMessage(entry.type) && !entry.deleted;
    since.set(entry.seq, {
      seq: entry.seq,
      counts: message && entry.sender_id !== this.me,
      message: message
        ? {
            seq: entry.seq,
            sender_id: entry.sender_id,
            type: entry.type,
            preview: [...(entry.content ?? '')].slice(0, PREVIEW).join(''),
            server_timestamp: entry.server_timestamp,
          }
        : null,
    });
    if (isMessage(entry.type)) this.order = [id, ...this.order.filter((other) => other !== id)];
    return UNSETTLING.has(entry.type);
  }

  /** I have read up to `seq`, here or elsewhere. */
  read(id, seq) {
    const row = this.base.get(id);
    if (!row || seq <= row.read_seq) return;
    row.read_seq = seq;
    if (seq >= row.last_seq) row.unread_count = 0;
  }

  receipt(id, userId, delivered, read) {
    const row = this.base.get(id);
    if (!row) return;
    if (userId === this.me) {
      this.read(id, read);
    } else if (row.type === 'direct') {
      row.peer_delivered_seq = Math.max(row.peer_delivered_seq ?? 0, delivered, read);
      row.peer_read_seq = Math.max(row.peer_read_seq ?? 0, read);
    }
  }

  get(id) {
    const row = this.base.get(id);
    if (!row) return null;
    let { last_seq: lastSeq, last_message: lastMessage, unread_count: unread = 0 } = row;
    for (const change of this.since.get(id)?.values() ?? []) {
      lastSeq = Math.max(lastSeq, change.seq);
      if (change.counts && change.seq > row.read_seq) unread++;
      if (change.message && (!lastMessage || change.message.seq > lastMessage.seq)) lastMessage = change.message;
    }
    return { ...row, last_seq: lastSeq, last_message: lastMessage ?? null, unread_count: unread };
  }

  list() {
    return this.order.map((id) => this.get(id)).filter((row) => row && !row.removed);
  }

  unreadTotal() {
    return this.list().reduce((sum, row) => sum + (row.muted ? 0 : row.unread_count), 0);
  }
}
