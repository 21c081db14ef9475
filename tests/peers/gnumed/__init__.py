"""GNUmed: its exporter of GDT files alone, and the whole of it: ``python -m tests.peers.gnumed``."""
