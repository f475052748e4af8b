// Pumps the outbox into the socket: what is due now, again when time allows, again after each reconnect.

export class Sender {
  constructor({ outbox, socket, changed }) {
    Object.assign(this, { outbox, socket, changed });
    this.timer = null;
    this.stopped = false;
  }

  pump() {
    if (this.stopped || this.socket.state !== 'online') return;
    for (const item of this.outbox.due()) this.send(item);
    clearTimeout(this.timer);
    const next = this.outbox.nextAt();
    if (next !== null) this.timer = setTimeout(() => this.pump(), Math.max(50, next - Date.now()));
  }

  async send(item) {
    this.outbox.started(item);
    try {
      await this.socket.request(item.op, fields(item)); // the frame itself took the item out
    } catch (error) {
      if (this.stopped) return;
      if (error.interrupted) item.inFlight = false;
      else this.outbox.refused(item.client_msg_id, error);
    }
    this.changed('outbox');
    this.pump();
  }

  interrupted() {
    clearTimeout(this.timer);
    this.outbox.interrupted();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}

function fields(item) {
  const common = { conversation_id: item.conversation_id, client_msg_id: item.client_msg_id };
  switch (item.op) {
    case 'send':
      return { ...common, type: 'text', content: item.content, ...(item.reply_to ? { reply_to: item.reply_to } : {}) };
    case 'edit':
      return { ...common, target_seq: item.target_seq, content: item.content };
    case 'react':
      return { ...common, target_seq: item.target_seq, reaction: item.reaction };
    default:
      return { ...common, target_seq: item.target_seq };
  }
}
