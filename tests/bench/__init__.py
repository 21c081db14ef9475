"""How quick the main job is on this machine, and what a call costs it. Nothing here passes or fails by time.

``python -m tests.bench.main_job`` is the command; ``figures`` keeps what was measured and prints it. Whatever has a
process of its own in real life has one here, because two loops in one process share Python's lock and would measure
each other: ``doctor`` is the program, ``sandbox`` the hub, the rooms and the clinic, ``guest`` the far end, and
``browser`` drives Chromium as the far end to compare with. ``child`` is how the bench talks to them, ``usage`` reads
what they cost. The parts of the measurement are ``dock`` (with ``dock_start``), ``feed``, ``click`` and ``load``.


``python -m tests.bench.media`` is the other bench: sound and picture on bad lines, ours beside Chromium's
(docs/media.md). ``line_model`` is such a line in virtual time, for receivers and senders that are pure, ``line_proxy``
the same between two programs. ``media_content`` is what they send, ``media_ends`` the two kinds of end
(``media_page.js``, ``media_peer``), ``media_run`` one call, ``media_sound`` and ``media_freezes`` judge it, and
``media_table`` prints.
"""
