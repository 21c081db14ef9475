// The client API v2 as a guest needs it: token, events, commands. Knows nothing of pictures or pages.

const EVENTS = [
  "participant_sync_begin", "participant_sync_end", "participant_create", "participant_update",
  "participant_delete", "conference_update", "message_received", "disconnect", "call_disconnected",
  "presentation_start", "presentation_stop", "on_hold", "refer",
];

export class Refusal extends Error {
  // status is the HTTP code, result whatever stood in the answer: a string, or what is asked for.
  constructor(status, result) {
    super(`refused ${status}`);
    this.status = status;
    this.result = result;
  }
}

async function post(path, body, headers = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body ?? {}),
  });
  let result = null;
  try { result = (await answer.json()).result; } catch { /* an answer without body is an answer too */ }
  if (!answer.ok) throw new Refusal(answer.status, result);
  return result;
}

export class Room {
  // on(name, data) is called for every event, and for "stream_lost" and "stream_back" about the stream itself.
  constructor(alias, on) {
    this._base = `/api/client/v2/conferences/${encodeURIComponent(alias)}`;
    this._on = on;
    this._token = null;
    this._source = null;
    this._refresh = null;
    this._retry = null;
    this._delay = 250;
    this.uuid = null;
  }

  // ticket is a one-time token from the room one was sent here from; it stands for the PIN.
  async enter(name, pin, tag, ticket = "") {
    const headers = pin && !ticket ? { pin } : {};
    const body = { display_name: name, call_tag: tag, ...(ticket && { token: ticket }) };
    let reply;
    try {
      reply = await post(`${this._base}/request_token`, body, headers);
    } catch (refusal) {
      const open = refusal instanceof Refusal && !pin && refusal.result?.guest_pin === "none";
      if (!open) throw refusal;
      reply = await post(`${this._base}/request_token`, body, { pin: "none" });
    }
    this._token = reply.token;
    this.uuid = reply.participant_uuid;
    const third = Math.max(5, Number(reply.expires) / 3) * 1000;
    this._refresh = setInterval(() => this._renew(), third);
    this._listen();
    return reply;
  }

  command(path, body) {
    return post(`${this._base}/${path}`, body, { token: this._token });
  }

  mine(path, body) {
    return this.command(`participants/${this.uuid}/${path}`, body);
  }

  // Works while the page is being torn down, when fetch no longer does.
  releaseByBeacon() {
    if (this._token) navigator.sendBeacon(`${this._base}/release_token?token=${encodeURIComponent(this._token)}`);
    this._forget();
  }

  async leave() {
    const token = this._token;
    this._forget();
    if (token) await post(`${this._base}/release_token`, {}, { token }).catch(() => {});
  }

  get isIn() {
    return this._token !== null;
  }

  _forget() {
    clearInterval(this._refresh);
    clearTimeout(this._retry);
    this._source?.close();
    this._source = null;
    this._token = null;
  }

  async _renew() {
    try {
      this._token = (await this.command("refresh_token")).token;
    } catch (error) {
      if (error instanceof Refusal && error.status === 403) this._expired();
    }
  }

  _expired() {
    if (!this.isIn) return;
    this._forget();
    this._on("token_lost", null);
  }

  // The browser's own reconnection would come with an old token, so each attempt is ours.
  _listen() {
    this._source?.close();
    const source = new EventSource(`${this._base}/events?token=${encodeURIComponent(this._token)}`);
    this._source = source;
    source.onopen = () => { this._delay = 250; this._on("stream_back", null); };
    source.onerror = () => {
      if (this._source !== source) return;
      source.close();
      this._on("stream_lost", null);
      this._retry = setTimeout(() => this._comeBack(), this._delay);
      this._delay = Math.min(this._delay * 2, 8000);
    };
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this._on(name, event.data ? JSON.parse(event.data) : null));
    }
  }

  async _comeBack() {
    if (!this.isIn) return;
    await this._renew();
    if (this.isIn) this._listen();
  }
}
