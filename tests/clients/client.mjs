// The official TypeScript SDKs against the gateway: `client.mjs URL EXPOSED FOLDER`, where EXPOSED is a
// gateway that lists all its tools and FOLDER has its capabilities. Version 2 of the SDK speaks every
// revision, version 1 those before 2026-07-28.

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";

const [url, exposed] = process.argv.slice(2, 4).map((text) => new URL(text));
const folder = process.argv[4];
// How soon a change of a file must be seen; it takes well under a second on an idle machine.
const soon = 5000;
const issue = { owner: "a b", repo: "x/y", title: "It broke {{ secret.HOME }}", body: "see §1", labels: ["bug", "p1"] };

async function tour(client) {
  const { tools } = await client.listTools();
  assert.equal(tools.length, 5);

  const query = "open a new issue in a repository";
  const found = await client.callTool({ name: "gateway_search_tools", arguments: { query, limit: 5 } });
  const names = found.structuredContent.matches.map((match) => match.tool);
  assert.ok(names.includes("github__issues_create"), names.join());

  const wanted = { tools: ["github__issues_create"] };
  const described = await client.callTool({ name: "gateway_describe_tools", arguments: wanted });
  assert.ok(described.content[0].text.includes("title"));

  const call = { tool: "github__issues_create", arguments: issue };
  const answer = await client.callTool({ name: "gateway_invoke", arguments: call });
  assert.ok(!answer.isError, JSON.stringify(answer));
  const seen = JSON.parse(answer.content[0].text);
  assert.equal(seen.method, "POST");
  assert.equal(seen.target, "/repos/a%20b/x%2Fy/issues");
  assert.equal(seen.headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(seen.body), { title: issue.title, body: issue.body, labels: issue.labels });

  const wanting = { owner: "o", repo: "r", state: "open", labels: "bug,ui & more", per_page: 5 };
  const list = { tool: "github__issues_list_for_repo", arguments: wanting };
  const got = JSON.parse((await client.callTool({ name: "gateway_invoke", arguments: list })).content[0].text);
  assert.equal(got.method, "GET");
  assert.equal(got.body, "");
  const [path, search] = got.target.split("?");
  assert.equal(path, "/repos/o/r/issues");
  assert.deepEqual(search.split("&").sort(), ["labels=bug%2Cui%20%26%20more", "per_page=5", "state=open"]);

  const half = { tool: "github__issues_create", arguments: { owner: "o" } };
  const missing = await client.callTool({ name: "gateway_invoke", arguments: half });
  assert.ok(missing.isError && missing.content[0].text.includes("`repo`"), JSON.stringify(missing));

  const wrong = await client.callTool({ name: "gateway_invoke", arguments: { tool: "github__issue_create", arguments: {} } });
  assert.ok(wrong.isError && wrong.content[0].text.includes("github__issues_create"), JSON.stringify(wrong));
}

/** A tool that comes and goes with its file, of which the client is told by `changed`. */
async function grows(client, name, changed) {
  const file = join(folder, `${name}.yaml`);
  const names = async () => (await client.listTools()).tools.map((tool) => tool.name);
  assert.ok((await names()).includes("hello"));
  let next = changed();
  writeFileSync(file, readFileSync(join(folder, "hello.yaml"), "utf8").replaceAll("hello", name));
  await next;
  assert.ok((await names()).includes(name));
  const answer = await client.callTool({ name, arguments: {} });
  assert.equal(JSON.parse(answer.content[0].text).target, `/${name}`);
  next = changed();
  rmSync(file);
  await next;
  assert.ok(!(await names()).includes(name));
}

/** Gives promises of the next change, and the function that keeps them. */
function bell() {
  let ring = () => {};
  const changed = () => new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("no change was told")), soon);
    ring = () => (clearTimeout(late), resolve());
  });
  return { changed, ring: () => ring() };
}

let failed = 0;
async function run(name, steps) {
  try {
    await steps();
    console.log(`ok: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${name}: ${error?.stack ?? error}`);
  }
}

const who = { name: "acceptance", version: "1.0.0" };
for (const mode of ["legacy", "auto", { pin: "2026-07-28" }]) {
  const told = bell();
  const listChanged = { tools: { autoRefresh: false, debounceMs: 0, onChanged: told.ring } };
  const connected = async (where, options) => {
    const client = new Client(who, { versionNegotiation: { mode }, ...options });
    await client.connect(new StreamableHTTPClientTransport(where));
    return client;
  };
  await run(`TypeScript over HTTP, ${JSON.stringify(mode)}`, async () => {
    const client = await connected(url);
    await tour(client);
    await client.close();
  });
  await run(`TypeScript, a list that changes, ${JSON.stringify(mode)}`, async () => {
    const client = await connected(exposed, { listChanged });
    await grows(client, `typescript_${mode.pin ? "pinned" : mode}`, told.changed);
    await client.close();
  });
}

await run("TypeScript, version 1 of the SDK", async () => {
  const client = new OldClient(who);
  await client.connect(new OldTransport(url));
  await tour(client);
  await client.close();
});
await run("TypeScript, version 1 of the SDK, a list that changes", async () => {
  const told = bell();
  const client = new OldClient(who);
  client.setNotificationHandler(ToolListChangedNotificationSchema, told.ring);
  await client.connect(new OldTransport(exposed));
  await grows(client, "typescript_old", told.changed);
  await client.close();
});
process.exit(failed);
