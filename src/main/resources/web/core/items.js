// From a conversation's log to the lines on the screen: day separators, system lines, messages grouped by sender, the
// "new messages" line, and this device's messages that are still on their way. Pure; the view draws what comes out.

import { isMessage } from './timeline.js';
import { dayKey } from './text.js';

const SYSTEM = new Set(['group_created', 'members_added', 'member_removed', 'role_changed', 'group_changed']);
const GROUP_MS = 5 * 60_000;

export function tickOf(seq, { delivered, read }) {
  if (seq <= read) return 'read';
  return seq <= delivered ? 'delivered' : 'sent';
}

/** The smallest cursors over the other members. */
export function othersCursors(members, me) {
  const others = members.filter((member) => member.user_id !== me);
  if (others.length === 0) return { delivered: 0, read: 0 };
  return {
    delivered: Math.min(...others.map((member) => Math.max(member.delivered_seq ?? 0, member.read_seq ?? 0))),
    read: Math.min(...others.map((member) => member.read_seq ?? 0)),
  };
}

export function displayItems({ timeline, pending, me, cursors, firstUnread }) {
  const items = [];
  let day = null;
  let last = null;
  const separate = (time) => {
    const key = dayKey(time);
    if (key === day) return;
    day = key;
    last = null;
    items.push({ kind: 'day', key: `day-${key}`, time });
  };
  const seqs = [...timeline.entries.keys()].filter((seq) => timeline.lowest === null || seq >= timeline.lowest);
  seqs.sort((a, b) => a - b);
  let unreadShown = false;
  const arrived = new Set(); // mine that the log has already, whether the answer came or not
  for (const seq of seqs) {
    const entry = timeline.entries.get(seq);
    const system = SYSTEM.has(entry.type);
    if (!system && !isMessage(entry.type)) continue;
    separate(entry.server_timestamp);
    if (!unreadShown && firstUnread !== null && seq >= firstUnread && !system && entry.sender_id !== me) {
      unreadShown = true;
      last = null;
      items.push({ kind: 'unread', key: 'unread' });
    }
    if (system) {
      last = null;
      items.push({ kind: 'system', key: `s-${seq}`, entry });
      continue;
    }
    const view = timeline.view(seq, pending, me);
    const mine = view.sender_id === me;
    if (mine && view.client_msg_id) arrived.add(view.client_msg_id);
    const item = {
      kind: 'message',
      key: mine && view.client_msg_id ? `c-${view.client_msg_id}` : `s-${seq}`,
      seq,
      view,
      mine,
      reply: view.reply_to ? timeline.view(view.reply_to, pending, me) : null,
      tick: mine ? (view.changing ? 'sending' : tickOf(seq, cursors)) : null,
      follows: follows(last, view.sender_id, Date.parse(view.server_timestamp)),
    };
    last = { sender: view.sender_id, time: Date.parse(view.server_timestamp) };
    items.push(item);
  }
  for (const item of pending) {
    if (item.op !== 'send' || arrived.has(item.client_msg_id)) continue;
    separate(item.created_at);
    items.push({
      kind: 'message',
      key: `c-${item.client_msg_id}`,
      seq: null,
      mine: true,
      view: { content: item.content, server_timestamp: item.created_at, sender_id: me, reactions: [], reply_to: item.reply_to },
      reply: item.reply_to ? timeline.view(item.reply_to, pending, me) : null,
      tick: item.state === 'failed' ? 'failed' : 'sending',
      error: item.error,
      clientMsgId: item.client_msg_id,
      follows: follows(last, me, item.created_at),
    });
    last = { sender: me, time: item.created_at };
  }
  return items;
}

function follows(last, sender, time) {
  return Boolean(last && last.sender === sender && time - last.time < GROUP_MS);
}
