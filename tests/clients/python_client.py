"""The official Python SDK against the gateway: `python_client.py URL CAP_BINARY FOLDER EXPOSED EXPOSED_FOLDER`.

EXPOSED is a gateway that lists all its tools, and EXPOSED_FOLDER has its capabilities.
"""

import asyncio
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import quote

from mcp import Client, StdioServerParameters
from mcp.types import ToolListChangedNotification

URL, CAP, FOLDER, EXPOSED, EXPOSED_FOLDER = sys.argv[1:6]
ISSUE = {"owner": "a b", "repo": "x/y", "title": "It broke {{ secret.HOME }}", "body": "see §1", "labels": ["bug", "p1"]}

# Each must arrive as one path segment.
AWKWARD = ["é√", "a%2Fb", "a?b#c", "a;b=c&d+e", "a:b@c", "a\\b", "{{ secret.HOME }}", "{% raw %}"]
# How soon a change of a file must be seen; it takes well under a second on an idle machine.
SOON = 5


def check(condition, what):
    if not condition:
        raise AssertionError(what)


async def tour(client):
    names = [tool.name for tool in (await client.list_tools()).tools]
    check("gateway_search_tools" in names and len(names) == 5, names)

    found = await client.call_tool("gateway_search_tools", {"query": "open a new issue in a repository", "limit": 5})
    tools = [match["tool"] for match in found.structured_content["matches"]]
    check("github__issues_create" in tools, tools)

    described = await client.call_tool("gateway_describe_tools", {"tools": ["github__issues_create"]})
    check("title" in described.content[0].text, described)

    await a_post(client)
    await a_get(client)
    await slips(client)
    await browsing(client)


async def invoke(client, tool, arguments):
    return await client.call_tool("gateway_invoke", {"tool": tool, "arguments": arguments})


def sent(answer):
    check(not answer.is_error, answer)
    return json.loads(answer.content[0].text)


async def a_post(client):
    seen = sent(await invoke(client, "github__issues_create", ISSUE))
    check(seen["method"] == "POST", seen)
    check(seen["target"] == "/repos/a%20b/x%2Fy/issues", seen)
    check(seen["headers"]["content-type"] == "application/json", seen)
    check("application/json" in seen["headers"]["accept"], seen)
    check("authorization" not in seen["headers"], seen)
    check(json.loads(seen["body"]) == {name: ISSUE[name] for name in ("title", "body", "labels")}, seen)
    for text in AWKWARD:
        seen = sent(await invoke(client, "github__issues_create", {**ISSUE, "owner": text, "title": text}))
        check(seen["target"] == f"/repos/{quote(text, safe='')}/x%2Fy/issues", seen)
        check(json.loads(seen["body"])["title"] == text, seen)
    for text in ("..", ".", "", "a\nb"):
        refused = await invoke(client, "github__issues_create", {**ISSUE, "owner": text})
        check(refused.is_error and "`owner`" in refused.content[0].text, refused)


async def a_get(client):
    arguments = {"owner": "o", "repo": "r", "state": "open", "labels": "bug,ui & more", "per_page": 5}
    seen = sent(await invoke(client, "github__issues_list_for_repo", arguments))
    check(seen["method"] == "GET" and not seen["body"] and "content-type" not in seen["headers"], seen)
    path, _, query = seen["target"].partition("?")
    check(path == "/repos/o/r/issues", seen)
    check(sorted(query.split("&")) == ["labels=bug%2Cui%20%26%20more", "per_page=5", "state=open"], seen)


async def slips(client):
    wrong = await invoke(client, "github__issue_create", {})
    check(wrong.is_error and "github__issues_create" in wrong.content[0].text, wrong)
    missing = await invoke(client, "github__issues_create", {"owner": "o"})
    check(missing.is_error and "`repo`" in missing.content[0].text, missing)
    unknown = await invoke(client, "github__issues_create", {**ISSUE, "titel": "x"})
    check(unknown.is_error and "did you mean `title`" in unknown.content[0].text, unknown)

    repaired = await invoke(client, "github__issues_create", {**ISSUE, "labels": '["bug"]', "body": None})
    check(json.loads(sent(repaired)["body"]) == {"title": ISSUE["title"], "labels": ["bug"]}, repaired)
    check(any("`labels`" in block.text for block in repaired.content[1:]), repaired)
    whole = await invoke(client, "github__issues_create", json.dumps(ISSUE))
    check(json.loads(sent(whole)["body"])["title"] == ISSUE["title"], whole)


async def browsing(client):
    listed = await client.call_tool("gateway_list_servers", {})
    [server] = listed.structured_content["servers"]
    check(server["name"] == "github" and server["status"] == "ok", server)
    tools, page = [], {}
    while True:
        answer = (await client.call_tool("gateway_list_tools", page)).structured_content
        tools += [entry["tool"] for entry in answer["tools"]]
        if "next_cursor" not in answer:
            break
        page = {"cursor": answer["next_cursor"]}
    check(len(set(tools)) == len(tools) == server["tools"], (len(tools), server))


def pages():
    """Web pages from elsewhere are turned away, and programs are not."""
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "page", "version": "1"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}).encode()
    types = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    cases = [({}, 200), ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Host": "evil.example"}, 403)]
    for headers, wanted in cases:
        try:
            status = urllib.request.urlopen(urllib.request.Request(URL, body, {**types, **headers})).status
        except urllib.error.HTTPError as error:
            status = error.code
        check(status == wanted, (headers, status))


def health():
    return json.load(urllib.request.urlopen(URL.replace("/mcp", "/health")))


async def until(what, seen):
    start = time.perf_counter()
    while not await seen():
        check(time.perf_counter() - start < SOON, f"{what}: not seen; {health()}")
        await asyncio.sleep(0.01)
    print(f"    {what}: {1000 * (time.perf_counter() - start):.0f} ms")


async def files(client):
    """Files that change under the gateway, as an agent sees them."""
    file = pathlib.Path(FOLDER, "zebra.yaml")
    server = pathlib.Path(FOLDER, "github", "api.yaml").read_text().split("\nserver: ")[1].split()[0]
    head = f"version: 1\nkind: capability\nname: zebra\nserver: {server}\nnetwork: private\n"
    text = head + "description: Counts stripes.\ninput: {type: object}\nrequest: {method: GET, path: /%s}\n"

    async def calls(path):
        answer = await invoke(client, "zebra", {})
        return not answer.is_error and json.loads(answer.content[0].text)["target"] == path

    async def found(tool, query):
        answer = await client.call_tool("gateway_search_tools", {"query": query})
        return any(match["tool"] == tool for match in answer.structured_content["matches"])

    async def troubled():
        return bool(health()["problems"])

    async def well():
        return health()["status"] == "ok"

    async def gone():
        return not await found("zebra", "count stripes")

    file.write_text(text % "one")
    await until("added", lambda: found("zebra", "count stripes"))
    file.write_text(text % "two")
    await until("edited", lambda: calls("/two"))
    file.write_text("kind: [")
    await until("broken, reported", troubled)
    check(await calls("/two"), "a broken edit took the last good form away")
    file.write_text(text % "three")
    await until("mended", lambda: calls("/three"))
    moved = pathlib.Path(FOLDER, "moved", "zebra.yaml")
    moved.parent.mkdir()
    file.rename(moved)
    start = time.perf_counter()
    while time.perf_counter() - start < 0.7:
        check(not await gone(), "a moved file took its tool away")
    moved.unlink()
    await until("deleted", gone)

    pinned = pathlib.Path(FOLDER, "github", "issues_create.yaml")
    original = pinned.read_text()
    pinned.write_text(original.replace("path: /repos/", "path: /elsewhere/"))
    try:
        await until("pinned and edited, withdrawn", lambda: refused(client))
    finally:
        pinned.write_text(original)
    await until("restored", well)


async def refused(client):
    answer = await invoke(client, "github__issues_create", ISSUE)
    return answer.is_error and "quarantined" in answer.content[0].text


async def grows(name, mode):
    """A tool that comes and goes with its file, of which the client is told."""
    told = asyncio.Event()

    async def hear(message):
        if isinstance(message, ToolListChangedNotification):
            told.set()

    async def listen(client):
        async with client.listen(tools_list_changed=True) as changes:
            told.set()  # the stream is open
            async for _ in changes:
                told.set()

    async def wait(what):
        await asyncio.wait_for(told.wait(), SOON)
        told.clear()
        return [tool.name for tool in (await client.list_tools()).tools]

    file = pathlib.Path(EXPOSED_FOLDER, f"{name}.yaml")
    text = pathlib.Path(EXPOSED_FOLDER, "hello.yaml").read_text().replace("hello", name)
    async with Client(EXPOSED, mode=mode, message_handler=hear) as client:
        listening = asyncio.create_task(listen(client)) if mode != "legacy" else None
        if listening:
            await wait("listening")
        check("hello" in [tool.name for tool in (await client.list_tools()).tools], "`hello` is not listed")
        file.write_text(text)
        check(name in await wait("added"), f"`{name}` is not listed")
        check(json.loads((await client.call_tool(name, {})).content[0].text)["target"] == f"/{name}", name)
        file.unlink()
        check(name not in await wait("removed"), f"`{name}` is still listed")
        if listening:
            listening.cancel()


async def growing(name, mode):
    try:
        await grows(name, mode)
        print(f"ok: Python, a list that changes, {mode}")
        return 0
    except BaseException as error:
        print(f"FAILED: Python, a list that changes, {mode}: {error!r} {getattr(error, 'exceptions', '')}")
        return 1


async def main():
    stdio = StdioServerParameters(command=CAP, args=["serve", "--stdio", "--capabilities", FOLDER])
    sessions = [("HTTP, legacy", URL, "legacy"), ("HTTP, 2026-07-28", URL, "2026-07-28"), ("stdio", stdio, "auto")]
    failed = 0
    for name, server, mode in sessions:
        failed += await session(f"Python over {name}", server, mode, tour)
    failed += await session("Python, files that change", URL, "auto", files)
    failed += await growing("python_legacy", "legacy")
    failed += await growing("python_modern", "2026-07-28")
    try:
        pages()
        print("ok: web pages from elsewhere are turned away")
    except BaseException as error:
        failed += 1
        print(f"FAILED: web pages: {error!r}")
    sys.exit(failed)


async def session(name, server, mode, steps):
    """Runs the steps in a session of their own; 1 if they failed."""
    try:
        async with Client(server, mode=mode) as client:
            await steps(client)
            print(f"ok: {name}, {client.protocol_version}")
            return 0
    except BaseException as error:  # the SDK raises groups of exceptions
        print(f"FAILED: {name}: {error!r} {getattr(error, 'exceptions', '')}")
        return 1


asyncio.run(main())
