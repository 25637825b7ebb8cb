// tus 1.0 as @tus/server serves it from a folder. Arguments: folder, address, port.
const [folder, address, port] = process.argv.slice(2);
const { Server } = require("@tus/server");
const { FileStore } = require("@tus/file-store");
new Server({ path: "/files", datastore: new FileStore({ directory: folder }) })
  .listen({ host: address, port: Number(port) }, () => console.log("listening"));
