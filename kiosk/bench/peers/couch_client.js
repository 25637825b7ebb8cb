// PouchDB's live replication to a server. Arguments: folder, documents (JSON array), address of the server.
// Words on standard input: "push" (all documents), "change" (one more event in one document). Each answer is a line of JSON.
const PouchDB = require("pouchdb");
const [folder, documents, server] = process.argv.slice(2);
const say = (facts) => console.log(JSON.stringify(facts));

(async () => {
  const local = new PouchDB(folder + "/local");
  const all = JSON.parse(require("fs").readFileSync(documents));
  await local.bulkDocs(all);
  let written = 0;
  let number = 0;
  const words = {
    push: () =>
      local.replicate.to(server + "/day", { live: true, retry: true, back_off_function: (wait) => Math.min((wait || 500) * 2, 10000) })
        .on("change", (info) => say({ done: (written = info.docs_written) })),
    change: async () => {
      const doc = await local.get(all[number++ % all.length]._id);
      const event = { n: number, d: doc._id, k: "st", c: { act: "start", from: 2, to: 4, at: new Date().toISOString() } };
      await local.put({ ...doc, events: [...doc.events, event] });
    },
  };
  say({ ready: all.length });
  require("readline").createInterface({ input: process.stdin }).on("line", (word) => words[word]()).on("close", () => process.exit(0));
})();
