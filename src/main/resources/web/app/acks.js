// Which entries this device holds, and telling the server so: cumulative, a few times a second at most, and at once before
// the window of unacknowledged entries fills. A hole that stays open is reported, to be fetched.

import { SeqTracker } from '../core/seqs.js';

const FLUSH_MS = 200;
const MANY = 64;
const HOLE_MS = 3_000;

export class Acks {
  constructor({ tell, fetchHole }) {
    this.tell = tell;
    this.fetchHole = fetchHole;
    this.trackers = new Map();
    this.dirty = new Set();
    this.pending = 0;
    this.timer = null;
    this.holeTimers = new Map();
  }

  tracker(id, floor = null) {
    let tracker = this.trackers.get(id);
    if (!tracker) this.trackers.set(id, (tracker = new SeqTracker(floor)));
    return tracker;
  }

  /** An entry is here. `floor` is what is known to be held where nothing of the conversation came yet. */
  got(id, seq, floor = null) {
    const tracker = this.tracker(id, floor);
    tracker.add(seq);
    this.mark(id, tracker);
  }

  covered(id, from, to) {
    const tracker = this.tracker(id);
    tracker.cover(from, to);
    this.mark(id, tracker);
  }

  mark(id, tracker) {
    this.dirty.add(id);
    this.pending++;
    const hole = tracker.hole();
    if (hole && !this.holeTimers.has(id)) {
      this.holeTimers.set(id, setTimeout(() => this.checkHole(id), HOLE_MS));
    }
    if (this.pending >= MANY) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  checkHole(id) {
    this.holeTimers.delete(id);
    const hole = this.trackers.get(id)?.hole();
    if (hole) this.fetchHole(id, hole.from, hole.to);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = null;
    this.pending = 0;
    for (const id of this.dirty) {
      const floor = this.trackers.get(id)?.floor;
      if (floor > 0 && !this.tell('ack', { conversation_id: id, seq: floor })) return;
      this.dirty.delete(id);
    }
  }

  /** The server repeats what it has no acknowledgement for; say again what is held. */
  connectionBack() {
    for (const [id, tracker] of this.trackers) if (tracker.hole()) this.mark(id, tracker);
    if (this.dirty.size > 0) this.flush();
  }

  forget(id) {
    this.trackers.delete(id);
    this.dirty.delete(id);
    clearTimeout(this.holeTimers.get(id));
    this.holeTimers.delete(id);
  }

  stop() {
    clearTimeout(this.timer);
    for (const timer of this.holeTimers.values()) clearTimeout(timer);
  }
}
