// simple-hl7 as a record system. See ``talk.cjs`` for the commands.
const { library, serve } = require("./talk.cjs");
const hl7 = library("simple-hl7");

serve((port, received, mode) => {
  const app = hl7.tcp();
  app.use((request, response, next) => {
    received(request.type, request.event, request.msg.header.getField(8).toString());
    const { socket } = response;
    response.ack.getSegment("MSA").setField(1, mode().code);
    const real = socket.write.bind(socket);
    socket.write = (data) => mode().send(Buffer.from(data), real, socket);
    response.end();
    socket.write = real;
  });
  app.use((error, request, response, next) => {});
  app.start(port);
  return new Promise((done) => app.server.server.on("listening", done));
});
