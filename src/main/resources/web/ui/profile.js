// About me: name, picture, how I appear to others, and logging out.

import { avatar } from './avatar.js';
import { bdi, h } from './dom.js';
import { confirmDialog, field, openDialog, problemForm } from './dialog.js';
import { toast, toastError } from './toast.js';

export function profileDialog(session, { onLogout }) {
  const profile = session.profile ?? {};
  const status = h(
    'select',
    { class: 'input', id: 'my-status', onchange: () => session.api.setStatus(status.value).then(() => toast('Status changed.'), toastError) },
    h('option', { value: 'online' }, 'Online'),
    h('option', { value: 'away' }, 'Away'),
    h('option', { value: 'offline' }, 'Appear offline'),
  );
  const waiting = session.outbox.items.length;
  const dialog = openDialog(
    'Your profile',
    h(
      'div',
      { class: 'person-card' },
      avatar({ id: session.me, name: profile.display_name, url: profile.avatar_url, size: 'large' }),
      h('p', { class: 'person-name' }, bdi(profile.display_name ?? '')),
      h('p', { class: 'muted' }, `@${profile.username ?? ''}`),
    ),
    problemForm(
      {
        submit: 'Save',
        onsubmit: async (form) => {
          const url = form.elements.avatar_url.value.trim();
          const changes = { display_name: form.elements.display_name.value.trim() };
          if (url !== (profile.avatar_url ?? '')) changes.avatar_url = url;
          const saved = await session.api.updateMe(changes);
          session.profile = { ...profile, ...changes, ...saved };
          session.people.put({ ...session.profile, user_id: session.me });
          session.changed('people');
          dialog.close();
        },
      },
      field('Name', 'display_name', { value: profile.display_name ?? '', maxlength: 64, required: true, dir: 'auto' }),
      field('Picture address (https)', 'avatar_url', { value: profile.avatar_url ?? '', type: 'url', pattern: 'https://.*', maxlength: 2048, placeholder: 'https://…' }),
    ),
    h('div', { class: 'field' }, h('label', { for: 'my-status' }, 'Status'), status),
    h('button', { type: 'button', class: 'button danger wide', onclick: logout }, 'Log out'),
  );

  function logout() {
    dialog.close();
    if (waiting === 0) onLogout();
    else confirmDialog('Log out now?', 'Some messages are not sent yet. They stay in this browser and are sent when you log in again.', 'Log out', onLogout);
  }
}
