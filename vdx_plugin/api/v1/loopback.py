"""Servers of this machine, for adapters whose record calls us. Apart, as they are slow to import."""

from vdx_plugin.loopback import HOST, LANDING_HEADERS, LoopbackServer, landing_page
from vdx_plugin.user_socket import UserSocket

__all__ = ["HOST", "LANDING_HEADERS", "LoopbackServer", "UserSocket", "landing_page"]
