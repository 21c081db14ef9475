// simple-hl7 as an interface engine. See ``talk.cjs`` for the commands.
const { library, send } = require("./talk.cjs");
const hl7 = library("simple-hl7");

send(async (port, answered) => {
  const line = hl7.Server.createTcpClient({ host: "127.0.0.1", port, keepalive: true });
  line.callback = (error, message) => {
    const told = message && message.getSegment("MSA");
    answered(told ? told.getField(1).toString() : "", told ? told.getField(2).toString() : "");
  };
  await new Promise((done) => line.connect(done));
  return {
    send: (text) => line.send(new hl7.Parser({ segmentSeperator: "\r" }).parse(text), line.callback),
    raw: (buffer) => line.client.write(buffer),
    close: async () => line.close(),
  };
});
