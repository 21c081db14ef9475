"""Sound between the line and the sound card: packets in, blocks of samples out.

``receiving`` joins the parts, all of them pure: ``arrivals`` puts packets in their place (``units``) and knows by
``delays`` how long to wait for them, ``asking`` says which lost ones are worth asking for, ``playing`` decodes what is
due, repairs or conceals what is missing and keeps the delay by ``stretching``. ``opus_packet`` reads what a packet
says about itself, so that only packets reach ``decoding``, which has ``libopus`` or FFmpeg's decoder behind it.

The delay follows the line: the time sound is kept back costs as much as the sound that would come too late.
"""
