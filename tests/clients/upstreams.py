"""MCP servers that people use, directly and through the gateway.

`upstreams.py write FOLDER SERVERS` writes a file for each server below the capabilities folder FOLDER;
`upstreams.py compare URL SERVERS` lists and calls the tools of each directly, at the gateway's URL and at its
endpoint for the server alone. SERVERS is a JSON file: `transport` for each name, and `direct` where a call
without the gateway needs a state of its own.
"""

import asyncio
import json
import pathlib
import re
import sys
import urllib.error
import urllib.request
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client

COMMAND, TARGET, FILE = sys.argv[1:4]
SERVERS = json.loads(pathlib.Path(FILE).read_text())
WORK = str(pathlib.Path(FILE).parent)
FILES, REPOSITORY = f"{WORK}/files", f"{WORK}/repository"

TIME = re.compile(r"\d{1,4}[-/:]\d{1,2}[-/:]\d{1,4}\S*( [AP]M)?")
ENTITIES = [{"name": "Ada", "entityType": "person", "observations": ["writes programs"]}]

# What is searched for, the tool that must be found, and the calls: a tool, its arguments, and `once` where a
# second call would have another answer.
CALLS = {
    "everything": ("add two numbers", "get-sum", [
        ("echo", {"message": "a {{ b }} é"}),
        ("get-sum", {"a": 2, "b": 40}),
        ("get-tiny-image", {}),
        ("get-structured-content", {"location": "Chicago"}),
        ("get-annotated-message", {"messageType": "success", "includeImage": True}),
        ("get-resource-reference", {"resourceType": "Text", "resourceId": 1}),
        ("get-resource-links", {"count": 2}),
        ("trigger-long-running-operation", {"duration": 0.2, "steps": 2}),
    ]),
    "filesystem": ("read the text of a file", "read_text_file", [
        ("list_directory", {"path": FILES}),
        ("write_file", {"path": f"{FILES}/new.txt", "content": "line\nline two\n"}),
        ("read_text_file", {"path": f"{FILES}/new.txt", "head": 1}),
        ("directory_tree", {"path": FILES}),
        ("read_text_file", {"path": "/elsewhere/secret.txt"}),
    ]),
    "memory": ("create entities in the knowledge graph", "create_entities", [
        ("create_entities", {"entities": ENTITIES}, "once"),
        ("read_graph", {}),
        ("search_nodes", {"query": "Ada"}),
    ]),
    "time": ("convert a time between time zones", "convert_time", [
        ("convert_time", {"source_timezone": "Asia/Tokyo", "time": "12:30", "target_timezone": "Asia/Kolkata"}),
        ("get_current_time", {"timezone": "Etc/UTC"}),
        ("get_current_time", {"timezone": "Nowhere/Land"}),
    ]),
    "git": ("what changed in a git repository", "git_status", [
        ("git_status", {"repo_path": REPOSITORY}),
        ("git_log", {"repo_path": REPOSITORY, "max_count": 1}),
        ("git_status", {"repo_path": f"{WORK}/nothing"}),
    ]),
    "figures": ("divide two numbers", "divide", [
        ("divide", {"dividend": 17, "divisor": 5}),
        ("shout", {"text": "hello", "marks": 2}),
        ("refuse", {"reason": "because"}),
    ]),
    "letters": ("say a text loudly", "shout", [
        ("divide", {"dividend": 17, "divisor": 5}),
        ("shout", {"text": "hello", "marks": 2}),
        ("refuse", {"reason": "because"}),
    ]),
    "peer": ("adds two numbers", "add", [
        ("add", {"a": 1, "b": 2}),
        ("test_multiple_content_types", {}),
        ("test_audio_content", {}),
        ("test_resource_link", {}),
        ("test_error_handling", {}),
        ("test_tool_with_progress", {}),
        ("big", {"bytes": 20000}),
    ]),
}
CALLS["piped"] = CALLS["peer"]


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def write():
    for name, server in SERVERS.items():
        file = pathlib.Path(TARGET, name, "upstream.yaml")
        file.parent.mkdir(parents=True)
        # JSON is YAML.
        head = {"version": 1, "kind": "upstream", "name": name, "description": f"The server {name}."}
        private = {} if "stdio" in server["transport"] else {"network": "private"}
        file.write_text(json.dumps({**head, **private, "transport": server["transport"]}, indent=1))


@asynccontextmanager
async def directly(transport):
    if "stdio" in transport:
        program, *arguments = transport["stdio"]
        server = StdioServerParameters(command=program, args=arguments, env=transport.get("env"))
    else:
        server = transport.get("http") or sse_client(transport["sse"])
    # Sessions of HTTP+SSE begin with `initialize`.
    async with Client(server, mode="legacy" if "sse" in transport else "auto") as client:
        yield client


def plain(result):
    """A result as it is compared: without what differs from call to call, and with times left out."""
    shown = {"content": [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in result.content]}
    shown |= {"structured": result.structured_content, "error": bool(result.is_error)}
    return TIME.sub("TIME", json.dumps(shown, sort_keys=True))


async def every(list_page):
    """All entries of a list in pages."""
    entries, cursor = [], None
    while True:
        page, cursor = await list_page(cursor)
        entries += page
        if cursor is None:
            return entries


async def tools_of(client):
    async def page(cursor):
        listed = await client.list_tools(cursor=cursor)
        return listed.tools, listed.next_cursor

    return {tool.name: tool for tool in await every(page)}


async def listed_by(gateway, name):
    async def page(cursor):
        arguments = {"server": name} | ({"cursor": cursor} if cursor else {})
        answer = (await gateway.call_tool("gateway_list_tools", arguments)).structured_content
        return [entry["tool"] for entry in answer["tools"]], answer.get("next_cursor")

    return set(await every(page))


def shape(tool):
    """What of a tool must come through unchanged."""
    shown = tool.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {key: shown.get(key) for key in ("description", "inputSchema", "outputSchema", "annotations", "title")}


def endpoint(name):
    return urlunsplit(urlsplit(TARGET)._replace(path=f"/mcp/servers/{name}"))


def served(name):
    """Whether the gateway has an endpoint for one server."""
    try:
        urllib.request.urlopen(urllib.request.Request(endpoint(name), method="DELETE"))
    except urllib.error.HTTPError as error:
        return error.code != 404
    return True


async def compare(name, server, mode):
    """Through the gateway's own tools, as a client of one mode of the SDK."""
    query, wanted, calls = CALLS[name]
    async with directly(server.get("direct") or server["transport"]) as direct, Client(TARGET, mode=mode) as gateway:
        listed = await listed_by(gateway, name)
        missing = {f"{name}__{tool}" for tool in await tools_of(direct)} - listed
        check(not missing, f"the gateway does not list {missing}")
        found = await gateway.call_tool("gateway_search_tools", {"query": query})
        tools = [match["tool"] for match in found.structured_content["matches"]]
        check(f"{name}__{wanted}" in tools, f"`{query}` finds {tools}")
        for tool, arguments, *once in calls:
            if once and mode == "auto":
                continue  # the other mode was first
            invocation = {"tool": f"{name}__{tool}", "arguments": arguments}
            expected = plain(await direct.call_tool(tool, arguments))
            same(tool, expected, plain(await gateway.call_tool("gateway_invoke", invocation)))
        return listed


async def compare_alone(name, server, listed):
    """At the endpoint for the server alone."""
    async with directly(server.get("direct") or server["transport"]) as direct, Client(endpoint(name)) as own:
        listing(name, await tools_of(direct), await tools_of(own), listed)
        for tool, arguments, *once in CALLS[name][2]:
            if not once:
                expected = plain(await direct.call_tool(tool, arguments))
                same(tool, expected, plain(await own.call_tool(tool, arguments)))


def same(what, expected, found):
    check(found == expected, f"{what}:\n    directly {expected[:600]}\n    through  {found[:600]}")


def listing(name, direct, own, listed):
    # Some servers offer more to a client that can be asked.
    check(listed == {f"{name}__{tool}" for tool in own}, f"{sorted(listed)} are not {sorted(own)}")
    check(name == "everything" or set(direct) == set(own), f"only one of both lists {set(own) ^ set(direct)}")
    for tool in direct:
        check(shape(own[tool]) == shape(direct[tool]), f"{tool}: {shape(own[tool])} is not {shape(direct[tool])}")


async def main():
    failed = 0

    async def run(what, steps):
        nonlocal failed
        try:
            result = await asyncio.wait_for(steps, 60)
            print(f"ok: {what}", flush=True)
            return result
        except BaseException as error:  # the SDK raises groups of exceptions
            failed += 1
            print(f"FAILED: {what}: {reason(error)}", flush=True)

    for name, server in SERVERS.items():
        for mode in ("legacy", "auto"):
            listed = await run(f"{name} through the gateway, {mode}", compare(name, server, mode))
        if not served(name):
            print(f"SKIPPED: {name} alone: there is nothing at {endpoint(name)}")
        elif listed is not None:
            await run(f"{name} alone", compare_alone(name, server, listed))
    sys.exit(failed)


def reason(error):
    while getattr(error, "exceptions", None):
        error = error.exceptions[0]
    return str(error) if isinstance(error, AssertionError) else repr(error)


write() if COMMAND == "write" else asyncio.run(main())
