// tus-js-client with one PATCH, asking and resuming after every failure, and after a minute without progress (as shipped it would wait
// on a dead connection for ever). Arguments: file, address of the server. Word on standard input: "push".
const fs = require("fs");
const tus = require("tus-js-client");
const [path, server] = process.argv.slice(2);
const STALL_MS = 60000;
const say = (facts) => console.log(JSON.stringify(facts));

function push() {
  let moved = Date.now();
  const upload = new tus.Upload(fs.readFileSync(path), {
    endpoint: server + "/files",
    metadata: { filename: "scan" },
    retryDelays: [0, 1000, 3000, 5000, 10000],
    onShouldRetry: () => true,
    onProgress: () => (moved = Date.now()),
    onError: () => setTimeout(start, 5000),
    onSuccess: () => say({ done: 1 }),
  });
  const start = () => {
    moved = Date.now();
    upload.start();
  };
  setInterval(() => {
    if (Date.now() - moved > STALL_MS) upload.abort().catch(() => {}).then(start);
  }, 1000);
  start();
}

say({ ready: 1 });
require("readline").createInterface({ input: process.stdin }).on("line", push).on("close", () => process.exit(0));
