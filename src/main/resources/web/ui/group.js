// About a conversation: a person's card, or a group's name, members, roles, and leaving it.

import { bdi, h, iconButton } from './dom.js';
import { avatar } from './avatar.js';
import { confirmDialog, field, openDialog, problemForm } from './dialog.js';
import { memberPicker } from './new-chat.js';
import { openMenu } from './menu.js';
import { toast, toastError } from './toast.js';
import { statusText } from './status.js';

export function infoDialog(session, id) {
  const detail = session.conversations.get(id)?.detail;
  if (!detail) return;
  if (detail.type === 'direct') personDialog(session, id);
  else groupDialog(session, id);
}

function personDialog(session, id) {
  const peer = session.conversations.peer(id);
  const profile = session.people.get(peer);
  const name = session.rows.get(id)?.name ?? profile?.display_name ?? '';
  openDialog(
    'About',
    h(
      'div',
      { class: 'person-card' },
      avatar({ id: peer, name, url: profile?.avatar_url, size: 'large' }),
      h('p', { class: 'person-name' }, bdi(name)),
      profile?.username ? h('p', { class: 'muted' }, `@${profile.username}`) : null,
      h('p', { class: 'muted' }, statusText(session, id)),
    ),
  );
}

function groupDialog(session, id) {
  const head = h('div', { class: 'person-card' });
  const forms = h('div', { class: 'stack' });
  const members = h('ul', { class: 'member-list' });
  const leave = () =>
    confirmDialog('Leave group?', 'You will not get its messages any more.', 'Leave', () => {
      dialog.close();
      session.leave(id).catch(toastError);
    });
  const body = h(
    'div',
    { class: 'stack' },
    head,
    forms,
    h('h3', {}, 'Members'),
    members,
    h('button', { type: 'button', class: 'button danger wide', onclick: leave }, 'Leave group'),
  );
  const dialog = openDialog('Group', body);
  const onChanged = () => draw();
  document.addEventListener('parley:conversation', onChanged);
  dialog.addEventListener('close', () => document.removeEventListener('parley:conversation', onChanged));
  let drawn = '';
  let named = '';
  draw();

  async function run(action, done) {
    try {
      await action();
      if (done) toast(done);
      await session.conversations.loadDetail(id);
      session.inbox.refreshSoon();
    } catch (error) {
      toastError(error);
    }
  }

  function draw() {
    const conversation = session.conversations.get(id);
    const detail = conversation?.detail;
    if (!detail || conversation.missing) {
      dialog.close();
      return;
    }
    const names = detail.members.map((member) => session.people.name(member.user_id));
    const now = JSON.stringify([detail.name, detail.avatar_url, detail.members.map((member) => [member.user_id, member.role]), names]);
    if (now === drawn) return;
    drawn = now;
    const mine = detail.members.find((member) => member.user_id === session.me);
    const admin = mine?.role === 'admin';
    head.replaceChildren(
      avatar({ id, name: detail.name, url: detail.avatar_url, group: true, size: 'large' }),
      h('p', { class: 'person-name' }, bdi(detail.name)),
      h('p', { class: 'muted' }, detail.members.length === 1 ? '1 member' : `${detail.members.length} members`),
    );
    // News must not take away what somebody is typing: the forms are made once.
    if (!admin) forms.replaceChildren();
    else if (!forms.hasChildNodes()) forms.append(renameForm(detail), addForm());
    const name = forms.querySelector('input[name=name]');
    if (name && name.value === named) name.value = detail.name;
    named = detail.name;
    members.replaceChildren(...detail.members.map((member) => memberRow(member, admin)));
  }

  function renameForm(detail) {
    return problemForm(
      {
        submit: 'Rename',
        quiet: true,
        onsubmit: (form) => session.api.changeGroup(id, { name: form.elements.name.value.trim() }).then(() => session.conversations.loadDetail(id)),
      },
      field('Group name', 'name', { value: detail.name, maxlength: 64, required: true, dir: 'auto' }),
    );
  }

  function addForm() {
    const isMember = (user) => session.conversations.get(id)?.detail?.members.some((member) => member.user_id === user);
    const picker = memberPicker(session, isMember);
    return problemForm(
      {
        submit: 'Add members',
        quiet: true,
        onsubmit: async () => {
          await picker.take();
          if (picker.ids().length === 0) throw { detail: 'Enter a username first.' };
          await session.api.addMembers(id, picker.ids());
          picker.clear();
          await session.conversations.loadDetail(id);
        },
      },
      picker.element,
    );
  }

  function memberRow(member, admin) {
    const name = session.people.name(member.user_id);
    const me = member.user_id === session.me;
    const profile = session.people.get(member.user_id);
    const button =
      admin && !me
        ? iconButton('more', `Actions for ${name}`, () =>
            openMenu(button, {
              label: `Actions for ${name}`,
              rows: [
                member.role === 'admin'
                  ? { icon: 'people', label: 'Make member', run: () => run(() => session.api.setRole(id, member.user_id, 'member')) }
                  : { icon: 'people', label: 'Make admin', run: () => run(() => session.api.setRole(id, member.user_id, 'admin')) },
                { icon: 'trash', label: 'Remove from group', danger: true, run: () => run(() => session.api.removeMember(id, member.user_id)) },
              ],
              container: dialog,
            }),
          )
        : null;
    return h(
      'li',
      { class: 'member' },
      avatar({ id: member.user_id, name, url: profile?.avatar_url, online: session.people.presence.get(member.user_id)?.status === 'online' }),
      h('span', { class: 'member-name' }, bdi(name), me ? ' (you)' : '', profile?.username ? h('span', { class: 'muted' }, ` @${profile.username}`) : null),
      member.role === 'admin' ? h('span', { class: 'badge-role' }, 'Admin') : null,
      button,
    );
  }
}
