// Fetches the inbox: its first pages after each `synced` and whenever only the server can tell, and more on scrolling.

const PAGE = 30;
const SOON_MS = 150;
const PAUSE_MS = 1_000;

export class InboxLoader {
  constructor({ socket, api, rows, onRow, changed }) {
    Object.assign(this, { socket, api, rows, onRow, changed });
    this.cursor = null;
    this.loaded = false;
    this.loading = false;
    this.pages = 1;
    this.timer = null;
    this.lastAt = 0;
  }

  get hasMore() {
    return Boolean(this.cursor);
  }

  refreshSoon() {
    if (this.timer) return;
    const wait = Math.max(SOON_MS, this.lastAt + PAUSE_MS - Date.now());
    this.timer = setTimeout(() => {
      this.timer = null;
      this.refresh();
    }, wait);
  }

  /** Reads again as many pages as were shown. */
  async refresh() {
    if (this.refreshing) {
      this.again = true;
      return;
    }
    this.refreshing = true;
    this.lastAt = Date.now();
    try {
      const before = new Set(this.rows.order);
      const ids = [];
      let cursor = null;
      for (let page = 0; page < this.pages; page++) {
        const answer = await this.page(cursor);
        for (const row of answer.conversations) {
          ids.push(row.conversation_id);
          this.rows.put(row);
          this.onRow(row);
        }
        cursor = answer.next_cursor ?? null;
        if (!cursor) break;
      }
      this.rows.setOrder(ids, true);
      if (!cursor) this.dropGone(before, new Set(ids));
      this.cursor = cursor;
      this.loaded = true;
    } catch (error) {
      if (error.retryable && !error.interrupted) setTimeout(() => this.refreshSoon(), error.retry_after_ms ?? 500);
    }
    this.refreshing = false;
    this.changed('inbox');
    if (this.again) {
      this.again = false;
      this.refreshSoon();
    }
  }

  /** What was there before a complete listing and is not in it is not ours any more. */
  dropGone(before, listed) {
    for (const id of before) if (!listed.has(id) && !this.rows.get(id)?.local) this.rows.remove(id);
  }

  async more() {
    if (!this.cursor || this.loading) return;
    this.loading = true;
    try {
      const answer = await this.page(this.cursor);
      for (const row of answer.conversations) {
        this.rows.put(row);
        this.onRow(row);
      }
      this.rows.setOrder(answer.conversations.map((row) => row.conversation_id), false);
      this.cursor = answer.next_cursor ?? null;
      this.pages++;
    } catch {
      // Scrolling on asks again.
    }
    this.loading = false;
    this.changed('inbox');
  }

  page(cursor) {
    return this.socket.request('inbox', { limit: PAGE, ...(cursor ? { cursor } : {}) });
  }

  stop() {
    clearTimeout(this.timer);
  }
}
