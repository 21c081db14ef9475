"""A small HTTP server of this machine alone, for adapters whose record calls back. Apart, as it is slow to import."""

from vdx_plugin.loopback import HOST, LoopbackServer

__all__ = ["HOST", "LoopbackServer"]
