"""Adapters to clinic systems: one module or folder each, and none knows another.

Each module names its adapters to the host through the hook ``vdx_adapters`` and is found under the entry-point group
``vdx_plugin.adapters``, as any vendor's is. ``dummy`` is the one to read first. ``local`` is for record systems that
call a program on the workstation. ``hl7v2`` hears patients and appointments over MLLP and writes notes back.
"""
