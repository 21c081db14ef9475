// node-hl7-server as a record system. See ``talk.cjs`` for the commands.
const { library, serve } = require("./talk.cjs");
const { Server } = library("node-hl7-server");

serve((port, received, mode) => {
  const inbound = new Server({ bindAddress: "127.0.0.1" }).createInbound({ port }, async (request, response) => {
    const message = request.getMessage();
    received(message.get("MSH.9.1").toString(), message.get("MSH.9.2").toString(), message.get("MSH.10").toString());
    const socket = response._socket;
    const real = socket.write.bind(socket);
    // The library builds the answer and believes that it sends it; what reaches the line is for the mode to say.
    socket.write = (data) => mode().send(Buffer.from(data), real, socket);
    await response.sendResponse(mode().code);
    socket.write = real;
  });
  return new Promise((done) => inbound.on("listen", done));
});
