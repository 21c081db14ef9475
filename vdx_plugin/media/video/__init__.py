"""Reception of pictures.

From outside in. ``receiver`` is the sink of a line: it drives ``reception`` (whose rules are ``payloads``,
``assembly``, ``gaps`` and ``keyframes``), has the pictures decoded by ``decoder`` in a thread of its own, and shows
each when ``playout`` and lip sync say. ``freezes`` and ``figures`` count. All but the first and ``decoder`` are pure.
"""
