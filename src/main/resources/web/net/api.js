// REST calls as the logged-in user. Waits out 429 and 503 as the server asks, renews the token once on 401, and turns every
// other failure into an ApiError with the problem's code.

import { retryDelay } from '../core/backoff.js';

const TRIES = 6;

export class ApiError extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title ?? problem.code);
    Object.assign(this, problem);
  }
}

export class Api {
  constructor(auth) {
    this.auth = auth;
  }

  get(path) {
    return this.call('GET', path);
  }

  async call(method, path, body) {
    let renewed = null;
    for (let attempt = 0; ; attempt++) {
      const token = await this.auth.accessToken({ not: renewed });
      const response = await this.once(method, path, body, token);
      if (response.ok) return response.status === 204 ? null : response.json();
      const problem = await response.json().catch(() => ({}));
      if (response.status === 401 && renewed === null) {
        renewed = token;
        continue;
      }
      if ((response.status === 429 || response.status === 503) && attempt < TRIES) {
        const seconds = Number(response.headers.get('Retry-After')) || 0;
        await new Promise((done) => setTimeout(done, retryDelay(attempt, seconds * 1000)));
        continue;
      }
      throw new ApiError({ ...problem, status: response.status });
    }
  }

  async once(method, path, body, token) {
    const headers = { Authorization: `Bearer ${token}` };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    try {
      return await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch {
      throw new ApiError({ code: 'network', status: 0 });
    }
  }

  me() {
    return this.get('/v1/users/me');
  }

  updateMe(changes) {
    return this.call('PATCH', '/v1/users/me', changes);
  }

  setStatus(status) {
    return this.call('PUT', '/v1/users/me/presence', { status });
  }

  async userByName(username) {
    const { users } = await this.get(`/v1/users?username=${encodeURIComponent(username)}`);
    return users[0] ?? null;
  }

  userById(userId) {
    return this.get(`/v1/users/${encodeURIComponent(userId)}`);
  }

  conversation(id) {
    return this.get(`/v1/conversations/${encodeURIComponent(id)}`);
  }

  openDirect(userId) {
    return this.call('POST', '/v1/conversations', { type: 'direct', user_id: userId });
  }

  createGroup(name, memberIds) {
    return this.call('POST', '/v1/groups', { name, member_ids: memberIds });
  }

  changeGroup(id, changes) {
    return this.call('PATCH', `/v1/groups/${encodeURIComponent(id)}`, changes);
  }

  addMembers(id, userIds) {
    return this.call('POST', `/v1/groups/${encodeURIComponent(id)}/members`, { user_ids: userIds });
  }

  removeMember(id, userId) {
    return this.call('DELETE', `/v1/groups/${encodeURIComponent(id)}/members/${encodeURIComponent(userId)}`);
  }

  setRole(id, userId, role) {
    return this.call('PUT', `/v1/groups/${encodeURIComponent(id)}/members/${encodeURIComponent(userId)}`, { role });
  }
}
