"""What a doctor can do: open a patient, plan, start, admit, end, write back.

``desk`` is the one door. A user interface calls its methods and draws the ``view.DeskView`` it publishes after
every change; the demo without a screen does the same. Everything that must survive a crash is written to the
store before it is tried, and taken up again by ``desk.Desk.start``.
"""
