"""What lies between a client and a server besides answers: questions, progress, messages, changes and ends.

`bridges.py URL SERVERS`, where SERVERS is a JSON file of the peers behind the gateway at URL: each has a `url`
if it can be reached directly, says which `revisions` it speaks, and what it is `without`. Each thing is tried directly where client
and peer understand each other, through the gateway's own tools, and at the gateway's endpoint for the peer
alone; as a client before 2026-07-28 and as one of it.
"""

import asyncio
import json
import pathlib
import sys
from urllib.parse import urlsplit, urlunsplit

from mcp import Client, MCPError
from mcp.types import (
    CreateMessageResult,
    ElicitResult,
    ListRootsResult,
    ResourceUpdatedNotification,
    Root,
    TextContent,
    ToolListChangedNotification,
)

TARGET, FILE = sys.argv[1:3]
PEERS = json.loads(pathlib.Path(FILE).read_text())
SOON = 8
WATCHED = "test://watched-resource"


def check(condition, what):
    if not condition:
        raise AssertionError(what)


class Person:
    """Who answers for the client, and what was asked and told."""

    def __init__(self):
        self.forms, self.messages, self.notes = [], [], []
        self.told = asyncio.Event()

    async def elicit(self, _, params):
        self.forms.append(params.requested_schema)
        answers = {"name": "Ada", "color": "blue", "username": "ada", "email": "ada@example.com", "ok": True}
        wanted = params.requested_schema.get("properties", {})
        return ElicitResult(action="accept", content={key: answers[key] for key in wanted if key in answers})

    async def sample(self, _, params):
        return CreateMessageResult(role="assistant", content=TextContent(type="text", text="Paris"), model="a model")

    async def roots(self, _):
        return ListRootsResult(roots=[Root(uri="file:///home/test")])

    async def log(self, params):
        self.messages.append(params.data)

    async def hear(self, message):
        self.notes.append(message)
        self.told.set()

    def callbacks(self):
        return {
            "elicitation_callback": self.elicit,
            "sampling_callback": self.sample,
            "list_roots_callback": self.roots,
            "logging_callback": self.log,
            "log_level": "info",
            "message_handler": self.hear,
        }


class Way:
    """One way from a client to a peer."""

    def __init__(self, kind, name, mode):
        self.kind, self.name, self.mode = kind, name, mode
        alone = urlunsplit(urlsplit(TARGET)._replace(path=f"/mcp/servers/{name}"))
        self.url = {"direct": PEERS[name].get("url"), "invoked": TARGET, "alone": alone}[kind]

    def shared(self):
        """Whether the gateway has one connection for all its clients, and speaks for them.

        A session of an older peer is a client's own where client and peer both have sessions over HTTP.
        """
        old = "2026-07-28" not in PEERS[self.name]["revisions"]
        return self.kind != "direct" and old and (self.mode != "legacy" or "url" not in PEERS[self.name])

    def connect(self, person=None, **options):
        callbacks = person.callbacks() if person else {}
        mode = "legacy" if self.mode == "legacy" else "2026-07-28"
        return Client(self.url, mode=mode, read_timeout_seconds=SOON, **callbacks, **options)

    async def call(self, client, tool, arguments=None, **options):
        if self.kind == "invoked":
            arguments = {"tool": f"{self.name}__{tool}", "arguments": arguments or {}}
            tool = "gateway_invoke"
        return await client.call_tool(tool, arguments or {}, **options)

    async def text(self, client, tool, arguments=None, **options):
        answer = await self.call(client, tool, arguments, **options)
        check(not answer.is_error, answer)
        return answer.content[0].text

    async def counts(self):
        async with self.connect() as client:
            return json.loads(await self.text(client, "cancelled_count"))


async def soon(what, seen):
    for _ in range(SOON * 20):
        if await seen():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not seen: {what}")


async def questions(way):
    person = Person()
    async with way.connect(person) as client:
        said = await way.text(client, "ask_person")
        check(said == 'person: accept {"name":"Ada"}', said)
        said = await way.text(client, "ask_model")
        check(said == "LLM response: Paris", said)
        if not way.shared():
            said = await way.text(client, "ask_roots")
            check(said == "1 roots: file:///home/test", said)
        person.forms.clear()
        await way.text(client, "test_elicitation_sep1330_enums")
        await way.text(client, "test_elicitation_sep1034_defaults")
        kinds = {"untitledSingle", "titledSingle", "legacyEnum", "untitledMulti", "titledMulti"}
        check(set(person.forms[0]["properties"]) == kinds, person.forms)
        check(person.forms[0]["properties"]["legacyEnum"]["enumNames"][0] == "Option One", person.forms)
        check(person.forms[1]["properties"]["age"] == {"type": "integer", "default": 30}, person.forms)


async def rounds(way):
    if "2026-07-28" not in PEERS[way.name]["revisions"]:
        return
    async with way.connect(Person()) as client:
        said = await way.text(client, "test_input_required_result_multi_round")
        check(said == "Ada likes blue", said)
        said = await way.text(client, "test_input_required_result_multiple_inputs")
        check(said == "all three were answered", said)


async def unanswered(way):
    """A client that cannot be asked gets an error, and does not wait for it."""
    async with way.connect() as client:
        for tool in ("ask_person", "ask_model", "ask_roots"):
            try:
                answer = await asyncio.wait_for(way.call(client, tool), SOON)
                check(answer.is_error, f"{tool}: {answer}")
            except TimeoutError:
                raise AssertionError(f"{tool} waits for an answer that nobody gives") from None
            except MCPError:
                pass  # is as good


async def progress(way):
    seen = []

    async def hear(done, total, message):
        seen.append((done, total, message))

    async with way.connect(Person()) as client:
        await way.text(client, "test_tool_with_progress", progress_callback=hear)
        await asyncio.sleep(0.2)
        wanted = [(0, 100, "0 of 100"), (50, 100, "50 of 100"), (100, 100, "100 of 100")]
        check(seen == wanted, seen)
        seen.clear()
        await way.text(client, "flood", {"count": 200}, progress_callback=hear)
        # What is on its way when the answer comes may be late, and a slow reader may miss some.
        await asyncio.sleep(0.5)
        check(seen and [done for done, *_ in seen] == sorted(done for done, *_ in seen), seen[:10])


async def messages(way):
    if way.kind == "invoked":
        return  # the gateway's own endpoint has no logging
    if way.mode != "legacy" and way.shared():
        return  # an older peer does not say which call a message is of, and calls that wait for answers are many
    person = Person()
    async with way.connect(person) as client:
        if way.mode == "legacy":
            await client.set_logging_level("info")
        await way.text(client, "test_tool_with_logging")
        await soon("three messages", lambda: have(person.messages, 3))
        check(person.messages[0] == "Tool execution started", person.messages)


async def have(items, count):
    return len(items) >= count


async def cancelling(way):
    before = await way.counts()
    async with way.connect() as client:
        call = asyncio.create_task(way.call(client, "sleep", {"ms": 60_000}, read_timeout_seconds=60))
        await soon("a sleeping call", lambda: counted(way, "sleeping", before["sleeping"] + 1))
        call.cancel()
        await soon("the cancellation", lambda: counted(way, "cancelled", before["cancelled"] + 1))


async def counted(way, name, wanted):
    return (await way.counts())[name] == wanted


async def changes(way):
    """A tool that comes and goes at the peer."""
    person, name = Person(), f"fresh_{way.kind}_{way.mode.replace('-', '_')}"
    async with way.connect(person) as client:
        told = asyncio.Event()
        listening = asyncio.create_task(listen(client, told, tools_list_changed=True)) if way.mode != "legacy" else None
        if listening:
            await asyncio.wait_for(told.wait(), SOON)
        for tool, there in (("add_tool", True), ("remove_tool", False)):
            person.notes.clear()
            told.clear()
            await way.text(client, tool, {"name": name, "description": f"Knows the word {name}."})
            if way.kind == "invoked":
                await soon(f"{tool} in searches", lambda: found(client, way, name, there))
                continue
            await soon(f"{tool} told", lambda: heard(person, told, ToolListChangedNotification))
            names = [entry.name for entry in (await client.list_tools()).tools]
            check((name in names) == there, f"{tool}: {names}")
            if there:
                check(name in await way.text(client, name), name)
        if listening:
            listening.cancel()


async def listen(client, told, **filter):
    async with client.listen(**filter) as events:
        told.set()
        async for _ in events:
            told.set()


async def heard(person, told, kind):
    return told.is_set() or any(isinstance(note, kind) for note in person.notes)


async def found(client, way, name, there):
    answer = await client.call_tool("gateway_search_tools", {"query": f"knows the word {name}"})
    tools = [match["tool"] for match in answer.structured_content.get("matches", [])]
    return (f"{way.name}__{name}" in tools) == there


async def resources(way):
    if way.kind == "invoked":
        return  # the gateway's own endpoint has no resources
    person, told = Person(), asyncio.Event()
    async with way.connect(person) as client:
        read = await client.read_resource("test://template/7/data")
        check(json.loads(read.contents[0].text)["id"] == "7", read)
        check(len((await client.list_prompts()).prompts) == 6, "prompts")
        if way.mode == "legacy":
            await client.subscribe_resource(WATCHED)
            listening = None
        else:
            listening = asyncio.create_task(listen(client, told, resource_subscriptions=[WATCHED]))
            await asyncio.wait_for(told.wait(), SOON)
            told.clear()
        await way.text(client, "touch", {"uri": WATCHED})
        await soon("the update", lambda: heard(person, told, ResourceUpdatedNotification))
        if listening:
            listening.cancel()


async def secrets(way):
    """Neither the gateway's environment nor its headers reach a peer."""
    async with way.connect() as client:
        for tool, name in (("env", "PLANTED_TOKEN"), ("env", "CAP_PLANTED"), ("header", "X-Planted")):
            answer = await way.call(client, tool, {"name": name})
            check(answer.is_error and "planted" not in answer.content[0].text.split("`")[-1], answer)


async def ends(way):
    """A peer that ends in a call is an error at once, and is there again for the next."""
    if way.kind == "direct" or "url" in PEERS[way.name]:
        return
    async with way.connect() as client:
        before = json.loads(await way.text(client, "whoami"))["process"]
        try:
            answer = await asyncio.wait_for(way.call(client, "die"), SOON)
            check(answer.is_error, answer)
        except TimeoutError:
            raise AssertionError("a call waits for a peer that has ended") from None
        except Exception:  # an error of JSON-RPC is as good
            pass

        async def again():
            try:
                return json.loads(await way.text(client, "whoami"))["process"] != before
            except Exception:
                return False

        await soon("the peer, again", again)


STEPS = [questions, rounds, unanswered, progress, messages, cancelling, changes, resources, secrets, ends]


async def tried(step, way):
    try:
        await asyncio.wait_for(step(way), 40)
        return None
    except BaseException as error:  # the SDK raises groups of exceptions
        while getattr(error, "exceptions", None):
            error = error.exceptions[0]
        return str(error)[:700] if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"[:700]


async def main():
    failed = 0
    for name, peer in PEERS.items():
        for mode in ("legacy", "2026-07-28"):
            for kind in ("direct", "invoked", "alone"):
                understood = mode in peer["revisions"]
                if kind == "direct" and ("url" not in peer or not understood):
                    continue
                without = peer.get("without", []) + (peer.get("without_directly", []) if kind == "direct" else [])
                faults = []
                for step in STEPS:
                    if step.__name__ in without:
                        continue
                    fault = await tried(step, Way(kind, name, mode))
                    if fault:
                        faults.append(f"{step.__name__}: {fault}")
                label = f"{name}, {kind}, {mode}"
                for fault in faults:
                    print(f"FAILED: bridge to {label}: {fault}", flush=True)
                if not faults:
                    print(f"ok: bridge to {label}", flush=True)
                failed += len(faults)
    sys.exit(min(failed, 100))


asyncio.run(main())
