// The page: one state at a time, moved by the room, the devices and the guest's few buttons.

import { measureLine, verdict } from "./line.js";
import { Devices, Link, mark, marks, playTone } from "./media.js";
import { Refusal, Room } from "./room.js";
import { currentLanguage, setLanguage, text } from "./texts.js";

const $ = (id) => document.getElementById(id);
const SECTIONS = { setup: "setup", waiting: "waiting", call: "call", over: "over" };
const KEPT = "vdx-guest";
const IN_APP = /FBAN|FBAV|Instagram|Messenger|Snapchat|LinkedInApp|GSA\/|; wv\)/;

// Why it ended, by the reason a node gives; anything else is a plain end.
const ENDINGS = [
  [/Disconnected by another participant/, "putOut"],
  [/Timeout waiting for conference host/, "noHost"],
  [/hosts departed|terminated by another/, "ended"],
];

const page = {
  state: "loading",
  link: readLink(),
  devices: new Devices(),
  room: null,
  media: null,
  others: new Map(),
  syncing: null,
  waitingSince: 0,
  heard: false,
  unread: 0,
  over: null,
  opening: Promise.resolve(),
  microphoneOn: true,
  cameraOn: true,
  mutedByHost: false,
  onHold: false,
  presenter: "",
  screen: null,
  notice: "",
  tonePlayed: false,
  line: { state: "untried" },
  connection: "connecting",
  frames: 0,
  lastFrameAt: 0,
};

// The link holds everything. The PIN leaves the address bar at once and stays in this tab only, for a reload.
function readLink() {
  const given = new URLSearchParams(location.hash.length > 1 ? location.hash.slice(1) : location.search);
  let link = {};
  if (given.has("conference")) {
    link = {
      conference: given.get("conference"),
      pin: given.get("pin") ?? "",
      name: given.get("name") ?? "",
      tag: given.get("tag") ?? "",
      from: given.get("from") ?? "",
      start: given.get("start_dato") ?? "",
      language: given.get("lang") ?? "",
      joined: false,
    };
    const kept = readKept();
    if (kept.conference === link.conference) link = { ...link, name: kept.name || link.name, language: link.language || kept.language, joined: kept.joined };
    const shown = new URLSearchParams();
    shown.set("conference", link.conference);
    history.replaceState(null, "", `${location.pathname}?${shown}`);
    // A reload then comes with the conference alone; the rest is in the tab's memory.
    if (!given.has("pin") && kept.conference === link.conference) link = kept;
  }
  sessionStorage.setItem(KEPT, JSON.stringify(link));
  return link;
}

function readKept() {
  try { return JSON.parse(sessionStorage.getItem(KEPT)) ?? {}; } catch { return {}; }
}

function keep(changes) {
  Object.assign(page.link, changes);
  sessionStorage.setItem(KEPT, JSON.stringify(page.link));
}

// ---- words -------------------------------------------------------------------------------------------------

function plannedAt() {
  const at = new Date(page.link.start);
  return page.link.start && !Number.isNaN(at.getTime()) ? at : null;
}

function locale() {
  return currentLanguage() === "en" ? "en-GB" : "da-DK";
}

function writeTexts() {
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = text(element.dataset.label);
  document.title = text("brand");
  $("language").textContent = text("otherLanguage");
  $("language").lang = currentLanguage() === "en" ? "da" : "en";
  const from = page.link.from;
  $("setup-title").textContent = from ? text("setupTitleFrom", { from }) : text("setupTitle");
  const at = plannedAt();
  $("setup-when").hidden = !at;
  if (at) {
    const when = at.toLocaleString(locale(), { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
    $("setup-when").textContent = text("when", { when });
  }
  $("join").textContent = text("join");
  $("pin-help").textContent = text($("pin").getAttribute("aria-invalid") === "true" ? "pinWrong" : "pinHelp");
  showTrouble();
  showHearing();
  showTone();
  showLine();
  showControls();
  showPicture();
  showSlides();
  showBand();
  showWait();
  showOver();
}

function switchLanguage() {
  setLanguage(currentLanguage() === "en" ? "da" : "en");
  keep({ language: currentLanguage() });
  writeTexts();
}

// ---- states ------------------------------------------------------------------------------------------------

function go(state) {
  if (page.state === state) return;
  page.state = state;
  document.body.dataset.state = state;
  for (const [name, id] of Object.entries(SECTIONS)) $(id).hidden = name !== state;
  const title = document.querySelector(`#${SECTIONS[state]} h1`);
  $("announce").textContent = title.textContent;
  title.focus({ preventScroll: true });
  scrollTo(0, 0);
  if (state === "call") keepAwake();
}

let wakeLock = null;
async function keepAwake() {
  try { wakeLock = await navigator.wakeLock?.request("screen"); } catch { /* a comfort, not a need */ }
}

function endWith(kind, code = "") {
  page.over = { kind, code };
  keep({ joined: false });
  page.media?.close();
  page.media = null;
  page.room = null;
  page.presenter = "";
  dropScreen();
  showSlides();
  page.devices.close();
  wakeLock?.release().catch(() => {});
  showOver();
  go("over");
}

function showOver() {
  if (!page.over) return;
  $("over-title").textContent = text(`${page.over.kind}Title`);
  $("over-body").textContent = text(`${page.over.kind}Body`);
  $("over-code").textContent = page.over.code ? text("code", { code: page.over.code }) : "";
  $("rejoin").hidden = page.over.kind === "empty";
  // Going back is the obvious next step only where leaving was not the doctor's doing.
  $("rejoin").className = ["ended", "putOut"].includes(page.over.kind) ? "second" : "first";
}

// ---- the test before joining -------------------------------------------------------------------------------

async function setUp() {
  go("setup");
  $("inapp").hidden = !IN_APP.test(navigator.userAgent);
  $("name").value = page.link.name;
  $("pin-field").hidden = Boolean(page.link.pin);
  await openDevices();
}

function openDevices(wish) {
  page.opening = takeDevices(wish);
  return page.opening;
}

async function takeDevices(wish) {
  $("preview-text").textContent = text("startingCamera");
  await page.devices.open(wish);
  $("preview").srcObject = page.devices.video ? page.devices.stream : null;
  $("preview-stage").classList.toggle("empty", !page.devices.video);
  page.heard = false;
  page.devices.watchLevel(showLevel);
  showTrouble();
  showHearing();
  await listDevices();
}

function showTrouble() {
  const { trouble, audio, video } = page.devices;
  const all = !audio && !video;
  $("preview-text").textContent = video ? "" : text(trouble === "denied" ? "cameraOff" : trouble ? "noCamera" : "startingCamera");
  $("trouble").hidden = !trouble || (!all && trouble === "nothing");
  if (!trouble) return;
  $("trouble-title").textContent = text(`${trouble}Title`);
  $("trouble-body").textContent = text(`${trouble}Body`);
  const steps = trouble === "denied" ? text("deniedSteps") : [];
  $("trouble-steps").replaceChildren(...steps.map((step) => Object.assign(document.createElement("li"), { textContent: step })));
}

function showLevel(level) {
  $("level").style.transform = `scaleX(${level.toFixed(3)})`;
  if (level > 0.35 && !page.heard) {
    page.heard = true;
    showHearing();
  }
}

function showHearing() {
  const denied = ["denied", "insecure"].includes(page.devices.trouble) && !page.devices.audio;
  $("hearing").hidden = denied || (!page.devices.audio && !page.devices.trouble);
  $("hearing-text").textContent = text(!page.devices.audio ? "noMicrophone" : page.heard ? "weHear" : "sayHello");
}

async function tryTone() {
  await playTone();
  page.tonePlayed = true;
  showTone();
}

function showTone() {
  $("speaker-text").textContent = text(page.tonePlayed ? "toneHeard" : "toneAbout");
}

async function tryLine() {
  page.line = { state: "trying" };
  showLine();
  try {
    const found = await measureLine((done) => { $("line-progress").value = done; });
    page.line = found ? { state: verdict(found), ...found } : { state: "unmeasured" };
  } catch {
    page.line = { state: "failed" };
  }
  showLine();
}

function showLine() {
  const { state, kbps, loss, delayMs } = page.line;
  const measured = ["good", "fair", "poor"].includes(state);
  const decimal = (value) => value.toLocaleString(locale(), { maximumFractionDigits: 1 });
  const facts = measured ? text("lineFacts", { rate: decimal(kbps / 1000), delay: Math.round(delayMs), loss: decimal(loss * 100) }) : "";
  $("line-text").textContent = [text(`line_${state}`), facts].filter(Boolean).join(" ");
  $("check-line").dataset.state = state;
  $("line-progress").hidden = state !== "trying";
  $("try-line").hidden = state === "trying";
  $("try-line").textContent = text(state === "untried" ? "tryLine" : "tryAgain");
}

async function listDevices() {
  const { cameras, microphones } = await page.devices.list();
  $("choose").hidden = cameras.length + microphones.length <= 2;
  fill($("camera"), cameras, "cameraNumber", page.devices.video);
  fill($("microphone"), microphones, "microphoneNumber", page.devices.audio);
}

function fill(select, devices, naming, track) {
  const chosen = track?.getSettings().deviceId;
  select.replaceChildren(...devices.map((device, index) => {
    const label = device.label || text(naming, { n: index + 1 });
    return new Option(label, device.deviceId, false, device.deviceId === chosen);
  }));
  select.disabled = devices.length === 0;
}

// ---- joining -----------------------------------------------------------------------------------------------

async function join({ alias = page.link.conference, ticket = "" } = {}) {
  const pin = page.link.pin || $("pin").value.trim();
  const room = new Room(alias, (name, data) => page.room === room && onEvent(name, data));
  page.room = room;
  page.others.clear();
  page.onHold = false;
  page.presenter = "";
  showSlides();
  try {
    mark("join");
    const reply = await room.enter(page.link.name, pin, page.link.tag, ticket);
    mark("token");
    keep({ pin, joined: true });
    page.devices.stopLevel();
    enterAs(reply.current_service_type);
    await connectMedia(room);
  } catch (error) {
    if (page.room === room) onRefused(error);
  }
}

function enterAs(serviceType) {
  if (serviceType === "waiting_room") {
    page.waitingSince ||= Date.now();
    $("waiting-preview").srcObject = page.devices.video ? page.devices.stream : null;
    $("waiting-preview").parentElement.classList.toggle("empty", !page.devices.video);
    showWait();
    go("waiting");
    return;
  }
  page.waitingSince = 0;
  $("self").srcObject = page.devices.video ? page.devices.stream : null;
  showControls();
  showPicture();
  go("call");
}

async function connectMedia(room) {
  page.media?.close();
  page.connection = "connecting";
  page.media = new Link(room, page.devices, {
    onStream: (stream) => play(stream),
    onSlides: (stream) => { $("slides").srcObject = stream; },
    onState: (word) => { page.connection = word; showBand(); showPicture(); },
    expects: () => page.state === "call" && [...page.others.values()].some(sends),
  });
  await page.media.start();
  if (!page.microphoneOn) await room.mine("client_mute").catch(() => {});
  if (!page.cameraOn) await room.mine("video_muted").catch(() => {});
}

function sends(row) {
  return row.has_media && row.service_type !== "waiting_room" && (row.is_muted === "NO" || !row.is_video_muted);
}

async function play(stream) {
  const remote = $("remote");
  if (remote.srcObject !== stream) {
    remote.srcObject = stream;
    remote.requestVideoFrameCallback?.(() => mark("picture"));
  }
  try {
    await remote.play();
    $("unblock").hidden = true;
  } catch (error) {
    // After a reload nobody has pressed anything yet, and the browser holds back sound until they do.
    if (error.name === "NotAllowedError") $("unblock").hidden = false;
  }
}

function onRefused(error) {
  page.room?.leave();
  page.room = null;
  if (!(error instanceof Refusal)) return endWith("lost");
  const { status, result } = error;
  if (status === 404) return endWith("unknown", "404");
  if (result === "Invalid PIN" || result?.guest_pin === "required" || result?.pin === "required") return askPin(result === "Invalid PIN");
  if (/PIN entry retries/.test(result)) return endWith("tooMany", "#pex192");
  if (/limit/.test(result)) return endWith("full");
  return endWith("lost", String(status));
}

function askPin(wrong) {
  keep({ pin: "", joined: false });
  $("pin-field").hidden = false;
  $("pin").value = "";
  if (wrong) $("pin").setAttribute("aria-invalid", "true");
  else $("pin").removeAttribute("aria-invalid");
  $("pin").required = true;
  $("pin-help").textContent = text(wrong ? "pinWrong" : "pinHelp");
  $("join").disabled = false;
  $("join").textContent = text("join");
  go("setup");
  $("pin").focus();
}

async function rejoin() {
  page.over = null;
  if (!page.link.conference) return;
  page.waitingSince = 0;
  if (!page.devices.audio && !page.devices.video) await openDevices();
  await join();
}

// ---- events ------------------------------------------------------------------------------------------------

const HANDLERS = {
  participant_sync_begin: () => { page.syncing = new Map(); },
  participant_sync_end: () => { page.others = page.syncing ?? page.others; page.syncing = null; showPicture(); },
  participant_create: onRow,
  participant_update: onRow,
  participant_delete: ({ uuid }) => { page.others.delete(uuid); showPicture(); },
  message_received: (data) => addMessage(data.origin, data.payload, false),
  disconnect: ({ reason }) => {
    const ending = ENDINGS.find(([pattern]) => pattern.test(reason));
    page.room.leave();
    endWith(ending ? ending[1] : "ended");
  },
  presentation_start: ({ presenter_uuid, presenter_name }) => {
    if (page.screen) endScreen(presenter_uuid ? "screenTaken" : "screenEnded");
    page.presenter = presenter_uuid ? presenter_name || text("doctor") : "";
    showSlides();
    showBand();
  },
  presentation_stop: () => { page.presenter = ""; showSlides(); },
  on_hold: (data) => { page.onHold = Boolean(data?.setting); showBand(); },
  refer: ({ alias, token }) => follow(alias, token),
  call_disconnected: () => page.media?.start().catch(() => {}),
  stream_lost: () => { page.connection = "unstable"; showBand(); },
  stream_back: () => { page.connection = "connected"; showBand(); },
  token_lost: () => join(),
};

function onEvent(name, data) {
  HANDLERS[name]?.(data);
}

function onRow(row) {
  if (row.uuid !== page.room.uuid) {
    (page.syncing ?? page.others).set(row.uuid, row);
    showPicture();
    return;
  }
  page.mutedByHost = row.is_muted === "YES";
  showBand();
  if (["waiting", "call"].includes(page.state)) enterAs(row.service_type);
}

// ---- the call ----------------------------------------------------------------------------------------------

function showControls() {
  control("toggle-microphone", page.microphoneOn && page.devices.audio, page.microphoneOn ? "microphoneOn" : "microphoneOff", page.devices.audio);
  control("toggle-camera", page.cameraOn && page.devices.video, page.cameraOn ? "cameraIsOn" : "cameraIsOff", page.devices.video);
  const canShow = Boolean(navigator.mediaDevices?.getDisplayMedia);
  $("toggle-screen").hidden = !canShow;
  control("toggle-screen", page.screen, page.screen ? "screenStop" : "screenShow", canShow);
  $("self").hidden = !page.devices.video || !page.cameraOn;
  $("toggle-chat").classList.toggle("unread", page.unread > 0);
  $("toggle-chat").lastElementChild.textContent = page.unread ? text("chatUnread", { n: page.unread }) : text("chat");
}

function control(id, on, words, exists) {
  const button = $(id);
  button.setAttribute("aria-pressed", String(Boolean(on)));
  button.disabled = !exists;
  button.lastElementChild.textContent = text(exists ? words : words.startsWith("microphone") ? "microphoneOff" : "cameraIsOff");
}

async function toggle(kind) {
  const track = page.devices[kind];
  if (!track) return;
  const on = (track.enabled = !track.enabled);
  if (kind === "audio") page.microphoneOn = on; else page.cameraOn = on;
  showControls();
  const command = { audio: on ? "client_unmute" : "client_mute", video: on ? "video_unmuted" : "video_muted" }[kind];
  await page.room?.mine(command).catch(() => {});
}

// ---- slides ------------------------------------------------------------------------------------------------

async function toggleScreen() {
  if (page.screen) { await endScreen(); return; }
  try {
    page.screen = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } } });
  } catch {
    return; // They thought better of it.
  }
  const [track] = page.screen.getVideoTracks();
  track.onended = () => endScreen();
  try {
    await page.room.mine("take_floor");
    await page.media.showScreen(track);
  } catch {
    dropScreen();
    tell("screenRefused");
  }
  showControls();
  showBand();
}

// Why, where it was not the guest's own wish.
async function endScreen(why = "") {
  dropScreen();
  if (why) tell(why); else showBand();
  showControls();
  await page.media?.showScreen(null);
  if (!why) await page.room?.mine("release_floor").catch(() => {});
}

function dropScreen() {
  for (const track of page.screen?.getTracks() ?? []) { track.onended = null; track.stop(); }
  page.screen = null;
}

function showSlides() {
  const shown = Boolean(page.presenter);
  $("slides").hidden = !shown;
  document.querySelector(".picture").classList.toggle("with-slides", shown);
  if (shown) $("slides").play().catch(() => {});
  if (shown) $("announce").textContent = text("slidesFrom", { name: page.presenter });
}

// Something worth a sentence for a while.
function tell(words) {
  page.notice = words;
  showBand();
  setTimeout(() => { if (page.notice === words) { page.notice = ""; showBand(); } }, 8000);
}

async function follow(alias, ticket) {
  const left = page.room;
  page.media?.close();
  dropScreen();
  await join({ alias, ticket });
  await left?.leave();
}

// ---- what is seen and said ---------------------------------------------------------------------------------

function showPicture() {
  const fresh = performance.now() - page.lastFrameAt < 2500;
  const alone = page.others.size === 0;
  const words = alone ? "alone" : page.connection === "connecting" ? "connecting" : "soundOnly";
  $("remote-text").textContent = fresh && !alone ? "" : text(words);
  document.querySelector(".picture").classList.toggle("empty", !fresh || alone);
  $("names").textContent = [...page.others.values()].filter((row) => row.service_type !== "waiting_room").map((row) => row.display_name).join(", ");
}

function showBand() {
  const words = [
    [page.connection === "unstable", "reconnecting"],
    [page.onHold, "onHold"],
    [page.notice, page.notice],
    [page.mutedByHost, "mutedByHost"],
    [page.screen, "screenOn"],
  ].find(([holds]) => holds)?.[1];
  $("band").hidden = !words;
  if (words && $("band").textContent !== text(words)) {
    $("band").textContent = text(words);
    $("announce").textContent = text(words);
  }
}

function showWait() {
  if (!page.waitingSince) return;
  const minutes = Math.floor((Date.now() - page.waitingSince) / 60000);
  const parts = [minutes < 1 ? text("waitingNow") : text("waitingMinutes", { n: minutes })];
  const at = plannedAt();
  if (at && at > new Date()) parts.push(text("waitingPlanned", { time: at.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" }) }));
  else if (minutes >= 10) parts.push(text("waitingLong"));
  $("waiting-since").textContent = parts.join(" ");
}

async function hangUp() {
  const room = page.room;
  page.media?.close();
  endWith("left");
  await room?.leave();
}

function showChat(open) {
  $("chat").hidden = !open;
  document.body.classList.toggle("chatting", open);
  $("toggle-chat").setAttribute("aria-expanded", String(open));
  if (open) { page.unread = 0; $("message").focus(); } else $("toggle-chat").focus();
  showControls();
}

function addMessage(name, words, mine) {
  const line = document.createElement("p");
  line.className = mine ? "message mine" : "message";
  line.append(Object.assign(document.createElement("strong"), { textContent: name }), words);
  $("messages").append(line);
  line.scrollIntoView({ block: "end" });
  if (!mine && $("chat").hidden) { page.unread += 1; showControls(); }
}

async function say(event) {
  event.preventDefault();
  const words = $("message").value.trim();
  if (!words || !page.room) return;
  await page.room.command("message", { type: "text/plain", payload: words });
  $("message").value = "";
  addMessage(text("me"), words, true);
}

async function watch() {
  if (page.state === "waiting") showWait();
  if (page.state !== "call" || !page.media) return;
  const { framesDecoded } = await page.media.stats();
  if (framesDecoded !== page.frames) page.lastFrameAt = performance.now();
  page.frames = framesDecoded;
  showPicture();
}

// ---- beginning ---------------------------------------------------------------------------------------------

$("language").addEventListener("click", switchLanguage);
$("retry-media").addEventListener("click", () => openDevices());
for (const id of ["camera", "microphone"]) {
  $(id).addEventListener("change", () => openDevices({ camera: $("camera").value, microphone: $("microphone").value }));
}
$("join-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  keep({ name: $("name").value.trim() });
  mark("pressed");
  $("join").disabled = true;
  $("join").textContent = text("joining");
  // Whoever is quicker than the camera shall not be without it.
  await page.opening;
  await join();
  $("join").disabled = false;
  $("join").textContent = text("join");
});
$("leave-waiting").addEventListener("click", hangUp);
$("hang-up").addEventListener("click", hangUp);
$("rejoin").addEventListener("click", rejoin);
$("toggle-microphone").addEventListener("click", () => toggle("audio"));
$("toggle-camera").addEventListener("click", () => toggle("video"));
$("toggle-screen").addEventListener("click", toggleScreen);
$("play-tone").addEventListener("click", tryTone);
$("try-line").addEventListener("click", tryLine);
$("toggle-chat").addEventListener("click", () => showChat($("chat").hidden));
$("chat-close").addEventListener("click", () => showChat(false));
$("chat-form").addEventListener("submit", say);
$("unblock").addEventListener("click", () => play($("remote").srcObject));
$("chat").addEventListener("keydown", (event) => event.key === "Escape" && showChat(false));
setInterval(watch, 1000);
addEventListener("pagehide", () => page.room?.releaseByBeacon());
addEventListener("pageshow", (event) => { if (event.persisted && page.link.joined) rejoin(); });
addEventListener("online", () => page.media?.restart());

// For tests and for support over the phone.
window.vdxGuest = {
  get state() { return page.state; },
  get line() { return page.line; },
  marks,
  stats: async () => ({ state: page.state, framesDecoded: 0, slidesDecoded: 0, audioEnergy: 0, ...(await page.media?.stats()) }),
};

setLanguage(page.link.language || "da");
writeTexts();
if (!page.link.conference) endWith("empty");
else if (page.link.joined) openDevices().then(join);
else setUp();
