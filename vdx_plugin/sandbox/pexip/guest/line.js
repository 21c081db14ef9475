// The line to the room server, measured before anybody is called: a test call that gives back what it is sent.

import { Room } from "./room.js";

export const TEST_CALL = "linjetest";
const SECONDS = 6;
const STEP_MS = 500;
// At first a browser feels its way up from a low rate; what it sends then says nothing about the line.
const WARM_UP_STEPS = 4;

// What a consultation needs: its picture at full size, its picture at all.
const GOOD = { kbps: 900, loss: 0.02, delayMs: 200 };
const FAIR = { kbps: 250, loss: 0.08, delayMs: 400 };

export function verdict({ kbps, loss, delayMs }) {
  const holds = (bar) => kbps >= bar.kbps && loss <= bar.loss && delayMs <= bar.delayMs;
  if (holds(GOOD)) return "good";
  return holds(FAIR) ? "fair" : "poor";
}

// Snow cannot be compressed, so the sender takes all the line gives it.
function snow() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const pen = canvas.getContext("2d", { alpha: false });
  const picture = pen.createImageData(640, 360);
  const pixels = new Uint32Array(picture.data.buffer);
  const timer = setInterval(() => {
    for (let at = 0; at < pixels.length; at += 1) pixels[at] = (Math.random() * 0xffffff) | 0xff000000;
    pen.putImageData(picture, 0, 0);
  }, 50);
  const stream = canvas.captureStream(20);
  return { track: stream.getVideoTracks()[0], stop: () => { clearInterval(timer); stream.getTracks().forEach((track) => track.stop()); } };
}

// Give loss (0 to 1, both ways), delayMs (there and back), jitterMs and kbps; null if there is no test call here.
export async function measureLine(onProgress) {
  const room = new Room(TEST_CALL, () => {});
  const picture = snow();
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  try {
    await room.enter(TEST_CALL, "", "");
    await call(room, pc, picture.track);
    return await watch(pc, onProgress);
  } catch (error) {
    if (error?.status === 404) return null;
    throw error;
  } finally {
    pc.close();
    picture.stop();
    await room.leave();
  }
}

async function call(room, pc, track) {
  pc.addTransceiver("audio", { direction: "recvonly" });
  const { sender } = pc.addTransceiver(track, { direction: "sendrecv" });
  // Snow at full size is what is wanted, not a smaller picture of it.
  track.contentHint = "detail";
  const wishes = sender.getParameters();
  for (const encoding of wishes.encodings ?? []) encoding.maxBitrate = 2_500_000;
  await sender.setParameters(wishes).catch(() => {});
  await pc.setLocalDescription();
  const answer = await room.mine("calls", { call_type: "WEBRTC", sdp: pc.localDescription.sdp, media_type: "video" });
  pc.onicecandidate = ({ candidate }) => {
    const body = { candidate: candidate?.candidate ?? "", mid: candidate?.sdpMid ?? "0" };
    room.mine(`calls/${answer.call_uuid}/new_candidate`, body).catch(() => {});
  };
  await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
  await room.mine(`calls/${answer.call_uuid}/ack`);
}

async function watch(pc, onProgress) {
  const steps = (SECONDS * 1000) / STEP_MS;
  const seen = [];
  for (let step = 0; step <= steps; step += 1) {
    seen.push(await reading(pc));
    onProgress(step / steps);
    await new Promise((resolve) => { setTimeout(resolve, STEP_MS); });
  }
  if (!seen.at(-1).received) throw new Error("nothing came back");
  return summary(seen.slice(WARM_UP_STEPS));
}

async function reading(pc) {
  const found = { at: performance.now(), bytes: 0, received: 0, lostDown: 0, sent: 0, lostUp: 0, delayMs: 0, jitterMs: 0 };
  for (const report of (await pc.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "video") {
      found.bytes = report.bytesReceived;
      found.received = report.packetsReceived;
      found.lostDown = Math.max(0, report.packetsLost ?? 0);
      found.jitterMs = (report.jitter ?? 0) * 1000;
    }
    if (report.type === "outbound-rtp" && report.kind === "video") found.sent = report.packetsSent;
    if (report.type === "remote-inbound-rtp" && report.kind === "video") found.lostUp = Math.max(0, report.packetsLost ?? 0);
    if (report.type === "candidate-pair" && report.nominated) found.delayMs = (report.currentRoundTripTime ?? 0) * 1000;
  }
  return found;
}

function summary(seen) {
  const first = seen[0];
  const last = seen.at(-1);
  const rates = seen.slice(1).map((now, index) => ((now.bytes - seen[index].bytes) * 8) / (now.at - seen[index].at));
  const share = (lost, passed) => (lost > 0 ? lost / (lost + passed) : 0);
  return {
    loss: Math.max(
      share(last.lostDown - first.lostDown, last.received - first.received),
      share(last.lostUp - first.lostUp, last.sent - first.sent),
    ),
    delayMs: last.delayMs,
    jitterMs: last.jitterMs,
    kbps: Math.max(0, ...rates),
  };
}
