// The official TypeScript SDK against the gateway: `client.mjs URL`.

import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const url = new URL(process.argv[2]);
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

let failed = 0;
for (const mode of ["legacy", "auto", { pin: "2026-07-28" }]) {
  const name = `TypeScript over HTTP, ${JSON.stringify(mode)}`;
  try {
    const client = new Client({ name: "acceptance", version: "1.0.0" }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(url));
    await tour(client);
    await client.close();
    console.log(`ok: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${name}: ${error?.stack ?? error}`);
  }
}
process.exit(failed);
