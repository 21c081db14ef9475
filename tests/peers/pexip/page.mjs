// A page around the room vendor's own client: it joins, says what it is told, and counts what it decodes.
// Everything a test asks for is a member of window.client; what a signal has said so far by window.client.told.

import { ClientCallType, createCallSignals, createInfinityClient, createInfinityClientSignals } from "@pexip/infinity";

// The client keeps its connections to itself, so they are caught where they are made.
const connections = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...values) {
    super(...values);
    connections.push(this);
  }
};

const signals = createInfinityClientSignals([], { batchScheduleTimeoutMS: 10, batchBufferSize: 1 });
const callSignals = createCallSignals([]);
const client = createInfinityClient(signals, callSignals);
const seen = [];
const streams = { main: null, slides: null };
let camera = null;
let joining = null;

function note(name) {
  return (value) => { seen.push([name, plain(value)]); };
}

// What can be handed to a test: no streams, no cycles.
function plain(value) {
  try { return value === undefined ? null : JSON.parse(JSON.stringify(value)); } catch { return String(value); }
}

for (const [name, signal] of Object.entries({ ...signals, ...callSignals })) signal.add(note(name));
callSignals.onRemoteStream.add((stream) => { streams.main = stream; play("main", stream); });
callSignals.onRemotePresentationStream.add((stream) => { streams.slides = stream; play("slides", stream); });
signals.onPeerDisconnect.add(() => client.restartCall({ mediaStream: camera, bandwidth: 0 }));
signals.onTransfer.add(async ({ alias, token }) => {
  await client.disconnect({ reason: "Transfer" });
  await join({ ...joining, alias, pin: undefined, token });
});

// Nothing is decoded that nobody looks at.
function play(name, stream) {
  let video = document.getElementById(name);
  if (!video) {
    video = Object.assign(document.createElement("video"), { id: name, autoplay: true });
    document.body.append(video);
  }
  if (video.srcObject !== stream) video.srcObject = stream;
}

function drawing() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const pen = canvas.getContext("2d");
  let step = 0;
  setInterval(() => {
    pen.fillStyle = `hsl(${(step += 7) % 360} 80% 50%)`;
    pen.fillRect(0, 0, 640, 360);
  }, 66);
  return canvas.captureStream(15);
}

async function join({ alias, name, pin, directMedia = false, token, extension, media = true }) {
  joining = { alias, name, directMedia, media };
  if (media) camera ??= await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
  const answer = await client.call({
    conferenceAlias: alias, displayName: name, bandwidth: 0, host: location.origin, mediaStream: camera ?? undefined,
    callType: media ? ClientCallType.AudioVideoPresentation : ClientCallType.None,
    ...(pin && { pin }), ...(token && { token }), ...(extension && { conferenceExtension: extension }), directMedia,
  });
  return answer?.status ?? 0;
}

// Pictures decoded by line of the last connection (main, slides), and the sound's energy.
async function figures() {
  const found = { main: 0, slides: 0, width: 0, energy: 0, state: "none", connections: connections.length };
  const connection = connections.at(-1);
  if (!connection) return found;
  found.state = connection.connectionState;
  const lines = connection.getTransceivers();
  for (const report of (await connection.getStats()).values()) {
    if (report.type !== "inbound-rtp") continue;
    if (report.kind === "audio") found.energy += report.totalAudioEnergy ?? 0;
    else {
      const place = lines.findIndex((line) => line.mid === report.mid);
      found[place === 2 ? "slides" : "main"] += report.framesDecoded ?? 0;
      if (place !== 2) found.width = report.frameWidth ?? 0;
    }
  }
  return found;
}

window.client = {
  told: (name) => seen.filter(([signal]) => signal === name).map(([, value]) => value),
  join,
  figures,
  direction: (place) => connections.at(-1)?.getTransceivers()[place]?.currentDirection ?? null,
  codec: async () => {
    const reports = [...(await connections.at(-1).getStats()).values()];
    const inbound = reports.find((report) => report.type === "inbound-rtp" && report.kind === "video");
    return reports.find((report) => report.id === inbound?.codecId)?.mimeType ?? null;
  },
  present: () => client.present(drawing()),
  stopPresenting: () => client.stopPresenting(),
  // Any other command of the vendor's client, by its name.
  command: async (name, values) => plain(await client[name](values)),
  me: () => plain(client.getMe()),
};
