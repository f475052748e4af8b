// The page of a logged-in user: sidebar and conversation side by side, or one of them on a narrow screen; the address says
// which conversation is open (#/c/ID).

import { avatar } from './avatar.js';
import { chatView } from './chat.js';
import { closeMenu } from './menu.js';
import { h, iconButton } from './dom.js';
import { inboxView } from './inbox.js';
import { newChatDialog } from './new-chat.js';
import { profileDialog } from './profile.js';
import { connectionText } from './status.js';

const href = (id) => `#/c/${encodeURIComponent(id)}`;

function fromAddress() {
  const match = /^#\/c\/([^/]+)$/.exec(location.hash);
  try {
    return match ? decodeURIComponent(match[1]) : null;
  } catch {
    return null;
  }
}

export function appView(session, { onLogout, drafts }) {
  const go = (id) => (location.hash = href(id));
  const goBack = () => {
    closeMenu();
    const was = session.current;
    location.hash = '#/';
    requestAnimationFrame(() => [...element.querySelectorAll('a.row')].find((row) => row.dataset.conversation === was)?.focus());
  };
  const onNew = () => newChatDialog(session, go);
  const inbox = inboxView(session, { href, onNew });
  const chat = chatView(session, { onBack: goBack, drafts });
  const me = h('button', { type: 'button', class: 'me', 'aria-label': 'Your profile', title: 'Your profile', onclick: () => profileDialog(session, { onLogout }) });
  const bannerText = h('span', {});
  const bannerAction = h('button', { type: 'button', class: 'link', onclick: () => session.socket.start() });
  const banner = h('div', { class: 'banner', role: 'status', hidden: true }, h('span', { class: 'banner-dot' }), bannerText, bannerAction);
  const sidebar = h(
    'div',
    { class: 'sidebar' },
    h('header', { class: 'side-head' }, me, h('h1', {}, 'Parley'), iconButton('plus', 'New chat', onNew)),
    inbox.element,
  );
  const panes = h('div', { class: 'panes' }, sidebar, chat.blank);
  const element = h('div', { class: 'app', 'data-view': 'list' }, banner, panes);
  let meSign = '';

  function navigate() {
    closeMenu();
    const id = fromAddress();
    element.dataset.view = id ? 'chat' : 'list';
    const pane = id ? chat.element : chat.blank;
    if (panes.lastChild !== pane) panes.lastChild.replaceWith(pane);
    if (session.current !== id) session.open(id);
    chat.update();
  }

  function update(topics) {
    if (topics.has('connection')) updateBanner();
    inbox.update();
    chat.update();
    const unread = session.rows.unreadTotal();
    document.title = unread > 0 ? `(${unread}) Parley` : 'Parley';
    const profile = session.profile ?? {};
    const sign = JSON.stringify([profile.display_name, profile.avatar_url]);
    if (sign !== meSign) {
      meSign = sign;
      me.replaceChildren(avatar({ id: session.me, name: profile.display_name ?? '', url: profile.avatar_url }));
    }
    if (topics.has('conversation') || topics.has('people')) document.dispatchEvent(new Event('parley:conversation'));
  }

  function updateBanner() {
    const said = connectionText(session);
    banner.hidden = !said;
    element.dataset.connection = session.socket.state;
    if (!said) return;
    if (bannerText.textContent !== said.text) bannerText.textContent = said.text;
    bannerAction.textContent = said.action ?? '';
    bannerAction.hidden = !said.action;
  }

  const countdown = setInterval(updateBanner, 1_000);
  addEventListener('hashchange', navigate);

  function stop() {
    clearInterval(countdown);
    removeEventListener('hashchange', navigate);
    closeMenu();
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    document.title = 'Parley';
  }

  navigate();
  update(new Set(['connection']));
  return { element, update, stop };
}
