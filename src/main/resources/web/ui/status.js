// One line about a conversation: who is writing, who is there, or how many members it has.

import { lastSeen } from '../core/text.js';

export function typingText(session, id) {
  const users = session.people.typingIn(id);
  if (users.length === 0) return null;
  const row = session.rows.get(id);
  if (row?.type !== 'group') return 'typing…';
  if (users.length === 1) return `${session.people.name(users[0])} is typing…`;
  return `${users.length} people are typing…`;
}

export function statusText(session, id) {
  const detail = session.conversations.get(id)?.detail;
  if (!detail) return '';
  if (detail.type === 'direct') {
    const presence = session.people.presence.get(session.conversations.peer(id));
    if (!presence) return '';
    if (presence.status === 'online') return 'online';
    return presence.status === 'away' ? 'away' : lastSeen(presence.lastSeen);
  }
  const others = detail.members.filter((member) => member.user_id !== session.me);
  const online = others.filter((member) => session.people.presence.get(member.user_id)?.status === 'online').length;
  const members = detail.members.length === 1 ? '1 member' : `${detail.members.length} members`;
  return online > 0 ? `${members}, ${online} online` : members;
}

const CONNECTION = {
  connecting: 'Connecting…',
  syncing: 'Getting your messages…',
};

const STOPPED = {
  replaced: ['Parley is in use elsewhere with this browser’s device.', 'Use here'],
  removed: ['This browser is not one of your devices: it was removed, or ten others are connected.', 'Connect again'],
  protocol: ['The connection was ended by the server.', 'Connect again'],
  no_hello: ['The connection was ended by the server.', 'Connect again'],
};

/** What the banner says: `{text, action?}`, or null when all is well. */
export function connectionText(session, now = Date.now()) {
  const { state, reason, retryAt, attempt } = session.socket;
  if (session.maintenance) return { text: 'The server is being updated. You will be reconnected.' };
  if (state === 'online') return !navigator.onLine && session.socket.doubtful ? { text: 'You are offline' } : null;
  if (state === 'stopped') {
    const [text, action] = STOPPED[reason] ?? ['Not connected.', 'Connect again'];
    return { text, action };
  }
  if (state === 'waiting') {
    const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
    const what = navigator.onLine ? 'Reconnecting' : 'You are offline. Trying again';
    return seconds > 2 ? { text: `${what} in ${seconds} s`, action: 'Try now' } : { text: `${what}…` };
  }
  return { text: attempt > 0 ? 'Reconnecting…' : (CONNECTION[state] ?? 'Connecting…') };
}
