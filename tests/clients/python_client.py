"""The official Python SDK against the gateway: `python_client.py URL CAP_BINARY FOLDER`."""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters

URL, CAP, FOLDER = sys.argv[1:4]
ISSUE = {"owner": "a b", "repo": "x/y", "title": "It broke {{ secret.HOME }}", "body": "see §1", "labels": ["bug", "p1"]}


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

    call = {"tool": "github__issues_create", "arguments": ISSUE}
    answer = await client.call_tool("gateway_invoke", call)
    check(not answer.is_error, answer)
    seen = json.loads(answer.content[0].text)
    check(seen["method"] == "POST", seen)
    check(seen["target"] == "/repos/a%20b/x%2Fy/issues", seen)
    check(seen["headers"]["content-type"] == "application/json", seen)
    check("json" in seen["headers"]["accept"], seen)
    check("authorization" not in seen["headers"], seen)
    wanted = {name: ISSUE[name] for name in ("title", "body", "labels")}
    check(json.loads(seen["body"]) == wanted, seen)

    arguments = {"owner": "o", "repo": "r", "state": "open", "labels": "bug,ui & more", "per_page": 5}
    answer = await client.call_tool("gateway_invoke", {"tool": "github__issues_list_for_repo", "arguments": arguments})
    seen = json.loads(answer.content[0].text)
    check(seen["method"] == "GET" and not seen["body"], seen)
    path, _, query = seen["target"].partition("?")
    check(path == "/repos/o/r/issues", seen)
    wanted = ["labels=bug%2Cui%20%26%20more", "per_page=5", "state=open"]
    check(sorted(query.split("&")) == wanted, seen)

    wrong = await client.call_tool("gateway_invoke", {"tool": "github__issue_create", "arguments": {}})
    check(wrong.is_error and "github__issues_create" in wrong.content[0].text, wrong)
    missing = await client.call_tool("gateway_invoke", {"tool": "github__issues_create", "arguments": {"owner": "o"}})
    check(missing.is_error and "`repo`" in missing.content[0].text, missing)


async def main():
    stdio = StdioServerParameters(command=CAP, args=["serve", "--stdio", "--capabilities", FOLDER])
    sessions = [("HTTP, legacy", URL, "legacy"), ("HTTP, 2026-07-28", URL, "2026-07-28"), ("stdio", stdio, "auto")]
    failed = 0
    for name, server, mode in sessions:
        try:
            async with Client(server, mode=mode) as client:
                await tour(client)
                print(f"ok: Python over {name}, {client.protocol_version}")
        except BaseException as error:  # the SDK raises groups of exceptions
            failed += 1
            print(f"FAILED: Python over {name}: {error!r} {getattr(error, 'exceptions', '')}")
    sys.exit(failed)


asyncio.run(main())
