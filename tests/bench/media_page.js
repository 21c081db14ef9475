// One end of a call on the bench: Chromium's own client, its camera and microphone from files, everything read out.
"use strict";

const EPOCH = performance.timeOrigin;
const SAMPLED_PICTURES = 10;
const BITS = 12;
const now = () => EPOCH + performance.now();
const state = { seen: { own: [], remote: [] }, kept: {}, first: {} };

window.bench = {
  async open({ codec, echo }) {
    const clean = { echoCancellation: echo, noiseSuppression: echo, autoGainControl: echo };
    const video = { width: 1280, height: 720, frameRate: 30 };
    state.own = await navigator.mediaDevices.getUserMedia({ audio: { ...clean, channelCount: 1 }, video });
    state.codec = codec;
    begin();
  },

  // Another call, with the same camera and microphone.
  again() {
    state.line.close();
    for (const element of document.querySelectorAll("audio, video")) element.remove();
    state.remoteAudio = state.remoteVideo = undefined;
    begin();
  },

  firsts: () => state.first,

  async offer() {
    prefer();
    state.began = now();
    await state.line.setLocalDescription();
    return gathered();
  },

  async answer(sdp) {
    state.began = now();
    await state.line.setRemoteDescription({ type: "offer", sdp });
    prefer();
    await state.line.setLocalDescription();
    return gathered();
  },

  accept: (sdp) => state.line.setRemoteDescription({ type: "answer", sdp }),

  async begin() {
    state.open = true;
    state.remoteAudio && keepSound("remote", state.remoteAudio);
    keepSound("own", state.own.getAudioTracks()[0]);
    state.sampler = setInterval(samplePictures, 1000);
    return stats();
  },

  async end() {
    state.open = false;
    clearInterval(state.sampler);
    const found = await stats();
    return { stats: found, seen: state.seen, sound: await packed(), first: state.first };
  },

  stats,
};

function begin() {
  const line = (state.line = new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
  const first = (state.first = {});
  const note = (name) => (first[name] ??= now() - state.began);
  for (const track of state.own.getTracks()) line.addTrack(track, state.own);
  line.addEventListener("track", ({ track }) => take(track, note));
  line.addEventListener("iceconnectionstatechange", () => line.iceConnectionState === "connected" && note("ice"));
  line.addEventListener("connectionstatechange", () => line.connectionState === "connected" && note("dtls"));
}

function prefer() {
  const { codecs } = RTCRtpReceiver.getCapabilities("video");
  const wanted = codecs.filter((each) => each.mimeType === `video/${state.codec}` && isUsual(each));
  const rest = codecs.filter((each) => each.mimeType === "video/rtx");
  state.line
    .getTransceivers()
    .filter(({ receiver }) => receiver.track.kind === "video")
    .forEach((each) => each.setCodecPreferences([...wanted, ...rest]));
}

// Of the many H.264, the one our client offers.
function isUsual({ mimeType, sdpFmtpLine = "" }) {
  return mimeType !== "video/H264" || (sdpFmtpLine.includes("42e01f") && sdpFmtpLine.includes("packetization-mode=1"));
}

async function gathered() {
  const { line } = state;
  while (line.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 5));
  return line.localDescription.sdp;
}

function take(track, note) {
  // Our client has a second line of pictures, for slides.
  if (track.kind === "video" && state.remoteVideo) return;
  const element = document.createElement(track.kind);
  element.srcObject = new MediaStream([track]);
  element.autoplay = element.playsInline = true;
  document.body.append(element);
  if (track.kind === "audio") {
    state.remoteAudio = track;
    return;
  }
  state.remoteVideo = track;
  element.requestVideoFrameCallback(() => note("picture"));
}

async function stats() {
  const found = { at: now(), rows: [] };
  const wanted = ["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair"];
  for (const row of (await state.line.getStats()).values()) if (wanted.includes(row.type)) found.rows.push(row);
  return found;
}

// Sound as the sink gets it, ten milliseconds at a time, with the moment of each.
async function keepSound(name, track) {
  const kept = (state.kept[name] = { blocks: [], times: [], rate: 48000 });
  const wide = { track: track.clone(), maxBufferSize: 1000 };
  const reader = new MediaStreamTrackProcessor(wide).readable.getReader();
  while (state.open) {
    const { value, done } = await reader.read();
    if (done) break;
    const block = new Float32Array(value.numberOfFrames);
    value.copyTo(block, { planeIndex: 0, format: "f32-planar" });
    kept.rate = value.sampleRate;
    value.close();
    kept.times.push([now(), block.length]);
    kept.blocks.push(block);
  }
  reader.cancel();
}

async function packed() {
  const found = {};
  for (const [name, { blocks, times, rate }] of Object.entries(state.kept)) {
    const whole = new Int16Array(blocks.reduce((sum, block) => sum + block.length, 0));
    let at = 0;
    for (const block of blocks) for (const sample of block) whole[at++] = Math.max(-1, Math.min(1, sample)) * 32767;
    found[name] = { times, rate, samples: await base64(new Blob([whole])) };
  }
  return found;
}

function base64(blob) {
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.readAsDataURL(blob);
  });
}

// A few pictures each second: reading all of them would cost what is being measured.
function samplePictures() {
  sample("own", state.own.getVideoTracks()[0]);
  if (state.remoteVideo) sample("remote", state.remoteVideo);
}

async function sample(name, track) {
  const copy = track.clone();
  const reader = new MediaStreamTrackProcessor({ track: copy }).readable.getReader();
  for (let count = 0; count < SAMPLED_PICTURES; count++) {
    const { value, done } = await reader.read();
    if (done) break;
    const at = now();
    state.seen[name].push([at, await word(value)]);
    value.close();
  }
  reader.cancel();
  copy.stop();
}

async function word(frame) {
  const block = (frame.displayWidth * 32) / 1280;
  const even = (number) => Math.floor(number / 2) * 2;
  const rect = { x: 0, y: 0, width: even(block * BITS), height: even(block) };
  const luma = new Uint8Array(frame.allocationSize({ rect }));
  const [{ offset, stride }] = await frame.copyTo(luma, { rect });
  const row = Math.floor(block / 2);
  let found = 0;
  for (let place = 0; place < BITS; place++) {
    const bright = luma[offset + row * stride + Math.floor((place + 0.5) * block)] > 126;
    found = found * 2 + (bright ? 1 : 0);
  }
  return found;
}
