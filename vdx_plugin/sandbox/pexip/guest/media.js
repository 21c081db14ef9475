// Camera, microphone and the one connection to the room. Knows the room's commands but no page.

// A moment of joining, for whoever asks where the time goes; the last of a name counts.
export function mark(name) {
  performance.mark(`vdx:${name}`);
}

export function marks() {
  const found = performance.getEntriesByType("mark").filter((entry) => entry.name.startsWith("vdx:"));
  return Object.fromEntries(found.map((entry) => [entry.name.slice(4), entry.startTime]));
}

// Two notes one after the other, loud enough to be heard and short enough not to annoy.
export async function playTone() {
  const player = new AudioContext();
  const loudness = player.createGain();
  loudness.connect(player.destination);
  const from = player.currentTime + 0.05;
  loudness.gain.setValueAtTime(0, from);
  loudness.gain.linearRampToValueAtTime(0.25, from + 0.05);
  loudness.gain.setValueAtTime(0.25, from + 1.1);
  loudness.gain.linearRampToValueAtTime(0, from + 1.2);
  for (const [place, hertz] of [[0, 523], [0.6, 659]]) {
    const note = new OscillatorNode(player, { frequency: hertz });
    note.connect(loudness);
    note.start(from + place);
    note.stop(from + place + 0.6);
  }
  await new Promise((resolve) => { setTimeout(resolve, 1300); });
  await player.close();
}

// What went wrong with the devices, in our words: denied, busy, nothing, insecure.
function complaint(error) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "denied";
  if (error.name === "NotReadableError" || error.name === "AbortError") return "busy";
  return "nothing";
}

export class Devices {
  constructor() {
    this.stream = new MediaStream();
    this.trouble = null;
    this._meter = null;
  }

  // Take what there is: both, else one of them, else nothing. Never throws.
  async open({ camera = "", microphone = "" } = {}) {
    this.close();
    if (!navigator.mediaDevices?.getUserMedia) {
      this.trouble = "insecure";
      return;
    }
    const video = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };
    if (camera) { delete video.facingMode; video.deviceId = { exact: camera }; }
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    if (microphone) audio.deviceId = { exact: microphone };
    this.trouble = null;
    for (const wish of [{ audio, video }, { audio }, { video }]) {
      try {
        this.stream = await navigator.mediaDevices.getUserMedia(wish);
        return;
      } catch (error) {
        this.trouble ??= complaint(error);
      }
    }
  }

  get audio() { return this.stream.getAudioTracks()[0] ?? null; }
  get video() { return this.stream.getVideoTracks()[0] ?? null; }

  async list() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return {
      cameras: all.filter((device) => device.kind === "videoinput"),
      microphones: all.filter((device) => device.kind === "audioinput"),
    };
  }

  // Call show(level) with 0..1 for every picture the browser draws.
  watchLevel(show) {
    this._meter?.close().catch(() => {});
    this._meter = null;
    if (!this.audio) return;
    const meter = new AudioContext();
    this._meter = meter;
    const analyser = meter.createAnalyser();
    analyser.fftSize = 1024;
    meter.createMediaStreamSource(new MediaStream([this.audio])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const look = () => {
      if (this._meter !== meter) return;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
      const decibels = 10 * Math.log10(power + 1e-9);
      show(Math.max(0, Math.min(1, (decibels + 60) / 50)));
      requestAnimationFrame(look);
    };
    meter.resume().catch(() => {});
    look();
  }

  stopLevel() {
    this._meter?.close().catch(() => {});
    this._meter = null;
  }

  close() {
    this.stopLevel();
    for (const track of this.stream.getTracks()) track.stop();
    this.stream = new MediaStream();
  }
}

export class Link {
  // onStream(stream) gives what to show and onSlides(stream) where slides will come; onState(word): connecting,
  // connected, unstable; expects() says whether somebody is sending, so that silence means a fault.
  constructor(room, devices, { onStream, onSlides, onState, expects }) {
    this._room = room;
    this._devices = devices;
    this._onStream = onStream;
    this._onSlides = onSlides;
    this._onState = onState;
    this._expects = expects;
    this._pc = null;
    this._call = null;
    this._screen = null;
    this._slides = null;
    this._closed = false;
    this._busy = false;
    this._watch = setInterval(() => this._look(), 1000);
    this._told = null;
    this._reports = 0;
    this._seen = { packets: 0, at: performance.now() };
  }

  async start() {
    this._onState("connecting");
    const sdp = await this._offer();
    mark("offer");
    const answer = await this._room.mine("calls", { call_type: "WEBRTC", sdp, media_type: "video" });
    mark("answer");
    this._call = answer.call_uuid;
    await this._accept(answer.sdp);
    await this._room.mine(`calls/${this._call}/ack`);
    mark("acknowledged");
  }

  // New keys and addresses under the same call; a fresh call if the server has forgotten it.
  async restart() {
    if (this._closed || this._busy) return;
    this._busy = true;
    try {
      const sdp = await this._offer();
      const answer = await this._room.mine(`calls/${this._call}/update`, { sdp });
      await this._accept(answer.sdp ?? answer);
    } catch {
      if (!this._closed && this._room.isIn) await this.start().catch(() => {});
    } finally {
      this._busy = false;
      this._seen = { packets: 0, at: performance.now() };
    }
  }

  // Show a screen to the others, or with null none any more. The line for it stands from the start.
  async showScreen(track) {
    this._screen = track;
    if (track) track.contentHint = "detail";
    await this._slides?.sender.replaceTrack(track);
  }

  async stats() {
    const found = { framesDecoded: 0, slidesDecoded: 0, audioEnergy: 0, packets: 0, framesSent: 0, connection: "none" };
    if (!this._pc) return found;
    found.connection = this._pc.connectionState;
    for (const report of (await this._pc.getStats()).values()) {
      if (report.type === "inbound-rtp") {
        found.packets += report.packetsReceived ?? 0;
        if (report.kind === "video") {
          found[report.mid === this._slides?.mid ? "slidesDecoded" : "framesDecoded"] += report.framesDecoded ?? 0;
        }
        if (report.kind === "audio") found.audioEnergy += report.totalAudioEnergy ?? 0;
      }
      if (report.type === "outbound-rtp" && report.kind === "video") found.framesSent += report.framesSent ?? 0;
    }
    return found;
  }

  // Tell the room what the line did since the last time, in its own words and units.
  async report() {
    if (!this._call || this._closed) return;
    const now = await this._traffic();
    const before = this._told ?? now;
    this._told = now;
    const seconds = (now.at - before.at) / 1000;
    if (seconds <= 0) return;
    const kbps = (name) => Math.round((Math.max(0, now[name] - before[name]) * 8) / 1000 / seconds);
    const received = now.received - before.received;
    const lost = Math.max(0, now.lost - before.lost);
    const video = {
      rx_bitrate: kbps("bytesIn"), tx_bitrate: kbps("bytesOut"), rx_fps: now.fps,
      ...(now.width && { rx_resolution: `${now.width}x${now.height}` }),
      rx_windowed_packet_loss: received + lost > 0 ? (100 * lost) / (received + lost) : 0,
    };
    await this._room.mine(`calls/${this._call}/statistics`, { video }).catch(() => {});
  }

  async _traffic() {
    const found = { at: performance.now(), bytesIn: 0, bytesOut: 0, received: 0, lost: 0, fps: 0, width: 0, height: 0 };
    for (const report of (await this._pc?.getStats())?.values() ?? []) {
      if (report.kind !== "video" || report.mid === this._slides?.mid) continue;
      if (report.type === "outbound-rtp") found.bytesOut += report.bytesSent ?? 0;
      if (report.type !== "inbound-rtp") continue;
      found.bytesIn += report.bytesReceived ?? 0;
      found.received += report.packetsReceived ?? 0;
      found.lost += report.packetsLost ?? 0;
      found.fps = report.framesPerSecond ?? 0;
      found.width = report.frameWidth ?? 0;
      found.height = report.frameHeight ?? 0;
    }
    return found;
  }

  close() {
    this._closed = true;
    clearInterval(this._watch);
    this._pc?.close();
    this._pc = null;
  }

  async _offer() {
    this._pc?.close();
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this._pc = pc;
    const stream = new MediaStream();
    pc.ontrack = ({ track, transceiver }) => {
      if (transceiver === this._slides) { this._onSlides(new MediaStream([track])); return; }
      stream.addTrack(track);
      this._onStream(stream);
    };
    pc.onconnectionstatechange = () => this._stateChanged(pc);
    for (const [kind, track] of [["audio", this._devices.audio], ["video", this._devices.video]]) {
      pc.addTransceiver(track ?? kind, { direction: track ? "sendrecv" : "recvonly", streams: [this._devices.stream] });
    }
    // The second line of pictures is the one for slides, both ways, whether there are any or not.
    this._slides = pc.addTransceiver(this._screen ?? "video", { direction: "sendrecv" });
    await pc.setLocalDescription();
    await gathered(pc);
    return pc.localDescription.sdp;
  }

  async _accept(sdp) {
    await this._pc?.setRemoteDescription({ type: "answer", sdp });
  }

  _stateChanged(pc) {
    if (pc !== this._pc) return;
    if (pc.connectionState === "connected") {
      mark("connected");
      this._onState("connected");
    }
    if (pc.connectionState === "disconnected") this._onState("unstable");
    // "closed" without our doing means the other end said goodbye to the connection, not to the call.
    if (["failed", "closed"].includes(pc.connectionState)) { this._onState("unstable"); this.restart(); }
  }

  // A connection may look alive and carry nothing; only packets prove it, and only once there have been some.
  async _look() {
    this._reports += 1;
    if (this._reports % 5 === 0) this.report().catch(() => {});
    const { packets } = await this.stats();
    const now = performance.now();
    if (packets !== this._seen.packets) this._seen = { packets, at: now };
    if (this._busy || now - this._seen.at <= 3000) return;
    const dried = this._seen.packets > 0 && this._expects();
    if (dried || this._pc?.connectionState === "disconnected") {
      this._onState("unstable");
      this.restart();
    }
  }
}

// All candidates, or those found within half a second: host candidates come at once.
function gathered(pc) {
  if (pc.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, 500);
    pc.onicegatheringstatechange = () => {
      if (pc.iceGatheringState !== "complete") return;
      clearTimeout(limit);
      resolve();
    };
  });
}
