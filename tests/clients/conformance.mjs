// Runs the conformance suite and judges it:
// `conformance.mjs SUITE EXPECTED GATEWAY PEER THROUGH…`, where the last are URLs.
//
// The gateway may fail what EXPECTED lists, and must fail it. The peer may fail nothing. Through the
// gateway, everything must pass that passes directly.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const [suite, listed, gateway, peer, ...through] = process.argv.slice(2);
const revisions = ["2025-11-25", "2026-07-28"];
// Worst first: a check may be made several times, and counts as its worst.
const order = ["FAILURE", "WARNING", "SUCCESS", "INFO", "SKIPPED"];

/** What each check came to, by `scenario:check`, and in `made` how many were passed. */
async function verdicts(url, revision) {
  const folder = mkdtempSync(join(process.cwd(), "results-"));
  const args = [suite, "server", "--url", url, "--requirements", revision, "-o", folder];
  const ended = await new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    child.on("close", resolve);
  });
  const found = new Map();
  let made = 0;
  for (const entry of readdirSync(folder)) {
    // server-SCENARIO-2026-01-01T00-00-00-000Z
    const scenario = entry.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, "");
    for (const check of checks(join(folder, entry, "checks.json"))) {
      const id = `${scenario}:${check.id}`;
      made += check.status === "SUCCESS" ? 1 : 0;
      const before = found.get(id);
      if (!before || order.indexOf(check.status) < order.indexOf(before.status)) found.set(id, check);
    }
  }
  if (found.size === 0) throw new Error(`the suite ended with status ${ended} and checked nothing`);
  return Object.assign(found, { made });
}

/** The checks of a scenario; one that broke off has written none. */
function checks(file) {
  if (!existsSync(file)) return [{ id: "ended", status: "FAILURE", errorMessage: "the scenario broke off" }];
  return JSON.parse(readFileSync(file, "utf8"));
}

const passes = (check) => check !== undefined && check.status !== "FAILURE" && check.status !== "WARNING";
const why = (check) => (check ? `${check.status}: ${check.errorMessage ?? check.description}` : "was not checked");

/** The checks and whole scenarios that are expected to fail, each with its reason. */
function expectations() {
  const lines = readFileSync(listed, "utf8").split("\n").filter((line) => line.trim() && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [, id, reason] = line.match(/^(\S+)\s+(.+)$/);
    return [id, reason];
  }));
}

function report(name, faults, note) {
  for (const fault of faults) console.log(`FAILED: ${name}: ${fault}`);
  if (faults.length === 0) console.log(`ok: ${name}: ${note}`);
}

function judgeGateway(runs) {
  const expected = expectations();
  const met = new Set();
  runs.forEach((found, index) => {
    const faults = [];
    for (const [id, check] of found) {
      if (passes(check)) continue;
      const [scenario, name] = id.split(":");
      const entry = [id, name === "wire-schema-valid" ? undefined : scenario].find((key) => expected.has(key));
      if (entry) met.add(entry);
      else faults.push(`${id}: ${why(check)}`);
    }
    report(`conformance of the gateway, ${revisions[index]}`, faults, `${found.made} checks pass`);
  });
  const stale = [...expected.keys()].filter((id) => !met.has(id));
  report("checks that are expected to fail", stale.map((id) => `${id} does not fail`), `${met.size} do`);
}

function judgePeer(found, revision) {
  const faults = [...found].filter(([, check]) => !passes(check)).map(([id, check]) => `${id}: ${why(check)}`);
  report(`conformance of the peer, ${revision}`, faults, `${found.made} checks pass`);
}

// What a server does with its own connections, which a gateway has in between.
const ofConnections = new Set(["server-sse-polling:server-sse-disconnect-resume"]);

function judgeThrough(url, direct, found, revision) {
  const lost = [...direct].filter(([id, check]) => {
    const same = check.status !== "SUCCESS" || found.get(id)?.status === "SUCCESS";
    return !same && !(ofConnections.has(id) && passes(found.get(id)));
  });
  const name = `conformance through ${new URL(url).pathname}, ${revision}`;
  report(name, lost.map(([id]) => `${id}: ${why(found.get(id))}`), `${found.made} checks pass`);
}

/** Whether there is an MCP server at a URL. */
async function answers(url) {
  const hello = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "probe", version: "1" } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: hello });
  const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
  const response = await fetch(url, { method: "POST", headers, body });
  await response.body?.cancel();
  return response.status !== 404;
}

const each = async (url) => [await verdicts(url, revisions[0]), await verdicts(url, revisions[1])];
judgeGateway(await each(gateway));
const direct = await each(peer);
direct.forEach((found, index) => judgePeer(found, revisions[index]));
for (const url of through) {
  if (!(await answers(url))) {
    console.log(`SKIPPED: conformance through the gateway: there is nothing at ${new URL(url).pathname}`);
    continue;
  }
  (await each(url)).forEach((found, index) => judgeThrough(url, direct[index], found, revisions[index]));
}
