"""The whole product on one machine, for people who want to see it before they believe it.

``world`` puts up the sandbox (VDX, rooms, partners, mail, clinic) and the program pointed at it. ``script`` is the
doctor's day as a list of steps that check what they claim; ``vdx-plugin demo --headless`` runs it, and
``vdx-plugin demo`` shows the same world in windows.
"""
