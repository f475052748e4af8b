// The first page: log in or create an account. Also the page of a tab that is not the active one.

import { problemText } from '../core/text.js';
import { h, icon } from './dom.js';

const logo = () => h('img', { src: '/icon.svg', alt: '', class: 'logo', width: 56, height: 56 });

export function loginView({ auth, onDone, notice = null }) {
  let registering = false;
  const root = h('main', { class: 'welcome' });

  function draw(values = {}) {
    const error = h('p', { class: 'form-error', role: 'alert', id: 'form-error' });
    const field = (name, label, properties, hint) => {
      const input = h('input', { id: name, name, class: 'input', required: true, ...properties, value: values[name] ?? '' });
      if (hint) input.setAttribute('aria-describedby', `${name}-hint`);
      return h('div', { class: 'field' }, h('label', { for: name }, label), input, hint ? h('p', { class: 'hint', id: `${name}-hint` }, hint) : null);
    };
    const username = field(
      'username',
      'Username',
      { autocomplete: 'username', autocapitalize: 'none', autocorrect: 'off', spellcheck: 'false', minlength: 3, maxlength: 32, pattern: '[a-z0-9_.\\-]{3,32}', title: '3 to 32 characters: a to z, 0 to 9, and _ . -' },
      registering ? 'What others find you by: a to z, 0 to 9, and _ . -' : null,
    );
    const displayName = registering
      ? field('display_name', 'Your name', { autocomplete: 'name', maxlength: 64, required: false, dir: 'auto' }, 'Shown to others. Leave empty to use the username.')
      : null;
    const password = field(
      'password',
      'Password',
      { type: 'password', autocomplete: registering ? 'new-password' : 'current-password', minlength: 8, maxlength: 128 },
      registering ? 'At least 8 characters.' : null,
    );
    const passwordInput = password.querySelector('input');
    const reveal = h('button', { type: 'button', class: 'icon-button reveal', 'aria-label': 'Show password', 'aria-pressed': 'false' }, icon('eye'));
    reveal.addEventListener('click', () => {
      const shown = passwordInput.type === 'text';
      passwordInput.type = shown ? 'password' : 'text';
      reveal.setAttribute('aria-pressed', String(!shown));
    });
    const box = h('div', { class: 'with-button' });
    passwordInput.replaceWith(box);
    box.append(passwordInput, reveal);
    const submit = h('button', { class: 'button primary wide' }, registering ? 'Create account' : 'Log in');
    const form = h(
      'form',
      { class: 'card', 'aria-labelledby': 'form-title', onsubmit: send },
      h('h2', { id: 'form-title' }, registering ? 'Create your account' : 'Welcome back'),
      username,
      displayName,
      password,
      error,
      submit,
    );
    const switchMode = h(
      'p',
      { class: 'switch' },
      registering ? 'Already here? ' : 'New to Parley? ',
      h('button', { type: 'button', class: 'link', onclick: () => { registering = !registering; draw(current(form)); } }, registering ? 'Log in' : 'Create an account'),
    );
    root.replaceChildren(
      h('header', { class: 'brand' }, logo(), h('h1', {}, 'Parley'), h('p', {}, 'Talk. Every message arrives.')),
      notice ? h('p', { class: 'notice', role: 'status' }, notice) : '',
      form,
      switchMode,
    );
    root.querySelector('#username').focus();

    async function send(event) {
      event.preventDefault();
      const given = current(form);
      submit.disabled = true;
      submit.classList.add('busy');
      error.textContent = '';
      try {
        if (registering) await auth.register(given.username, passwordInput.value, given.display_name?.trim());
        else await auth.login(given.username, passwordInput.value);
        onDone();
      } catch (problem) {
        error.textContent = problemText(problem);
        submit.disabled = false;
        submit.classList.remove('busy');
        passwordInput.focus();
      }
    }
  }

  draw();
  return root;
}

function current(form) {
  const values = Object.fromEntries(new FormData(form));
  return { ...values, username: values.username.trim().toLowerCase() };
}

export function splash(text = 'Connecting…') {
  return h('main', { class: 'welcome' }, h('div', { class: 'brand', role: 'status' }, logo(), h('p', { class: 'pulse' }, text)));
}

export function otherTabView(takeOver) {
  const button = h('button', { type: 'button', class: 'button primary', onclick: takeOver }, 'Use here');
  return h(
    'main',
    { class: 'welcome' },
    h('header', { class: 'brand' }, logo(), h('h1', {}, 'Parley is open in another tab'), h('p', {}, 'One tab at a time, so that nothing is sent twice.')),
    button,
  );
}
