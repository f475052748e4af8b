// Starting something: a chat by username, or a group with its members.

import { bdi, h, iconButton } from './dom.js';
import { avatar } from './avatar.js';
import { field, openDialog, problemForm } from './dialog.js';

const usernameField = (label, properties = {}) =>
  field(label, 'username', { autocapitalize: 'none', autocorrect: 'off', spellcheck: 'false', maxlength: 32, ...properties });

const normalized = (form) => form.elements.username.value.trim().replace(/^@/, '').toLowerCase();

async function find(session, username) {
  if (!username) throw { detail: 'Enter a username.' };
  const user = /^[a-z0-9_.-]{3,32}$/.test(username) ? await session.api.userByName(username) : null;
  if (!user) throw { detail: `Nobody here is called “${username}”.` };
  if (user.user_id === session.me) throw { detail: 'That is you.' };
  session.people.put(user);
  return user;
}

export function newChatDialog(session, go) {
  const dialog = openDialog(
    'New chat',
    problemForm(
      {
        submit: 'Start chat',
        onsubmit: async (form) => {
          const user = await find(session, normalized(form));
          const conversation = await session.api.openDirect(user.user_id);
          const named = conversation.name ? conversation : { ...conversation, name: user.display_name, avatar_url: user.avatar_url };
          const id = session.adopt(named);
          dialog.close();
          go(id);
        },
      },
      usernameField('Username', { autofocus: true, placeholder: 'for example bob', required: true }),
    ),
    h('hr', {}),
    h('button', { type: 'button', class: 'button wide', onclick: () => { dialog.close(); newGroupDialog(session, go); } }, 'New group instead'),
  );
}

export function newGroupDialog(session, go) {
  const picker = memberPicker(session);
  const dialog = openDialog(
    'New group',
    problemForm(
      {
        submit: 'Create group',
        onsubmit: async (form) => {
          await picker.take();
          const name = form.elements.name.value.trim();
          if (!name) throw { detail: 'Give the group a name.' };
          const conversation = await session.api.createGroup(name, picker.ids());
          const id = session.adopt(conversation);
          dialog.close();
          go(id);
        },
      },
      field('Group name', 'name', { autofocus: true, maxlength: 64, required: true, dir: 'auto' }),
      picker.element,
    ),
  );
}

/** Collects people by username: `ids()` who was chosen, `take()` adds what is still in the input, `clear()` starts anew. */
export function memberPicker(session, isMember = () => false) {
  const chosen = new Map();
  const error = h('p', { class: 'form-error', role: 'alert' });
  const chips = h('ul', { class: 'chips', 'aria-label': 'Chosen members' });
  const box = usernameField('Add people by username', { placeholder: 'username, then Enter' });
  const input = box.querySelector('input');

  function draw() {
    chips.replaceChildren(
      ...[...chosen.values()].map((user) =>
        h(
          'li',
          { class: 'chip' },
          avatar({ id: user.user_id, name: user.display_name, url: user.avatar_url, size: 'tiny' }),
          bdi(user.display_name),
          iconButton('close', `Remove ${user.display_name}`, () => { chosen.delete(user.user_id); draw(); input.focus(); }),
        ),
      ),
    );
  }

  async function take() {
    const username = input.value.trim().replace(/^@/, '').toLowerCase();
    if (!username) return;
    const user = await find(session, username);
    if (isMember(user.user_id)) throw { detail: `${user.display_name} is a member already.` };
    chosen.set(user.user_id, user);
    input.value = '';
    draw();
  }

  function clear() {
    chosen.clear();
    draw();
  }

  const add = () =>
    take().then(
      () => (error.textContent = ''),
      (problem) => (error.textContent = problem.detail ?? problem.message),
    );
  input.addEventListener('keydown', (event) => {
    if ((event.key === 'Enter' || event.key === ',') && !event.isComposing && input.value.trim()) {
      event.preventDefault();
      add();
    }
  });
  const button = h('button', { type: 'button', class: 'button', onclick: add }, 'Add');
  box.append(h('div', { class: 'with-action' }, input, button));
  return { element: h('div', { class: 'picker' }, box, error, chips), ids: () => [...chosen.keys()], take, clear };
}
