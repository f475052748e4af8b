// The list of conversations: previews, times, ticks, unread badges; a filter; arrow keys move between rows.

import { rowTime } from '../core/text.js';
import { tickOf } from '../core/items.js';
import { avatar } from './avatar.js';
import { bdi, h, icon, reconcile } from './dom.js';
import { tick } from './messages.js';
import { typingText } from './status.js';

export function inboxView(session, { href, onNew }) {
  const filter = h('input', { type: 'search', class: 'input search', 'aria-label': 'Search chats', placeholder: 'Search chats', oninput: () => update() });
  const list = h('ul', { class: 'rows', onkeydown: onKey });
  const empty = h('div', { class: 'empty' });
  const more = h('button', { type: 'button', class: 'button more-rows', onclick: () => session.inbox.more() }, 'More chats');
  const scroll = h('div', { class: 'rows-scroll', onscroll }, list, empty, more);
  const element = h('nav', { class: 'inbox', 'aria-label': 'Chats' }, h('div', { class: 'search-box' }, icon('search'), filter), scroll);

  function onscroll() {
    if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 300 && session.inbox.hasMore) session.inbox.more();
  }

  function onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [...list.querySelectorAll('a')];
    const index = links.indexOf(document.activeElement);
    let target = null;
    if (step) target = links[Math.max(0, Math.min(links.length - 1, index + step))];
    else if (event.key === 'Home') target = links[0];
    else if (event.key === 'End') target = links[links.length - 1];
    if (!target) return;
    event.preventDefault();
    target.focus();
  }

  filter.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    list.querySelector('a')?.focus();
  });

  function update() {
    const wanted = filter.value.trim().toLocaleLowerCase();
    const all = session.rows.list();
    const rows = wanted ? all.filter((row) => (row.name ?? '').toLocaleLowerCase().includes(wanted)) : all;
    reconcile(list, rows.map(model), {
      key: (row) => row.id,
      signature: (row) => row,
      draw: (row) => drawRow(row, href),
    });
    more.hidden = !session.inbox.hasMore;
    const nothing = rows.length === 0;
    element.classList.toggle('is-loading', !session.inbox.loaded && nothing);
    empty.hidden = !nothing;
    if (!nothing) return;
    if (!session.inbox.loaded) empty.replaceChildren(...skeleton());
    else if (wanted) empty.replaceChildren(h('p', {}, 'No chat of that name.'));
    else {
      empty.replaceChildren(
        icon('chat'),
        h('h2', {}, 'No chats yet'),
        h('p', {}, 'Find a friend by username and say hello.'),
        h('button', { type: 'button', class: 'button primary', onclick: onNew }, 'Start a chat'),
      );
    }
  }

  function model(row) {
    const id = row.conversation_id;
    const waiting = session.outbox.of(id).filter((item) => item.op === 'send');
    const newest = waiting[waiting.length - 1];
    const last = row.last_message;
    const mine = last?.sender_id === session.me;
    let preview = last ? last.preview || (last.type === 'media' ? 'Attachment' : '') : '';
    let who = '';
    let state = null;
    if (newest) {
      preview = newest.content;
      state = waiting.some((item) => item.state === 'failed') ? 'failed' : 'sending';
    } else if (mine) {
      state = tickOf(last.seq, session.conversations.othersAt(id));
    }
    if (row.type === 'group' && last && !newest) who = mine ? 'You' : session.people.name(last.sender_id);
    const peer = row.type === 'direct' ? (session.conversations.peer(id) ?? row.peer_user_id ?? (last && !mine ? last.sender_id : null)) : null;
    return {
      id,
      name: row.name || 'Unnamed',
      url: row.avatar_url,
      group: row.type === 'group',
      time: newest ? newest.created_at : (last?.server_timestamp ?? null),
      day: new Date().toDateString(),
      preview: preview.slice(0, 160),
      who,
      state,
      typing: typingText(session, id),
      unread: row.unread_count,
      muted: Boolean(row.muted),
      pinned: Boolean(row.pinned),
      current: session.current === id,
      online: Boolean(peer && session.people.presence.get(peer)?.status === 'online'),
    };
  }

  return { element, update };
}

function drawRow(row, href) {
  const unread = row.unread > 0 ? h('span', { class: row.muted ? 'unread muted-badge' : 'unread' }, row.unread > 99 ? '99+' : row.unread, h('span', { class: 'visually-hidden' }, ' unread')) : null;
  const line = row.typing
    ? [h('span', { class: 'preview is-typing' }, row.typing)]
    : [row.state ? tick(row.state) : null, h('span', { class: 'preview' }, row.who ? [bdi(row.who), ': '] : null, bdi(row.preview || (row.group ? 'New group' : 'Say hello')))];
  return h(
    'li',
    {},
    h(
      'a',
      { class: row.unread > 0 ? 'row has-unread' : 'row', href: href(row.id), 'aria-current': row.current ? 'page' : null, 'data-conversation': row.id },
      avatar({ id: row.id, name: row.name, url: row.url, group: row.group, online: row.online }),
      h(
        'span',
        { class: 'row-text' },
        h('span', { class: 'row-top' }, bdi(row.name, { class: 'row-name' }), row.online ? h('span', { class: 'visually-hidden' }, ', online') : null, row.time ? h('time', { class: 'row-time' }, rowTime(row.time)) : null),
        h('span', { class: 'row-bottom' }, line, row.muted ? icon('mute') : null, row.pinned ? icon('pin') : null, unread),
      ),
    ),
  );
}

const skeleton = () =>
  Array.from({ length: 6 }, () => h('div', { class: 'skeleton-row', 'aria-hidden': 'true' }, h('span', { class: 'skeleton round' }), h('span', { class: 'skeleton-lines' }, h('span', { class: 'skeleton' }), h('span', { class: 'skeleton short' }))));
