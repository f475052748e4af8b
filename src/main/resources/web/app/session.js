// One logged-in user in this tab: puts the parts together and turns frames into state. Views read from here, call the
// methods below, and are told by topic what changed (inbox, conversation, people, presence, typing, outbox, connection).

import { Rows } from '../core/rows.js';
import { Outbox } from '../core/outbox.js';
import { ulidSource } from '../core/ulid.js';
import { isMessage } from '../core/timeline.js';
import { Socket } from '../net/socket.js';
import { Acks } from './acks.js';
import { Conversations } from './conversations.js';
import { InboxLoader } from './inbox-loader.js';
import { People } from './people.js';
import { Sender } from './sender.js';
import { Storage } from './storage.js';

export class Session {
  /** `restart` puts a new session in the place of this one. */
  constructor({ auth, api, changed, notify, restart }) {
    Object.assign(this, { auth, api, changed, notify, restart });
    this.me = auth.userId;
    this.storage = new Storage(this.me);
    this.nextId = ulidSource({ last: this.storage.lastUlid() });
    this.people = new People({ api, changed });
    this.rows = new Rows(this.me);
    this.outbox = new Outbox({ storage: this.storage.outbox() });
    const device = this.storage.device();
    this.socket = new Socket({
      auth,
      url: new URL('/v1/ws', location.href.replace(/^http/, 'ws')).href,
      deviceId: device.id,
      firstHello: device.fresh,
      onFrame: (frame) => this.onFrame(frame),
      onState: (state) => this.onState(state),
    });
    this.acks = new Acks({
      tell: (op, fields) => this.socket.tell(op, fields),
      fetchHole: (id, from, to) => this.conversations.fetchRange(id, from, to).catch(() => {}),
    });
    this.conversations = new Conversations({
      me: this.me,
      api,
      socket: this.socket,
      people: this.people,
      rows: this.rows,
      covered: (id, from, to) => this.acks.covered(id, from, to),
      loaded: () => this.markRead(),
      changed,
    });
    this.inbox = new InboxLoader({ socket: this.socket, api, rows: this.rows, onRow: (row) => this.onRow(row), changed });
    this.sender = new Sender({ outbox: this.outbox, socket: this.socket, changed });
    this.current = null;
    this.profile = null;
    this.maintenance = false;
    this.readSent = new Map();
  }

  start() {
    this.socket.start();
    this.api.me().then(
      (profile) => {
        this.profile = profile;
        this.people.put(profile);
        this.changed('people');
      },
      () => {},
    );
  }

  stop() {
    this.sender.stop();
    this.acks.stop();
    this.inbox.stop();
    this.socket.stop();
  }

  onState(state) {
    if (state === 'waiting' || state === 'stopped' || state === 'connecting') {
      this.sender.interrupted();
      this.people.connectionLost();
    }
    if (state === 'online') this.maintenance = false;
    this.changed('connection');
  }

  onFrame(frame) {
    switch (frame.op) {
      case 'welcome':
        if (this.storage.staleIn(frame.epoch)) this.startAfresh();
        else this.storage.deviceKnown(frame.device_id, frame.epoch);
        break;
      case 'synced':
        this.synced();
        break;
      case 'message':
        this.onEntry(frame);
        break;
      case 'sent':
        this.onSent(frame);
        break;
      case 'receipt':
        this.conversations.moveCursor(frame.conversation_id, frame.user_id, frame.delivered_seq, frame.read_seq);
        this.rows.receipt(frame.conversation_id, frame.user_id, frame.delivered_seq, frame.read_seq);
        this.changed('conversation');
        this.changed('inbox');
        break;
      case 'inbox_update':
        this.onInboxUpdate(frame.row ?? frame);
        break;
      case 'gap':
        this.onGap(frame);
        break;
      case 'typing':
        this.people.need([frame.user_id]);
        this.people.onTyping(frame);
        break;
      case 'presence':
        this.people.onPresence(frame);
        break;
      case 'server_maintenance':
        this.maintenance = true;
        this.changed('connection');
        break;
      case 'closing':
        if (frame.code === 'removed') {
          this.storage.forgetDevice();
          // With the device its login has ended as well, mostly: then this shows the login page.
          this.auth.accessToken({ not: this.auth.token }).catch(() => {});
        }
        break;
      default: // newer servers may say more
    }
  }

  /** The server's history has gone back: everything that names an entry of the old one is dropped, in this tab and kept. */
  startAfresh() {
    this.stop();
    this.storage.forgetHistory();
    this.outbox.forgetEntries();
    this.restart();
  }

  async synced() {
    this.acks.connectionBack();
    this.sender.pump();
    this.watch();
    await this.inbox.refresh();
    if (this.current) this.conversations.show(this.current);
    this.markRead();
  }

  onRow(row) {
    // A device's first connection replays nothing, and later ones replayed before `synced`: what the row counts is here.
    const tracker = this.acks.tracker(row.conversation_id);
    if (tracker.floor === null && row.unread_count > 0) this.acks.covered(row.conversation_id, row.last_seq, row.last_seq);
    if (row.last_message && row.type === 'group') this.people.need([row.last_message.sender_id]);
  }

  onEntry(entry) {
    this.acks.got(entry.conversation_id, entry.seq);
    if (this.rows.apply(entry)) this.inbox.refreshSoon();
    this.conversations.apply(entry);
    this.people.stopTyping(entry.conversation_id, entry.sender_id);
    if (entry.client_msg_id && entry.sender_id === this.me) this.outbox.sent(entry.client_msg_id);
    if (isMessage(entry.type) && !entry.deleted && entry.sender_id !== this.me && this.socket.state === 'online') {
      this.notify(entry);
    }
    this.changed('conversation');
    this.changed('inbox');
    this.markRead();
  }

  onSent(frame) {
    const item = this.outbox.sent(frame.client_msg_id);
    const row = this.rows.get(frame.conversation_id);
    if (!frame.duplicate) this.acks.got(frame.conversation_id, frame.seq, row ? Math.min(row.last_seq, frame.seq - 1) : null);
    if (item) {
      const entry = {
        conversation_id: frame.conversation_id,
        seq: frame.seq,
        message_id: frame.message_id,
        sender_id: this.me,
        type: { send: 'text', react: 'reaction' }[item.op] ?? item.op,
        content: item.content,
        reaction: item.reaction,
        reply_to: item.reply_to,
        target_seq: item.target_seq,
        server_timestamp: frame.server_timestamp,
        client_msg_id: frame.client_msg_id,
      };
      if (this.rows.apply(entry)) this.inbox.refreshSoon();
      this.conversations.apply(entry);
    }
    this.changed('outbox');
    this.changed('conversation');
    this.changed('inbox');
  }

  onInboxUpdate(row) {
    const id = row.conversation_id;
    if (row.removed) {
      this.rows.remove(id);
      this.acks.forget(id);
      const conversation = this.conversations.get(id);
      if (conversation) conversation.missing = true;
    } else {
      if (!this.rows.has(id)) this.inbox.refreshSoon();
      this.rows.put(row);
      const open = this.conversations.get(id);
      if (open?.missing) {
        this.conversations.forget(id);
        if (this.current === id) this.conversations.show(id);
      } else if (open) {
        this.conversations.fillSoon(id);
      }
    }
    this.changed('conversation');
    this.changed('inbox');
  }

  onGap({ conversation_id: id, from_seq: from, to_seq: to }) {
    if (this.conversations.get(id)) this.conversations.fetchRange(id, from, to).then(() => this.changed('conversation'), () => {});
    else this.acks.covered(id, from, to); // nothing of it is kept here: it is fetched when it is opened
    this.inbox.refreshSoon();
  }

  /** Shows a conversation (or none). */
  open(id) {
    this.current = id;
    if (id) {
      this.conversations.show(id).then(() => this.watch());
      this.conversations.trim(id);
    }
    this.changed('conversation');
    this.changed('inbox');
    this.markRead();
  }

  watch() {
    const ids = [];
    const detail = this.current ? this.conversations.get(this.current)?.detail : null;
    for (const member of detail?.members ?? []) if (member.user_id !== this.me) ids.push(member.user_id);
    for (const id of this.conversations.open.keys()) {
      const peer = this.conversations.peer(id);
      if (peer) ids.push(peer);
    }
    for (const row of this.rows.list()) {
      const peer = row.type === 'direct' && (row.peer_user_id ?? otherSender(row, this.me));
      if (peer) ids.push(peer);
    }
    if (ids.length > 0) this.people.watch(this.socket, ids);
  }

  /** What is on the screen of somebody who looks at it is read. */
  markRead() {
    const id = this.current;
    if (!id || document.visibilityState !== 'visible' || !document.hasFocus() || this.socket.state !== 'online') return;
    const conversation = this.conversations.get(id);
    const row = this.rows.get(id);
    if (!conversation || conversation.timeline.lowest === null || !row) return;
    const seq = conversation.timeline.highest;
    if (seq <= (row.read_seq ?? 0) || seq <= (this.readSent.get(id) ?? 0) || row.unread_count === 0) return;
    if (!this.socket.tell('read', { conversation_id: id, seq })) return;
    this.readSent.set(id, seq);
    this.rows.read(id, seq);
    this.changed('inbox');
  }

  /** Puts an operation into the outbox: `{op, conversation_id, …}`. */
  post(item) {
    const kept = this.outbox.add({ client_msg_id: this.nextId(), ...item });
    this.sender.pump();
    this.changed('outbox');
    this.changed('conversation');
    this.changed('inbox');
    return kept;
  }

  retry(clientMsgId) {
    this.outbox.retry(clientMsgId);
    this.sender.pump();
    this.changed('outbox');
  }

  discard(clientMsgId) {
    this.outbox.discard(clientMsgId);
    this.sender.pump();
    this.changed('outbox');
  }

  typing(conversationId, active) {
    this.socket.tell('typing', { conversation_id: conversationId, active });
  }

  async leave(id) {
    await this.api.removeMember(id, this.me);
    this.onInboxUpdate({ conversation_id: id, removed: true });
    if (this.current === id) location.hash = '#/';
  }

  /** A conversation the server has just made or found for us. */
  adopt(detail) {
    const id = detail.conversation_id;
    if (!this.rows.has(id)) {
      const { type, name, avatar_url: avatarUrl, last_seq: lastSeq = 0 } = detail;
      this.rows.put({ conversation_id: id, type, name, avatar_url: avatarUrl, last_seq: lastSeq, last_message: null, unread_count: 0, read_seq: 0, local: true });
    }
    this.inbox.refreshSoon();
    this.changed('inbox');
    return id;
  }
}

function otherSender(row, me) {
  const sender = row.last_message?.sender_id;
  return sender && sender !== me ? sender : null;
}
