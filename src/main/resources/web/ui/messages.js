// The elements of one conversation's lines: bubbles with ticks and reactions, system lines, day separators.

import { clock, dayLabel, fullTime, isBigEmoji, linkParts, problemText } from '../core/text.js';
import { avatar } from './avatar.js';
import { bdi, h, icon, iconButton } from './dom.js';

const TICKS = {
  sending: ['clock', 'Sending'],
  failed: ['alert', 'Not sent'],
  sent: ['check', 'Sent'],
  delivered: ['checks', 'Delivered'],
  read: ['checks', 'Read'],
};

export function tick(state) {
  const [shape, label] = TICKS[state];
  return h('span', { class: `tick tick-${state}`, role: 'img', 'aria-label': label, title: label }, icon(shape));
}

/** What decides whether a line must be drawn anew. */
export function signature(item, context) {
  if (item.kind === 'day') return [dayLabel(item.time)];
  if (item.kind === 'system') return [systemText(item.entry, context)];
  if (item.kind === 'unread') return [];
  const { view, reply } = item;
  return [
    view.content,
    view.deleted,
    view.edited,
    view.reactions,
    view.seq,
    item.tick,
    item.error,
    item.follows,
    reply && [reply.content, reply.deleted, context.name(reply.sender_id)],
    context.group && !item.mine ? context.name(view.sender_id) : '',
    view.reactions.flatMap((group) => group.users.map(context.name)),
  ];
}

export function draw(item, context) {
  if (item.kind === 'day') return h('li', { class: 'day', role: 'separator' }, h('span', {}, dayLabel(item.time)));
  if (item.kind === 'unread') return h('li', { class: 'unread-line', role: 'separator' }, h('span', {}, 'New messages'));
  if (item.kind === 'system') return h('li', { class: 'system' }, h('span', {}, systemText(item.entry, context)));
  return message(item, context);
}

function message(item, context) {
  const { view, mine } = item;
  const sender = mine ? 'You' : context.name(view.sender_id);
  const showName = context.group && !mine && !item.follows;
  const big = !view.deleted && !item.reply && isBigEmoji(view.content);
  const bubble = h(
    'div',
    { class: ['bubble', big && 'big', view.deleted && 'deleted'].filter(Boolean).join(' ') },
    showName ? h('span', { class: 'sender' }, bdi(sender)) : h('span', { class: 'visually-hidden' }, `${sender}: `),
    view.reply_to ? quote(item, context) : null,
    view.deleted ? h('span', { class: 'text gone' }, mine ? 'You deleted this message' : 'This message was deleted') : text(view.content),
    h(
      'span',
      { class: 'meta' },
      view.edited ? h('span', { class: 'edited' }, 'edited') : null,
      h('time', { datetime: new Date(view.server_timestamp).toISOString(), title: fullTime(view.server_timestamp) }, clock(view.server_timestamp)),
      mine ? tick(item.tick) : null,
    ),
  );
  const element = h(
    'li',
    { class: ['message', mine ? 'mine' : 'theirs', item.follows && 'follows', context.group && 'in-group'].filter(Boolean).join(' '), tabindex: '-1', 'data-key': item.key, 'data-seq': item.seq },
    context.group && !mine ? (item.follows ? h('span', { class: 'avatar-space' }) : avatar({ id: view.sender_id, name: sender, url: context.picture(view.sender_id), size: 'small' })) : null,
    h('div', { class: 'body' }, bubble, reactions(item, context), item.tick === 'failed' ? failed(item, context) : null),
  );
  if (item.seq && !view.deleted) {
    const react = iconButton('smile', 'React', (event) => context.onMenu(item, event.currentTarget), { tabindex: '-1' });
    const reply = iconButton('reply', 'Reply', () => context.onReply(item), { tabindex: '-1' });
    const more = iconButton('more', 'More actions', (event) => context.onMenu(item, event.currentTarget), { tabindex: '-1', 'aria-haspopup': 'menu' });
    element.append(h('div', { class: 'actions' }, react, reply, more));
    element.addEventListener('contextmenu', (event) => {
      if (getSelection()?.toString() || event.target.closest('a')) return;
      event.preventDefault();
      context.onMenu(item, element.querySelector('.bubble'));
    });
  }
  return element;
}

function text(content) {
  const parts = linkParts(content ?? '').map((part) =>
    part.href ? h('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, part.text) : part.text,
  );
  return h('span', { class: 'text', dir: 'auto' }, parts);
}

function quote(item, context) {
  const { reply, view } = item;
  const jump = { type: 'button', class: 'quote', tabindex: '-1', onclick: () => context.onJump(view.reply_to) };
  if (!reply) return h('button', { ...jump, 'aria-label': 'Show the message this answers' }, h('span', { class: 'quote-text' }, 'An earlier message'));
  const who = reply.sender_id === context.me ? 'You' : context.name(reply.sender_id);
  return h(
    'button',
    jump,
    h('span', { class: 'quote-name' }, bdi(who)),
    h('span', { class: 'quote-text', dir: 'auto' }, reply.deleted ? 'Deleted message' : (reply.content ?? '').slice(0, 200)),
  );
}

function reactions(item, context) {
  if (item.view.reactions.length === 0) return null;
  return h(
    'div',
    { class: 'reactions', role: 'group', 'aria-label': 'Reactions' },
    item.view.reactions.map((group) => {
      const names = group.users.map((user) => (user === context.me ? 'You' : context.name(user))).join(', ');
      return h(
        'button',
        {
          type: 'button',
          class: group.mine ? 'reaction mine' : 'reaction',
          'aria-pressed': String(group.mine),
          'aria-label': `${group.reaction}, ${names}`,
          title: names,
          tabindex: '-1',
          onclick: () => context.onReact(item, group.mine ? '' : group.reaction),
        },
        bdi(group.reaction),
        group.users.length > 1 ? h('span', {}, group.users.length) : null,
      );
    }),
  );
}

function failed(item, context) {
  return h(
    'div',
    { class: 'failed', role: 'alert' },
    h('span', {}, `Not sent. ${problemText({ code: item.error })}`),
    h('button', { type: 'button', class: 'link', onclick: () => context.onRetry(item.clientMsgId) }, 'Retry'),
    h('button', { type: 'button', class: 'link', onclick: () => context.onDiscard(item.clientMsgId) }, 'Discard'),
  );
}

export function systemText(entry, { me, name }) {
  const who = (id) => (id === me ? 'you' : `\u2068${name(id)}\u2069`);
  const upper = (line) => line.charAt(0).toLocaleUpperCase() + line.slice(1);
  const sender = entry.sender_id;
  const list = (ids) => (ids ?? []).filter((id) => id !== sender).map(who).join(', ');
  switch (entry.type) {
    case 'group_created':
      return upper(`${who(sender)} created the group${entry.name ? ` “\u2068${entry.name}\u2069”` : ''}`);
    case 'members_added':
      return upper(`${who(sender)} added ${list(entry.member_ids)}`);
    case 'member_removed':
      return entry.user_id === sender ? upper(`${who(sender)} left`) : upper(`${who(sender)} removed ${who(entry.user_id)}`);
    case 'role_changed':
      return upper(`${who(sender)} made ${who(entry.user_id)} ${entry.role === 'admin' ? 'an admin' : 'a member'}`);
    default:
      return upper(`${who(sender)} ${entry.name ? `renamed the group to “\u2068${entry.name}\u2069”` : 'changed the group’s picture'}`);
  }
}
