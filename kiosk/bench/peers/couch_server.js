// CouchDB's protocol as PouchDB serves it. Arguments: folder, address, port.
const [folder, address, port] = process.argv.slice(2);
const PouchDB = require("pouchdb").defaults({ prefix: folder + "/" });
const app = require("express")();
app.use("/", require("express-pouchdb")(PouchDB, { mode: "minimumForPouchDB", inMemoryConfig: true, logPath: folder + "/log.txt" }));
app.listen(Number(port), address, () => console.log("listening"));
