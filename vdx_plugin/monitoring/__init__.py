"""From the measures of single visits to figures that can be acted on.

``aggregation`` and ``timeline`` count: per kind of partner and in all, per practice, over time; both are pure.
``spread`` holds the median and percentile, ``sound_quality`` the estimate of how speech was heard. ``catalogue``
names each figure once, with its unit, label and definition, and everything that shows figures reads that list;
``goals`` says what good looks like. ``report`` writes the page, with drawings from ``plots``, and ``table_file`` the
table, both for the practice itself. ``export`` writes what may leave the practice, where every cell of fewer than
five visits is held back.
"""
