# SPDX-License-Identifier: GPL-3.0-or-later
"""Start video consultation from GNU Health: a ticket for one launch, and the action that makes it."""

from trytond.pool import Pool

from . import launch

__all__ = ["register"]


def register():
    """Called by Tryton when the module is loaded."""
    Pool.register(launch.Ticket, launch.Workplace, launch.Launch, module="vdx_video", type_="model")
    Pool.register(launch.StartVideo, module="vdx_video", type_="wizard")
