"""How much is sent, and when: congestion control for both directions of one media connection.

Pure but for what is named as a shell. Receiving: ``arrivals`` keeps when each packet came and makes ``feedback`` of it,
which ``reporting`` (a shell) sends.
"""
