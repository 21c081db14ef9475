"""Hostile input: what a bad node or participant may send, put into the running media engine.

``damage`` spoils good input, ``materials`` makes the good input of each kind, ``targets`` and ``node_targets`` are the
doors of the engine it goes in by, ``running`` drives them and keeps what it finds. ``python -m tests.fuzz`` runs for as
long as one likes; the tests run a little of each with fixed seeds.
"""
