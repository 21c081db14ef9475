// node-hl7-client as an interface engine. See ``talk.cjs`` for the commands.
const { library, send } = require("./talk.cjs");
const { Client, Message } = library("node-hl7-client");

send(async (port, answered) => {
  const client = new Client({ host: "127.0.0.1" });
  const line = client.createConnection({ port, waitAck: false }, (response) => {
    const message = response.getMessage();
    answered(message.get("MSA.1").toString(), message.get("MSA.2").toString());
  });
  line.on("client.error", () => {});
  await new Promise((done) => line.once("connect", done));
  return {
    send: (text) => line.sendMessage(new Message({ text })),
    raw: (buffer) => line._socket.write(buffer),
    close: async () => {
      await line.close();
    },
  };
});
