"""Values and rules of a video consultation, without input or output.

``patients`` and ``context`` say who is open in the record. ``parties`` and ``plan`` say who is to take part,
``room`` where. ``consultation`` is the life of one consultation as a transition table. ``fees``, ``summary`` and
``measures`` say what is left when it is over. Nothing here reads a clock, a file or a socket: times and
identities come in as arguments.
"""
