// The loaded part of one conversation's log, and what it looks like: edits, deletes and reactions are entries of their own
// and are laid over the entry they name. Order of arrival does not matter, and adding an entry twice changes nothing.

const MESSAGE_TYPES = new Set(['text', 'media']);

export const isMessage = (type) => MESSAGE_TYPES.has(type);

export class Timeline {
  constructor() {
    this.entries = new Map();
    this.overlays = new Map();
    this.lowest = null; // everything from here to the newest is loaded, but for holes()
    this.complete = false; // nothing older than `lowest` is to be had
    this.absent = new Set(); // seqs the server did not give when asked: not for us
  }

  get highest() {
    let highest = 0;
    for (const seq of this.entries.keys()) if (seq > highest) highest = seq;
    return highest;
  }

  /** Takes a page of history; `older` says that it extends the loaded part downwards. */
  addPage(entries, { hasMore, older }) {
    for (const entry of entries) this.add(entry);
    if (!older) return;
    if (entries.length > 0) {
      const first = entries[0].seq;
      this.lowest = this.lowest === null ? first : Math.min(this.lowest, first);
    }
    if (!hasMore) this.complete = true;
  }

  add(entry) {
    const known = this.entries.get(entry.seq);
    if (known && known.deleted && !entry.deleted) return;
    this.entries.set(entry.seq, known ? { ...known, ...entry } : entry);
    if (entry.target_seq) this.overlay(entry);
  }

  overlay(entry) {
    let over = this.overlays.get(entry.target_seq);
    if (!over) {
      over = { edit: null, deleted: 0, reactions: new Map() };
      this.overlays.set(entry.target_seq, over);
    }
    if (entry.type === 'delete') over.deleted = Math.max(over.deleted, entry.seq);
    if (entry.type === 'edit' && typeof entry.content === 'string' && (!over.edit || over.edit.seq <= entry.seq)) {
      over.edit = { seq: entry.seq, content: entry.content };
    }
    if (entry.type === 'reaction') {
      const before = over.reactions.get(entry.sender_id);
      if (!before || before.seq <= entry.seq) {
        over.reactions.set(entry.sender_id, { seq: entry.seq, reaction: entry.reaction ?? entry.content ?? '' });
      }
    }
  }

  /** The missing ranges between the lowest loaded entry and the newest known one. */
  holes(head = this.highest) {
    const holes = [];
    if (this.lowest === null) return holes;
    for (let seq = this.lowest; seq <= head; seq++) {
      if (this.entries.has(seq) || this.absent.has(seq)) continue;
      const last = holes[holes.length - 1];
      if (last && last.to === seq - 1) last.to = seq;
      else holes.push({ from: seq, to: seq });
    }
    return holes;
  }

  /** What was asked for in from..to and did not come is not for us. */
  settle(from, to) {
    for (let seq = from; seq <= to; seq++) if (!this.entries.has(seq)) this.absent.add(seq);
  }

  /** Forgets the oldest entries until about `keep` remain; they can be fetched again. */
  trim(keep) {
    if (this.entries.size <= keep * 2) return;
    const seqs = [...this.entries.keys()].sort((a, b) => a - b);
    for (const seq of seqs.slice(0, seqs.length - keep)) this.entries.delete(seq);
    this.lowest = seqs[seqs.length - keep];
    this.complete = false;
  }

  /** One message as it reads now, or null; `pending` are this device's operations on their way. */
  view(seq, pending = [], me = null) {
    const entry = this.entries.get(seq);
    if (!entry) return null;
    const over = this.overlays.get(seq);
    const reactions = new Map();
    if (over) for (const [user, { reaction }] of over.reactions) reactions.set(user, reaction);
    let content = entry.content;
    let edited = Boolean(entry.edited);
    let deleted = Boolean(entry.deleted) || Boolean(over && over.deleted);
    let changing = false;
    if (over && over.edit) {
      content = over.edit.content;
      edited = true;
    }
    for (const item of pending) {
      if (item.target_seq !== seq || item.state === 'failed') continue;
      changing = true;
      if (item.op === 'delete') deleted = true;
      if (item.op === 'edit') content = item.content;
      if (item.op === 'react') reactions.set(me, item.reaction);
    }
    return {
      ...entry,
      content: deleted ? null : content,
      edited: edited && !deleted,
      deleted,
      changing,
      reactions: deleted ? [] : groupReactions(reactions, me),
    };
  }
}

function groupReactions(byUser, me) {
  const groups = new Map();
  for (const [user, reaction] of byUser) {
    if (!reaction) continue;
    const group = groups.get(reaction) ?? { reaction, users: [], mine: false };
    group.users.push(user);
    if (user === me) group.mine = true;
    groups.set(reaction, group);
  }
  return [...groups.values()];
}
