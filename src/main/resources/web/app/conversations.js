// The conversations that are open or were lately: details with members and cursors, and the loaded part of their logs.
// Pages come over the socket's `history`, or over REST while there is no connection.

import { Timeline } from '../core/timeline.js';
import { othersCursors } from '../core/items.js';

const PAGE = 50;
const KEPT = 8;
const LONG = 400;

export class Conversations {
  constructor({ me, api, socket, people, rows, covered, loaded, changed }) {
    Object.assign(this, { me, api, socket, people, rows, covered, loaded, changed });
    this.open = new Map(); // conversation_id -> {id, timeline, detail, loading, error, missing}
    this.cursors = new Map(); // conversation_id -> Map(user_id -> {delivered, read})
  }

  get(id) {
    return this.open.get(id) ?? null;
  }

  /** Loads a conversation, or brings a loaded one up to date. */
  async show(id) {
    let conversation = this.open.get(id);
    if (conversation?.missing && this.rows.has(id)) {
      this.open.delete(id); // a member again: what is visible now starts anew
      conversation = null;
    }
    if (conversation?.missing) return;
    if (conversation) {
      this.open.delete(id);
    } else {
      conversation = { id, timeline: new Timeline(), detail: null, loading: false, error: null, missing: false };
    }
    this.open.set(id, conversation);
    for (const oldest of this.open.keys()) {
      if (this.open.size <= KEPT) break;
      this.open.delete(oldest);
    }
    if (conversation.timeline.lowest === null) this.loadOlder(id);
    else this.fill(id);
    await this.loadDetail(id);
  }

  async loadDetail(id) {
    const conversation = this.open.get(id);
    if (!conversation || conversation.missing) return;
    try {
      const detail = await this.api.conversation(id);
      this.setDetail(detail);
    } catch (error) {
      if (error.code === 'not_found') conversation.missing = true;
      this.changed('conversation');
    }
  }

  setDetail(detail) {
    const id = detail.conversation_id;
    const conversation = this.open.get(id);
    if (conversation) Object.assign(conversation, { detail, missing: false });
    for (const member of detail.members ?? []) {
      if (member.display_name) this.people.put(member);
      this.moveCursor(id, member.user_id, member.delivered_seq, member.read_seq);
      if (detail.type === 'direct' && member.user_id !== this.me && detail.name) {
        this.people.put({ user_id: member.user_id, display_name: detail.name, avatar_url: detail.avatar_url });
      }
    }
    this.people.need((detail.members ?? []).map((member) => member.user_id));
    this.changed('conversation');
  }

  peer(id) {
    const detail = this.open.get(id)?.detail;
    return detail?.type === 'direct' ? (detail.members.find((member) => member.user_id !== this.me)?.user_id ?? null) : null;
  }

  moveCursor(id, userId, delivered = 0, read = 0) {
    let cursors = this.cursors.get(id);
    if (!cursors) this.cursors.set(id, (cursors = new Map()));
    const known = cursors.get(userId) ?? { delivered: 0, read: 0 };
    cursors.set(userId, { delivered: Math.max(known.delivered, delivered, read), read: Math.max(known.read, read) });
  }

  /** How far all the others are. */
  othersAt(id) {
    const detail = this.open.get(id)?.detail;
    const row = this.rows.get(id);
    if (!detail?.members) return { delivered: row?.peer_delivered_seq ?? 0, read: row?.peer_read_seq ?? 0 };
    const known = this.cursors.get(id) ?? new Map();
    const others = othersCursors(
      detail.members.map((member) => {
        const cursor = known.get(member.user_id) ?? { delivered: 0, read: 0 };
        return { user_id: member.user_id, delivered_seq: cursor.delivered, read_seq: cursor.read };
      }),
      this.me,
    );
    if (detail.type !== 'direct' || !row) return others;
    return { delivered: Math.max(others.delivered, row.peer_delivered_seq ?? 0), read: Math.max(others.read, row.peer_read_seq ?? 0) };
  }

  async loadOlder(id) {
    const conversation = this.open.get(id);
    if (!conversation || conversation.missing || conversation.loading || conversation.timeline.complete) return;
    const { timeline } = conversation;
    conversation.loading = true;
    conversation.error = null;
    this.changed('conversation');
    try {
      const before = timeline.lowest === null ? undefined : { before: timeline.lowest };
      const page = await this.history(id, { ...before, limit: PAGE });
      timeline.addPage(page.entries, { hasMore: page.has_more, older: true });
      if (timeline.lowest === null) timeline.lowest = 1;
      this.noticePeople(page.entries);
    } catch (error) {
      conversation.error = error;
    }
    conversation.loading = false;
    this.changed('conversation');
    if (!conversation.error) this.fill(id);
    this.loaded(id);
  }

  /** Fetches what is missing between the oldest loaded entry and the newest known one. */
  async fill(id) {
    const conversation = this.open.get(id);
    if (!conversation || conversation.missing || conversation.filling || conversation.timeline.lowest === null) return;
    conversation.filling = true;
    try {
      for (;;) {
        const head = Math.max(conversation.timeline.highest, this.rows.get(id)?.last_seq ?? 0);
        const hole = conversation.timeline.holes(head)[0];
        if (!hole) break;
        await this.fetchRange(id, hole.from, hole.to);
        this.changed('conversation');
      }
    } catch {
      // Without a connection now; the next `synced` fills again.
    }
    conversation.filling = false;
    this.loaded(id);
  }

  /** Fetches from..to, adds it to a loaded log, and reports the range as held. */
  async fetchRange(id, from, to) {
    let next = from;
    while (next <= to) {
      const page = await this.history(id, { after: next - 1, limit: 100 });
      const last = page.entries.length > 0 ? page.entries[page.entries.length - 1].seq : to;
      const timeline = this.open.get(id)?.timeline;
      if (timeline) {
        timeline.addPage(page.entries, { hasMore: true, older: false });
        timeline.settle(next, Math.min(to, page.has_more ? last : to));
      }
      this.noticePeople(page.entries);
      const through = page.has_more && last >= next ? last : Math.max(to, last);
      this.covered(id, next, through);
      next = through + 1;
    }
  }

  async history(id, query) {
    if (this.socket.state === 'online' || this.socket.state === 'syncing') {
      for (let attempt = 0; ; attempt++) {
        try {
          return await this.socket.request('history', { conversation_id: id, ...query });
        } catch (error) {
          if (!error.retryable || error.interrupted || attempt >= 5) throw error;
          await new Promise((done) => setTimeout(done, error.retry_after_ms ?? 500));
        }
      }
    }
    const parameters = new URLSearchParams(query);
    return this.api.get(`/v1/conversations/${encodeURIComponent(id)}/messages?${parameters}`);
  }

  noticePeople(entries) {
    const ids = new Set();
    for (const entry of entries) {
      ids.add(entry.sender_id);
      for (const id of entry.member_ids ?? []) ids.add(id);
      if (entry.user_id) ids.add(entry.user_id);
    }
    ids.delete(undefined);
    this.people.need([...ids]);
  }

  /** A live entry; only loaded conversations keep it. */
  apply(entry) {
    const conversation = this.open.get(entry.conversation_id);
    if (!conversation) return;
    conversation.timeline.add(entry);
    this.noticePeople([entry]);
    if (entry.type === 'member_removed' && entry.user_id === this.me) {
      conversation.missing = true;
    } else if (['members_added', 'member_removed', 'role_changed', 'group_changed'].includes(entry.type)) {
      this.loadDetail(entry.conversation_id);
    }
    if (conversation.timeline.lowest !== null && conversation.timeline.holes().length > 0) this.fillSoon(entry.conversation_id);
  }

  /** A hole mostly closes by itself within a moment: a `sent` had overtaken. */
  fillSoon(id) {
    const conversation = this.open.get(id);
    if (!conversation || conversation.fillTimer) return;
    conversation.fillTimer = setTimeout(() => {
      conversation.fillTimer = null;
      this.fill(id);
    }, 1_500);
  }

  trim(id) {
    this.open.get(id)?.timeline.trim(LONG);
  }

  forget(id) {
    this.open.delete(id);
    this.cursors.delete(id);
  }
}
