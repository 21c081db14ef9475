"""GNUmed's own exporter of GDT files, without its window and database: ``python -m tests.peers.gnumed``."""
