// Where it starts: which tab is the active one, whether somebody is logged in, and which page that means.

import { Session } from './app/session.js';
import { isMessage } from './core/timeline.js';
import { Api } from './net/api.js';
import { Auth } from './net/auth.js';
import { claimTab } from './net/tab.js';
import { appView } from './ui/app.js';
import { loginView, otherTabView, splash } from './ui/login.js';
import { announce } from './ui/toast.js';

const root = document.getElementById('app');
const auth = new Auth();
const api = new Api(auth);
let active = false;
let session = null;
let view = null;

// What is typed outlives a session that begins anew in another epoch, but never a login.
const drafts = new Map();

/** Collects what changed and draws once: per frame, or now and then while nobody looks. */
const changed = (() => {
  let topics = new Set();
  let scheduled = false;
  const flush = () => {
    if (!scheduled) return;
    scheduled = false;
    const now = topics;
    topics = new Set();
    view?.update(now);
  };
  return (topic) => {
    topics.add(topic);
    if (scheduled) return;
    scheduled = true;
    if (document.visibilityState === 'visible') requestAnimationFrame(flush);
    setTimeout(flush, 250);
  };
})();

function notify(entry) {
  if (!isMessage(entry.type)) return;
  const name = session.people.name(entry.sender_id);
  const where = session.rows.get(entry.conversation_id);
  if (session.current === entry.conversation_id) announce(`${name}: ${entry.content ?? ''}`);
  else announce(`New message from ${name}${where?.type === 'group' ? ` in ${where.name}` : ''}`);
}

function end() {
  view?.stop();
  session?.stop();
  view = null;
  session = null;
}

function showLogin(notice = null) {
  end();
  drafts.clear();
  root.replaceChildren(loginView({ auth, onDone: begin, notice }));
}

function begin() {
  end();
  session = new Session({ auth, api, changed, notify, restart: begin });
  view = appView(session, { onLogout: logout, drafts });
  root.replaceChildren(view.element);
  session.start();
}

async function logout() {
  end();
  root.replaceChildren(splash('Logging out…'));
  location.hash = '';
  await auth.logout().catch(() => {});
  showLogin();
}

async function boot() {
  if (!auth.mayHaveSession) {
    showLogin();
    return;
  }
  root.replaceChildren(splash());
  try {
    await auth.accessToken();
    if (active) begin();
  } catch {
    // onLoggedOut has shown the login page.
  }
}

auth.onLoggedOut = (error) => {
  if (active) showLogin(error && session ? 'Your session has ended. Please log in again.' : null);
};

const takeOver = claimTab({
  onActive() {
    active = true;
    boot();
  },
  onWaiting() {
    active = false;
    end();
    root.replaceChildren(otherTabView(() => takeOver()));
  },
});

addEventListener('online', () => session?.socket.hurry());
addEventListener('offline', () => session?.socket.probe());
addEventListener('focus', () => session?.markRead());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return;
  session?.socket.hurry();
  session?.markRead();
  changed('inbox');
});
