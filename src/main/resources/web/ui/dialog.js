// Modal dialogs on the browser's own <dialog>: it keeps the focus inside and closes on Esc.

import { problemText } from '../core/text.js';
import { h, iconButton } from './dom.js';

let count = 0;

export function openDialog(title, ...content) {
  const titleId = `dialog-${++count}`;
  const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': titleId });
  const back = document.activeElement;
  dialog.append(
    h('header', { class: 'dialog-head' }, h('h2', { id: titleId }, title), iconButton('close', 'Close', () => dialog.close())),
    h('div', { class: 'dialog-body' }, content),
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (back?.isConnected) back.focus({ preventScroll: true });
  });
  dialog.addEventListener('pointerdown', (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector('[autofocus], .dialog-body input, .dialog-body button')?.focus();
  return dialog;
}

export function confirmDialog(title, text, action, run) {
  const dialog = openDialog(
    title,
    h('p', {}, text),
    h(
      'div',
      { class: 'dialog-actions' },
      h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Cancel'),
      h('button', { type: 'button', class: 'button danger', onclick: () => { dialog.close(); run(); } }, action),
    ),
  );
}

/** A form that shows the problem of its failed submission and cannot be sent twice at once. */
export function problemForm({ submit, onsubmit, quiet = false }, ...content) {
  const error = h('p', { class: 'form-error', role: 'alert' });
  const button = h('button', { class: quiet ? 'button' : 'button primary' }, submit);
  return h(
    'form',
    {
      class: 'stack',
      onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        error.textContent = '';
        try {
          await onsubmit(event.target);
        } catch (problem) {
          error.textContent = problemText(problem);
        }
        button.disabled = false;
      },
    },
    content,
    error,
    h('div', { class: 'dialog-actions' }, button),
  );
}

export function field(label, name, properties = {}) {
  const id = `field-${++count}`;
  return h('div', { class: 'field' }, h('label', { for: id }, label), h('input', { id, name, class: 'input', autocomplete: 'off', ...properties }));
}
