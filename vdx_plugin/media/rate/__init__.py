"""How much is sent, and when: congestion control for both directions of one media connection.

Receiving: ``arrivals`` keeps when each packet came and makes ``feedback`` of it, which ``reporting`` sends; a sender
that understands only its receiver's estimate gets one from ``remb``.

Sending: ``sent`` numbers what leaves and matches it with feedback. ``estimate`` makes one target of it: ``delay`` sees
a queue grow, ``loss`` tells a full line from a radio that loses, ``probing`` tries for more, ``throughput`` measures
and ``growth`` follows. ``pacing`` says when each packet leaves, ``history`` what is sent again, ``ladder`` how large
pictures are. ``outlet`` is where everything of a connection leaves.

All of it is pure, and driven in virtual time by ``tests.bench.rate_path``, but for the two shells with clock and tasks:
``reporting`` and ``outlet``.
"""
