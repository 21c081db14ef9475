// How a test talks with these programs: one JSON object a line, in and out. The first argument is the folder in which
// the libraries are installed.
const { createRequire } = require("module");
const readline = require("readline");

const library = createRequire(process.argv[2] + "/driver.cjs");
const say = (told) => process.stdout.write(JSON.stringify(told) + "\n");

function commands(handle) {
  readline.createInterface({ input: process.stdin }).on("line", (line) => handle(JSON.parse(line)));
}

// What reaches the line in place of the library's own answer.
const behaviours = {
  whole: (data, write) => write(data),
  none: () => {},
  half: (data, write) => write(data.subarray(0, data.length >> 1)),
  close: (data, write, socket) => write(data.subarray(0, data.length >> 1), () => socket.destroy()),
  twice: (data, write) => write(Buffer.concat([data, data])),
  wrong: (data, write) => write(Buffer.from(data.toString().replace(/(MSA\|\w+\|)[^|\r\x1c]*/, "$1OTHER"))),
  latin1: (data, write) => write(Buffer.from(data.toString().replace(/(MSA\|\w+\|[^|\r\x1c]*)/, "$1|Modtaget på øen"), "latin1")),
};

// ``start(port, received, mode)`` listens. Commands: {mode, code} sets how the next answers are.
async function serve(start) {
  let mode = { code: "AA", send: behaviours.whole };
  await start(Number(process.argv[3]), (kind, event, control) => say({ kind, event, control }), () => mode);
  say({ ready: true });
  commands((told) => {
    mode = { code: told.code, send: behaviours[told.mode] };
    say({ mode: told.mode });
  });
}

// ``connect(port, answered)`` gives {send(text), raw(buffer), close()}. Commands: {connect}, {text}, {raw}, {close}.
function send(connect) {
  let line;
  commands(async (told) => {
    if (told.connect) {
      line = await connect(told.connect, (code, control) => say({ code, control }));
      say({ connected: true });
    }
    if (told.text) line.send(told.text);
    if (told.raw) line.raw(Buffer.from(told.raw, "base64"));
    if (told.close) {
      await line.close();
      say({ closed: true });
    }
  });
  say({ ready: true });
}

module.exports = { library, send, serve };
