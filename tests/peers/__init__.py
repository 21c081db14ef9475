"""Foreign programs that our adapters are tested against: installed by name and version, run as processes of their own.

Each folder names what one peer is made of: ``requirements.txt`` for PyPI, ``package.json`` for npm. ``python -m
tests.peers`` puts them under ``.peers`` in the repository; tests call ``prepare.folder`` and get the same place.
"""
