"""Signalling with a Pexip node, as the client REST API v2 has it; no media in here.

``fields`` reads values out of JSON nobody can vouch for, ``replies`` and ``events`` make frozen values of answers
and events. ``admission`` is the way through the door as a table of answers and next requests, ``roster`` rebuilds
who is in the room, ``reasons`` says what a dismissal means to the user. Those five are pure. ``client`` speaks
HTTP, ``stream`` keeps the event stream open, ``lease`` keeps the token alive.

Sources: Pexip Infinity client REST API v2 (docs.pexip.com/api_client/api_rest.htm) and the vendor's published
client libraries.
"""
