"""The sandbox: a local stand-in for the video hub and everybody around it, for demo, training, vendors and tests.

``server.Sandbox`` puts the parts together and serves them on loopback. ``signin`` issues tokens, ``video_api`` books
rooms and takes them up and down, ``partners`` is the message hub with the inboxes behind it, ``mail`` catches e-mail,
``pexip`` is the room server with its guest page, ``clinic`` the demo clinic. What video API and room server share is
``rooms``. ``faults`` makes things go wrong on request and ``panel`` is the page for it, ``clock`` lets time pass.
Everything is forgotten at the end.

It is written from the specifications and notes, and shares no code with the clients it answers.
"""
