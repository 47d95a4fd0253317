"""FastMCP's client against the gateway: `fastmcp_client.py EXPOSED FOLDER`, in both of its modes.

EXPOSED is a gateway that lists all its tools, and FOLDER has its capabilities.
"""

import asyncio
import json
import pathlib
import sys

from fastmcp import Client
from fastmcp.client.messages import MessageHandler

EXPOSED, FOLDER = sys.argv[1:3]
# How soon a change of a file must be seen; it takes well under a second on an idle machine.
SOON = 5


def check(condition, what):
    if not condition:
        raise AssertionError(what)


class Hearing(MessageHandler):
    def __init__(self):
        self.told = asyncio.Event()

    async def on_tool_list_changed(self, _):
        self.told.set()


async def names(client):
    return [tool.name for tool in await client.list_tools()]


async def tour(mode):
    hearing = Hearing()
    async with Client(EXPOSED, mode=mode, message_handler=hearing) as client:
        check({"hello", "gateway_search_tools"} <= set(await names(client)), await names(client))
        found = await client.call_tool("gateway_search_tools", {"query": "hello"})
        check("hello" in [match["tool"] for match in found.structured_content["matches"]], found)
        invoked = await client.call_tool("gateway_invoke", {"tool": "hello", "arguments": {}})
        check(json.loads(invoked.content[0].text)["target"] == "/hello", invoked)
        slip = await client.call_tool("gateway_invoke", {"tool": "helo", "arguments": {}}, raise_on_error=False)
        check(slip.is_error and "hello" in slip.content[0].text, slip)
        await grows(client, mode, hearing.told)


async def grows(client, mode, told):
    name = f"fastmcp_{mode}"
    file = pathlib.Path(FOLDER, f"{name}.yaml")
    file.write_text(pathlib.Path(FOLDER, "hello.yaml").read_text().replace("hello", name))
    if mode == "legacy":
        await asyncio.wait_for(told.wait(), SOON)
    else:
        # The client does not listen in this revision.
        for _ in range(SOON * 20):
            if name in await names(client):
                break
            await asyncio.sleep(0.05)
    check(name in await names(client), f"`{name}` is not listed")
    called = await client.call_tool(name, {})
    check(json.loads(called.content[0].text)["target"] == f"/{name}", called)
    file.unlink()


async def main():
    failed = 0
    for mode in ("legacy", "auto"):
        try:
            await tour(mode)
            print(f"ok: fastmcp, {mode}")
        except BaseException as error:
            failed += 1
            print(f"FAILED: fastmcp, {mode}: {error!r} {getattr(error, 'exceptions', '')}")
    sys.exit(failed)


asyncio.run(main())
