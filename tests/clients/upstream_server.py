"""Small MCP servers in Python: `upstream_server.py fastmcp` over Streamable HTTP with FastMCP, and
`upstream_server.py sse` over the older HTTP+SSE with the official SDK. Prints its URL on the first line."""

import socket
import sys
from dataclasses import dataclass

import uvicorn


@dataclass
class Division:
    quotient: int
    remainder: int


def divide(dividend: int, divisor: int) -> Division:
    """Divides two whole numbers."""
    return Division(dividend // divisor, dividend % divisor)


def shout(text: str, marks: int = 1) -> str:
    """Says a text loudly."""
    return text.upper() + "!" * marks


def refuse(reason: str) -> str:
    """Fails with a reason."""
    raise ValueError(reason)


def fastmcp():
    from fastmcp import FastMCP

    return FastMCP("figures"), "http_app", "/mcp"


def sse():
    from mcp.server.mcpserver import MCPServer

    return MCPServer("letters"), "sse_app", "/sse"


server, app, path = {"fastmcp": fastmcp, "sse": sse}[sys.argv[1]]()
for function in (divide, shout, refuse):
    server.tool()(function)
listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}{path}", flush=True)
uvicorn.Server(uvicorn.Config(getattr(server, app)(), log_level="warning")).run(sockets=[listener])
