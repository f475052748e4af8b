// Which entries of one conversation this device holds: everything up to `floor`, and some beyond it. `floor` is what may be
// acknowledged. A `sent` may overtake `message` frames, so what lies between is a hole for a while; one that stays is fetched.

export class SeqTracker {
  constructor(floor = null) {
    this.floor = floor;
    this.ahead = new Set();
  }

  /** Takes one seq; false if it was here already. */
  add(seq) {
    if (this.floor === null) this.floor = seq - 1;
    if (seq <= this.floor || this.ahead.has(seq)) return false;
    this.ahead.add(seq);
    this.advance();
    return true;
  }

  /** Everything in from..to is accounted for: fetched, or not for us. */
  cover(from, to) {
    if (this.floor === null) this.floor = from - 1;
    if (from <= this.floor + 1) {
      this.floor = Math.max(this.floor, to);
    } else {
      for (let seq = from; seq <= to; seq++) this.ahead.add(seq);
    }
    this.advance();
  }

  /** The first missing range, or null. */
  hole() {
    if (this.floor === null || this.ahead.size === 0) return null;
    return { from: this.floor + 1, to: Math.min(...this.ahead) - 1 };
  }

  advance() {
    for (const seq of [...this.ahead]) if (seq <= this.floor) this.ahead.delete(seq);
    while (this.ahead.delete(this.floor + 1)) this.floor++;
  }
}
