// Where a message is written: grows with its text, Enter sends, Shift+Enter breaks the line, Esc leaves a reply or an edit.

import { utf8Length } from '../core/text.js';
import { bdi, h, icon, iconButton } from './dom.js';
import { toast } from './toast.js';

const MAX_BYTES = 16 * 1024;
const TYPING_EVERY_MS = 3_000;
const TYPING_ENDS_MS = 5_000;

/** `drafts` has what is typed and not sent, by conversation; it belongs to the caller and may outlive the composer. */
export function composer({ onSend, onEdit, onTyping, onEditLast, name, drafts }) {
  let conversation = null;
  let mode = null; // {kind: 'reply' | 'edit', seq, sender, content}
  let typingAt = 0;
  let typingTimer = null;

  const input = h('textarea', { class: 'input compose', rows: 1, 'aria-label': 'Message', placeholder: 'Message', dir: 'auto', enterkeyhint: 'send', oninput, onkeydown: onKey, onblur: () => stopTyping() });
  const send = h('button', { class: 'send', 'aria-label': 'Send', title: 'Send' }, icon('send'));
  const context = h('div', { class: 'compose-context', hidden: true });
  const element = h('form', { class: 'composer', 'aria-label': 'Write a message', onsubmit: submit }, context, h('div', { class: 'compose-line' }, input, send));

  function oninput() {
    grow();
    if (mode?.kind !== 'edit') drafts.set(conversation, input.value);
    if (!input.value.trim()) return stopTyping();
    const now = Date.now();
    clearTimeout(typingTimer);
    typingTimer = setTimeout(stopTyping, TYPING_ENDS_MS);
    if (now - typingAt > TYPING_EVERY_MS) {
      typingAt = now;
      onTyping(conversation, true);
    }
    return undefined;
  }

  function stopTyping() {
    clearTimeout(typingTimer);
    if (typingAt && conversation) onTyping(conversation, false);
    typingAt = 0;
  }

  function grow() {
    input.style.height = 'auto';
    input.style.height = `${Math.min(input.scrollHeight, 160)}px`;
    send.disabled = !input.value.trim();
  }

  function onKey(event) {
    if (event.isComposing) return;
    const touch = matchMedia('(pointer: coarse)').matches && !matchMedia('(any-pointer: fine)').matches;
    if (event.key === 'Enter' && !event.shiftKey && !touch) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape' && mode) {
      event.preventDefault();
      event.stopPropagation();
      setMode(null);
    } else if (event.key === 'ArrowUp' && !input.value && !mode) {
      event.preventDefault();
      onEditLast();
    }
  }

  function submit(event) {
    event?.preventDefault();
    const content = input.value.trim();
    if (!content || !conversation) return;
    if (utf8Length(content) > MAX_BYTES) {
      toast('That message is too long. Please send it in parts.', 'error');
      return;
    }
    const was = mode;
    stopTyping();
    input.value = '';
    drafts.delete(conversation);
    setMode(null);
    if (was?.kind === 'edit') {
      if (content !== was.content) onEdit(was.seq, content);
    } else {
      onSend(content, was?.seq);
    }
    input.focus();
  }

  function setMode(next) {
    if (mode?.kind === 'edit') input.value = drafts.get(conversation) ?? '';
    if (next?.kind === 'edit') {
      drafts.set(conversation, input.value);
      input.value = next.content;
    }
    mode = next;
    context.hidden = !next;
    context.replaceChildren();
    if (next) {
      const title = next.kind === 'edit' ? ['Edit message'] : ['Reply to ', bdi(name(next.sender))];
      context.append(
        icon(next.kind),
        h('div', { class: 'compose-quote' }, h('strong', {}, title), h('span', { dir: 'auto' }, (next.content ?? '').slice(0, 200))),
        iconButton('close', next.kind === 'edit' ? 'Stop editing' : 'Do not reply', () => setMode(null)),
      );
      input.focus();
    }
    send.setAttribute('aria-label', next?.kind === 'edit' ? 'Save' : 'Send');
    grow();
  }

  /** Shows another conversation's draft. */
  function switchTo(id, enabled) {
    if (id !== conversation) {
      stopTyping();
      if (mode) setMode(null);
      if (conversation) drafts.set(conversation, input.value);
      conversation = id;
      input.value = drafts.get(id) ?? '';
      grow();
    }
    input.disabled = !enabled;
  }

  return { element, input, setMode, switchTo };
}
