// Who people are and whether they are there: profiles by id, presence (watched over the socket), and who is writing.

const TYPING_MS = 7_000;
const WATCH_MAX = 100;

export class People {
  constructor({ api, changed }) {
    this.api = api;
    this.changed = changed;
    this.profiles = new Map();
    this.presence = new Map();
    this.typing = new Map(); // conversation_id -> Map(user_id -> timer)
    this.asked = new Set();
    this.queue = [];
    this.watched = '';
  }

  put(profile) {
    if (!profile?.user_id) return;
    const known = this.profiles.get(profile.user_id);
    this.profiles.set(profile.user_id, { ...known, ...profile });
  }

  name(userId) {
    const profile = this.profiles.get(userId);
    return profile?.display_name || profile?.username || `User ${String(userId ?? '').slice(-5)}`;
  }

  get(userId) {
    return this.profiles.get(userId) ?? null;
  }

  /** Looks up those not known yet, one after the other, once each. */
  need(userIds) {
    for (const id of userIds) {
      if (this.profiles.get(id)?.display_name || this.asked.has(id)) continue;
      this.asked.add(id);
      this.queue.push(id);
    }
    this.run();
  }

  async run() {
    if (this.running) return;
    this.running = true;
    while (this.queue.length > 0) {
      const id = this.queue.shift();
      try {
        this.put(await this.api.userById(id));
        this.changed('people');
      } catch (error) {
        if (error.code === 'network') this.asked.delete(id);
      }
    }
    this.running = false;
  }

  /** Watches these people; the newest list replaces the one before. */
  watch(socket, userIds) {
    const ids = [...new Set(userIds)].slice(0, WATCH_MAX).sort();
    const key = ids.join(' ');
    if (key === this.watched || socket.state !== 'online') return;
    this.watched = key;
    socket.request('watch', { user_ids: ids }).catch(() => (this.watched = ''));
  }

  /** A new connection watches nobody. */
  connectionLost() {
    this.watched = '';
    this.presence.clear();
    for (const id of [...this.typing.keys()]) this.clearTyping(id);
  }

  onPresence({ user_id: id, status, last_seen: lastSeen }) {
    this.presence.set(id, { status, lastSeen });
    this.changed('presence');
  }

  onTyping({ conversation_id: conversation, user_id: user, active }) {
    let typing = this.typing.get(conversation);
    if (!typing) this.typing.set(conversation, (typing = new Map()));
    clearTimeout(typing.get(user));
    typing.delete(user);
    if (active) typing.set(user, setTimeout(() => this.stopTyping(conversation, user), TYPING_MS));
    this.changed('typing');
  }

  stopTyping(conversation, user) {
    const typing = this.typing.get(conversation);
    if (!typing?.has(user)) return;
    clearTimeout(typing.get(user));
    typing.delete(user);
    this.changed('typing');
  }

  clearTyping(conversation) {
    for (const user of [...(this.typing.get(conversation)?.keys() ?? [])]) this.stopTyping(conversation, user);
  }

  typingIn(conversation) {
    return [...(this.typing.get(conversation)?.keys() ?? [])];
  }
}
