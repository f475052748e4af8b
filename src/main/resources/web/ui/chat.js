// One conversation on the screen: header, the scrolling log with older pages on demand, and the composer. Keeps the place:
// at the end it stays at the end, elsewhere nothing jumps when something is added.

import { displayItems } from '../core/items.js';
import { avatar } from './avatar.js';
import { composer } from './composer.js';
import { confirmDialog } from './dialog.js';
import { bdi, h, icon, iconButton, reconcile } from './dom.js';
import { infoDialog } from './group.js';
import { openMenu } from './menu.js';
import { draw, signature } from './messages.js';
import { statusText, typingText } from './status.js';
import { toast } from './toast.js';

const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
const NEAR = 120;

export function chatView(session, { onBack, drafts }) {
  let shown = null;
  let firstUnread = null;
  let atEnd = true;
  let seenTo = 0;
  let items = [];

  const who = h('button', { type: 'button', class: 'chat-who', onclick: () => shown && infoDialog(session, shown) });
  const head = h('header', { class: 'chat-head' }, iconButton('back', 'Back to chats', onBack, { class: 'icon-button back' }), who);
  const older = h('div', { class: 'older', role: 'status' });
  const list = h('ol', { class: 'messages', onkeydown: onKey });
  const scroll = h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Messages', onscroll: onScroll, onkeydown: onScrollKey }, older, list);
  const down = h('button', { type: 'button', class: 'down', 'aria-label': 'To the newest message', hidden: true, onclick: () => toEnd() }, icon('down'));
  const write = composer({
    drafts,
    name: (id) => (id === session.me ? 'yourself' : session.people.name(id)),
    onSend: (content, replyTo) => {
      keep(session.post({ op: 'send', conversation_id: shown, content, ...(replyTo ? { reply_to: replyTo } : {}) }));
      firstUnread = null;
      toEnd();
    },
    onEdit: (seq, content) => keep(session.post({ op: 'edit', conversation_id: shown, target_seq: seq, content })),
    onTyping: (id, active) => session.typing(id, active),
    onEditLast: () => {
      const last = items.findLast((item) => item.kind === 'message' && item.mine && !item.view.deleted);
      if (last?.seq) edit(last); // one that is still on its way has no number to edit it by
    },
  });
  const log = h('div', { class: 'log' }, scroll, down);
  const element = h('main', { class: 'chat', 'aria-label': 'Conversation', onkeydown: (event) => event.key === 'Escape' && onBack() }, head, log, write.element);
  const blank = h('main', { class: 'chat blank' }, h('div', { class: 'empty' }, icon('chat'), h('h2', {}, 'Pick a chat'), h('p', {}, 'Choose one on the left, or start a new one.')));

  const keep = (kept) => kept || toast('This browser has no room to keep the message: leave this tab open until it is sent.', 'error');
  const context = {
    me: session.me,
    group: false,
    name: (id) => session.people.name(id),
    picture: (id) => session.people.get(id)?.avatar_url,
    onMenu,
    onReply: (item) => write.setMode({ kind: 'reply', seq: item.seq, sender: item.view.sender_id, content: item.view.content }),
    onReact: react,
    onRetry: (id) => session.retry(id),
    onDiscard: (id) => session.discard(id),
    onJump: jump,
  };

  function react(item, reaction) {
    session.post({ op: 'react', conversation_id: shown, target_seq: item.seq, reaction });
  }

  function edit(item) {
    write.setMode({ kind: 'edit', seq: item.seq, sender: session.me, content: item.view.content });
  }

  function onMenu(item, anchor) {
    const mine = item.view.reactions.find((group) => group.mine)?.reaction ?? null;
    const detail = session.conversations.get(shown)?.detail;
    const admin = detail?.type === 'group' && detail.members.some((member) => member.user_id === session.me && member.role === 'admin');
    const rows = [
      { icon: 'reply', label: 'Reply', run: () => context.onReply(item) },
      { icon: 'copy', label: 'Copy text', run: () => navigator.clipboard?.writeText(item.view.content).catch(() => {}) },
    ];
    if (item.mine) rows.push({ icon: 'edit', label: 'Edit', run: () => edit(item) });
    if (item.mine || admin) {
      const remove = () => session.post({ op: 'delete', conversation_id: shown, target_seq: item.seq });
      rows.push({ icon: 'trash', label: 'Delete', danger: true, run: () => confirmDialog('Delete message?', 'It is deleted for everybody.', 'Delete', remove) });
    }
    openMenu(anchor, { label: 'Message actions', rows, quick: QUICK, chosen: mine, onQuick: (reaction) => react(item, reaction === mine ? '' : reaction) });
  }

  function onKey(event) {
    const line = event.target.closest('.message');
    if (!line) return;
    const lines = [...list.querySelectorAll('.message')];
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) lines[Math.max(0, Math.min(lines.length - 1, lines.indexOf(line) + step))].focus();
    else if (event.target === line && (event.key === 'Enter' || event.key === ' ')) {
      const item = items.find((one) => one.key === line.dataset.key);
      if (item?.seq && !item.view.deleted) onMenu(item, line.querySelector('.bubble'));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onScrollKey(event) {
    if (event.target !== scroll || event.key !== 'ArrowUp') return;
    event.preventDefault();
    list.querySelector('.message:last-of-type, .message:last-child')?.focus();
  }

  function onScroll() {
    atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
    if (atEnd) seenTo = session.conversations.get(shown)?.timeline.highest ?? 0;
    down.hidden = atEnd;
    if (scroll.scrollTop < 300) wantOlder();
  }

  function wantOlder() {
    const conversation = session.conversations.get(shown);
    if (conversation && conversation.timeline.lowest !== null && !conversation.error) session.conversations.loadOlder(shown);
  }

  function toEnd() {
    atEnd = true;
    requestAnimationFrame(() => (scroll.scrollTop = scroll.scrollHeight));
  }

  async function jump(seq) {
    for (let page = 0; page < 20 && !list.querySelector(`[data-seq="${Number(seq)}"]`); page++) {
      const conversation = session.conversations.get(shown);
      if (!conversation || conversation.timeline.complete || conversation.timeline.lowest <= seq) break;
      await session.conversations.loadOlder(shown);
      update();
    }
    const line = list.querySelector(`[data-seq="${Number(seq)}"]`);
    if (!line) return;
    line.scrollIntoView({ block: 'center' });
    line.focus({ preventScroll: true });
    line.classList.add('flash');
    setTimeout(() => line.classList.remove('flash'), 1_600);
  }

  function show(id) {
    shown = id;
    items = [];
    const row = session.rows.get(id);
    firstUnread = row?.unread_count > 0 ? row.read_seq + 1 : null;
    atEnd = true;
    list.replaceChildren();
    list.parley = new Map();
    update();
    if (matchMedia('(pointer: fine)').matches) write.input.focus();
  }

  function update() {
    const id = session.current;
    if (id !== shown) {
      if (id) show(id);
      else shown = null;
      return;
    }
    const conversation = id ? session.conversations.get(id) : null;
    if (!conversation) return;
    updateHead(conversation);
    updateOlder(conversation);
    write.switchTo(id, !conversation.missing);
    const place = atEnd ? null : placeOf();
    context.group = (conversation.detail ?? session.rows.get(id))?.type === 'group';
    items = displayItems({
      timeline: conversation.timeline,
      pending: session.outbox.of(id),
      me: session.me,
      cursors: session.conversations.othersAt(id),
      firstUnread,
    });
    reconcile(list, items, { key: (item) => item.key, signature: (item) => signature(item, context), draw: (item) => draw(item, context) });
    if (atEnd) scroll.scrollTop = scroll.scrollHeight;
    else if (place) keepPlace(place);
    const highest = conversation.timeline.highest;
    if (atEnd) seenTo = highest;
    down.hidden = atEnd;
    down.classList.toggle('has-new', !atEnd && highest > seenTo);
    if (scroll.scrollHeight <= scroll.clientHeight + 50) wantOlder();
  }

  /** The first message in sight and where it stands, so that it can stand there again. */
  function placeOf() {
    const top = scroll.getBoundingClientRect().top;
    for (const line of list.children) {
      const box = line.getBoundingClientRect();
      if (line.dataset.key && box.bottom > top) return { key: line.dataset.key, offset: box.top - top };
    }
    return null;
  }

  function keepPlace({ key, offset }) {
    const line = [...list.children].find((one) => one.dataset.key === key);
    if (line) scroll.scrollTop += line.getBoundingClientRect().top - scroll.getBoundingClientRect().top - offset;
  }

  function updateHead(conversation) {
    const row = session.rows.get(conversation.id);
    const detail = conversation.detail;
    const name = row?.name ?? detail?.name ?? '';
    const peer = session.conversations.peer(conversation.id);
    const typing = typingText(session, conversation.id);
    const status = conversation.missing ? 'You are not in this conversation' : (typing ?? statusText(session, conversation.id));
    const online = peer && session.people.presence.get(peer)?.status === 'online';
    const sign = JSON.stringify([conversation.id, name, row?.avatar_url, status, online]);
    if (who.dataset.sign === sign) return;
    who.dataset.sign = sign;
    who.replaceChildren(
      avatar({ id: conversation.id, name, url: row?.avatar_url ?? detail?.avatar_url, group: context.group, online }),
      h('span', { class: 'chat-title' }, h('h2', {}, bdi(name)), h('span', { class: typing ? 'chat-status is-typing' : 'chat-status' }, bdi(status))),
    );
    element.setAttribute('aria-label', name ? `Conversation with ${name}` : 'Conversation');
  }

  function updateOlder({ timeline, loading, error, missing }) {
    older.classList.toggle('is-loading', loading);
    if (missing) older.replaceChildren(h('p', { class: 'muted' }, 'This conversation is not available to you any more.'));
    else if (loading) older.replaceChildren(h('span', { class: 'spinner' }), h('span', { class: 'visually-hidden' }, 'Loading messages'));
    else if (error) older.replaceChildren(h('button', { type: 'button', class: 'button', onclick: () => session.conversations.loadOlder(shown) }, 'Could not load. Try again'));
    else if (timeline.complete && timeline.highest === 0) older.replaceChildren(h('p', { class: 'muted hello' }, 'No messages yet. Say hello!'));
    else older.replaceChildren();
  }

  return { element, blank, update };
}
