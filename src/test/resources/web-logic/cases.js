// Checks of the web client's pure modules, run in a browser by WebLogicIT. Each case throws if it fails.

import { retryDelay } from '/core/backoff.js';
import { displayItems, othersCursors, tickOf } from '/core/items.js';
import { Outbox } from '/core/outbox.js';
import { Rows } from '/core/rows.js';
import { SeqTracker } from '/core/seqs.js';
import { initials, linkParts, pictureUrl } from '/core/text.js';
import { Timeline } from '/core/timeline.js';
import { encodeTime, increment, ulidSource } from '/core/ulid.js';

function same(actual, expected, what = '') {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what} expected ${b}, was ${a}`);
}

const at = '2026-01-31T10:15:30.123Z';
const text = (seq, sender, content, more = {}) => ({ conversation_id: 'c', seq, sender_id: sender, type: 'text', content, server_timestamp: at, ...more });
const row = (more) => ({ conversation_id: 'c', type: 'direct', name: 'Bob', last_seq: 0, last_message: null, unread_count: 0, read_seq: 0, peer_delivered_seq: 0, peer_read_seq: 0, ...more });
const memory = (items = []) => ({ saved: items, load() { return this.saved; }, save(next) { this.saved = structuredClone(next); return true; } });

function shuffled(list, random) {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}

function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

export const cases = {
  'ulids grow within a millisecond, when the clock steps back, and after a reload'() {
    let now = 1_700_000_000_000;
    let kept = null;
    const last = { get: () => kept, set: (id) => (kept = id) };
    const next = ulidSource({ last, now: () => now });
    const ids = [next(), next(), next()];
    now -= 60_000;
    ids.push(next());
    ids.push(ulidSource({ last, now: () => now })());
    now += 120_000;
    ids.push(next());
    same(ids, [...ids].sort());
    same(new Set(ids).size, ids.length);
    same(ids.every((id) => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)), true);
    same(ids[5].slice(0, 10), encodeTime(now));
    same(increment('0000000000000000000000000Z'), '00000000000000000000000010');
  },

  'waiting doubles to half a minute, with full jitter, and never comes before the server allows'() {
    same([0, 1, 2, 3, 4, 5, 50].map((attempt) => retryDelay(attempt, 0, () => 1)), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
    same(retryDelay(5, 0, () => 0), 0);
    same(retryDelay(0, 7000, () => 1), 7000);
  },

  'a tracker acknowledges only what is there without a hole'() {
    const tracker = new SeqTracker(5);
    same(tracker.add(7), true);
    same(tracker.floor, 5);
    same(tracker.hole(), { from: 6, to: 6 });
    same(tracker.add(6), true);
    same(tracker.floor, 7);
    same(tracker.add(6), false);
    tracker.add(20);
    tracker.cover(8, 15);
    same(tracker.hole(), { from: 16, to: 19 });
    tracker.cover(16, 19);
    same([tracker.floor, tracker.hole()], [20, null]);
  },

  'a log reads the same in whatever order its entries come'() {
    const entries = [
      text(1, 'a', 'one'),
      text(2, 'b', 'two'),
      { ...text(3, 'a', 'one!'), type: 'edit', target_seq: 1 },
      { ...text(4, 'a', 'one!!'), type: 'edit', target_seq: 1 },
      { conversation_id: 'c', seq: 5, sender_id: 'b', type: 'reaction', target_seq: 1, reaction: 'x', server_timestamp: at },
      { conversation_id: 'c', seq: 6, sender_id: 'b', type: 'reaction', target_seq: 1, reaction: 'y', server_timestamp: at },
      { conversation_id: 'c', seq: 7, sender_id: 'a', type: 'reaction', target_seq: 1, reaction: 'y', server_timestamp: at },
      { conversation_id: 'c', seq: 8, sender_id: 'b', type: 'delete', target_seq: 2, server_timestamp: at },
      { conversation_id: 'c', seq: 9, sender_id: 'a', type: 'reaction', target_seq: 1, reaction: '', server_timestamp: at },
    ];
    const random = randomFrom(42);
    for (let round = 0; round < 200; round++) {
      const timeline = new Timeline();
      const twice = shuffled([...entries, ...entries], random);
      for (const entry of twice) timeline.add(entry);
      const one = timeline.view(1, [], 'b');
      same([one.content, one.edited, one.deleted], ['one!!', true, false], `round ${round}`);
      same(one.reactions, [{ reaction: 'y', users: ['b'], mine: true }], `round ${round}`);
      const two = timeline.view(2, [], 'b');
      same([two.content, two.deleted, two.reactions], [null, true, []], `round ${round}`);
    }
  },

  'operations on their way show at once and a refused one does not'() {
    const timeline = new Timeline();
    timeline.add(text(1, 'a', 'one'));
    const pending = [
      { op: 'edit', target_seq: 1, content: 'uno', state: 'queued' },
      { op: 'react', target_seq: 1, reaction: 'z', state: 'queued' },
      { op: 'delete', target_seq: 1, state: 'failed' },
    ];
    const view = timeline.view(1, pending, 'a');
    same([view.content, view.deleted, view.changing, view.reactions.length], ['uno', false, true, 1]);
  },

  'holes are found, and what the server does not give is not asked for again'() {
    const timeline = new Timeline();
    timeline.addPage([text(5, 'a', 'x'), text(6, 'a', 'x')], { hasMore: true, older: true });
    timeline.add(text(9, 'a', 'x'));
    same(timeline.holes(), [{ from: 7, to: 8 }]);
    same(timeline.holes(11), [{ from: 7, to: 8 }, { from: 10, to: 11 }]);
    timeline.add(text(7, 'a', 'x'));
    timeline.settle(7, 8);
    same(timeline.holes(), []);
    same(timeline.complete, false);
  },

  'an inbox counts every entry once, before and after the row that has it'() {
    const rows = new Rows('me');
    rows.put(row({ last_seq: 3, unread_count: 1, read_seq: 2 }));
    rows.apply(text(3, 'b', 'known'));
    same(rows.get('c').unread_count, 1);
    rows.apply(text(5, 'me', 'mine'));
    rows.apply(text(4, 'b', 'late'));
    rows.apply(text(4, 'b', 'late'));
    same([rows.get('c').unread_count, rows.get('c').last_seq, rows.get('c').last_message.preview], [2, 5, 'mine']);
    rows.put(row({ last_seq: 4, unread_count: 2, read_seq: 2 }));
    same([rows.get('c').unread_count, rows.get('c').last_seq], [2, 5]);
    rows.read('c', 5);
    same(rows.get('c').unread_count, 0);
    rows.put(row({ last_seq: 5, unread_count: 2, read_seq: 2 }));
    same([rows.get('c').unread_count, rows.get('c').read_seq], [0, 5]);
  },

  'a new message moves its conversation up, an edit does not'() {
    const rows = new Rows('me');
    rows.put(row({ conversation_id: 'a', last_seq: 1 }));
    rows.put(row({ conversation_id: 'b', last_seq: 1 }));
    rows.setOrder(['a', 'b'], true);
    same(rows.apply({ ...text(2, 'x', 'y'), conversation_id: 'b', type: 'edit', target_seq: 1 }), true);
    same(rows.order, ['a', 'b']);
    same(rows.apply({ ...text(3, 'x', 'y'), conversation_id: 'b' }), false);
    same(rows.order, ['b', 'a']);
    same(rows.apply({ ...text(1, 'x', 'y'), conversation_id: 'unknown' }), true);
  },

  'an outbox in another epoch keeps what is new, and nothing that names an entry'() {
    const storage = memory();
    const outbox = new Outbox({ storage, now: () => 1_000, random: () => 1 });
    outbox.add({ client_msg_id: '1', conversation_id: 'a', op: 'send', content: 'one', reply_to: 7 });
    outbox.add({ client_msg_id: '2', conversation_id: 'a', op: 'edit', target_seq: 7, content: 'two' });
    outbox.add({ client_msg_id: '3', conversation_id: 'a', op: 'react', target_seq: 8, reaction: '+' });
    outbox.forgetEntries();
    same(outbox.items.map((item) => [item.client_msg_id, item.content, item.reply_to]), [['1', 'one', undefined]]);
    same(storage.saved.map((item) => [item.client_msg_id, item.reply_to]), [['1', undefined]]);
  },

  'an outbox keeps order and ids, waits when told to, and survives a reload'() {
    let now = 1000;
    const storage = memory();
    const make = () => new Outbox({ storage, now: () => now, random: () => 1 });
    let outbox = make();
    for (const id of ['1', '2']) outbox.add({ client_msg_id: id, conversation_id: 'a', op: 'send', content: id });
    outbox.add({ client_msg_id: '3', conversation_id: 'b', op: 'send', content: '3' });
    const ids = () => outbox.due().map((item) => item.client_msg_id);
    same(ids(), ['1', '3']);
    outbox.started(outbox.find('1'));
    same(ids(), ['3']);
    outbox = make();
    same(ids(), ['1', '3']);
    outbox.refused('1', { code: 'rate_limited', retryable: true, retry_after_ms: 5000 });
    same([ids(), outbox.nextAt()], [[], 6000]);
    now = 6000;
    same(ids(), ['1', '3']);
    outbox.refused('1', { code: 'not_found', retryable: false });
    same(ids(), ['2', '3']);
    outbox = make();
    same([outbox.find('1').state, outbox.find('1').error], ['failed', 'not_found']);
    outbox.retry('1');
    same(ids(), ['1', '3']);
    for (const id of ['1', '2', '3']) outbox.sent(id);
    same(storage.saved, []);
  },

  'lines have days, groups, ticks, and never one message twice'() {
    const timeline = new Timeline();
    timeline.addPage([text(1, 'b', 'one'), text(2, 'b', 'two'), text(3, 'me', 'three', { client_msg_id: 'X' })], { hasMore: false, older: true });
    const pending = [
      { op: 'send', client_msg_id: 'X', content: 'three', state: 'queued', created_at: Date.parse(at) },
      { op: 'send', client_msg_id: 'Y', content: 'four', state: 'queued', created_at: Date.parse(at) + 1 },
    ];
    const items = displayItems({ timeline, pending, me: 'me', cursors: { delivered: 3, read: 2 }, firstUnread: 2 });
    same(items.map((item) => item.key), ['day-' + items[0].key.slice(4), 's-1', 'unread', 's-2', 'c-X', 'c-Y']);
    same(items.slice(-2).map((item) => item.tick), ['delivered', 'sending']);
    same([tickOf(2, { delivered: 3, read: 2 }), tickOf(4, { delivered: 3, read: 2 })], ['read', 'sent']);
    same(othersCursors([{ user_id: 'me', read_seq: 0 }, { user_id: 'a', delivered_seq: 4, read_seq: 1 }, { user_id: 'b', delivered_seq: 0, read_seq: 3 }], 'me'), { delivered: 3, read: 1 });
  },

  'only https is a picture, only http and https are links'() {
    same(['https://a.example/x', 'http://a.example/x', 'javascript:alert(1)', 'data:image/png,x', '', null].map(pictureUrl).map(Boolean), [true, false, false, false, false, false]);
    same(linkParts('see https://a.example/x, javascript:alert(1)').filter((part) => part.href).map((part) => part.text), ['https://a.example/x']);
    same(linkParts('<a href="https://a.example/">').map((part) => part.text).join(''), '<a href="https://a.example/">');
    same([initials('Ann Lindqvist'), initials('bob'), initials('  '), initials('🥾')], ['AL', 'B', '#', '#']);
  },
};

export async function run() {
  const failures = [];
  for (const [name, check] of Object.entries(cases)) {
    try {
      await check();
    } catch (error) {
      failures.push(`${name}: ${error.stack ?? error}`);
    }
  }
  return { run: Object.keys(cases).length, failures };
}
