"""Composed pictures and mixed sound, for rooms in which forwarding does not do: a small MCU.

From the inside out, the pure part: ``frames`` makes pictures of packets, ``sound_buffer`` puts sound in order,
``layout`` says where whom is seen, ``groups`` who shares one bitstream, ``load`` how large the picture may be. Then
what counts samples and pixels, each a plain object driven by one thread: ``codecs`` and ``opus`` decode and encode,
``labels`` draws names, ``canvas`` scales and composes, ``pictures`` and ``sounds`` are one beat of a whole room.
``studio`` is the shell: it keeps the beat on the event loop, gives the work to its threads, and hands out packets.
"""
