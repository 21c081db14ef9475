"""Invitations: what is sent to the parties of a consultation, how it travels, and what comes back.

Pure modules build and read. ``care_communication`` makes MedCom letters out of ``resources``, ``narrative`` and the
words of ``letter``, and ``threads`` says which letter the next one answers; ``acknowledgement`` and ``replies`` read
and write what answers them; ``checks`` holds MedCom's rules as functions of ours; ``calendar_mail`` makes e-mails with
a calendar entry, ``sms`` text messages. ``composer`` joins these to the port that the service knows, through
``letter_composer``, ``mail_composer`` and ``sms_composer``, all with the keys of ``keys`` and the practice of
``sender``.

What mails and text messages say stands in ``words``, one file for each language, read by ``text_files``; ``text_rules``
says what a text must hold, ``text_times`` tells times in each language, ``text_book`` puts the practice's own texts in
their place, and ``wording`` chooses for a party. ``exporter`` makes what a person hands over: ``appointment`` for the
record, the interpreter's card, and a ``calendar_file`` for either;
``calendar_event`` is what that file and a mail have in common.

``message_check`` is what every message passes before it leaves and after it came: ``checks``, then ``profiles`` (FHIR
packages that the site has installed), then ``validator`` (an official one over HTTP); ``check_report`` tells of it.

``transport`` says what carries a message. MedCom letters go by ``hub`` to a message endpoint, by ``record_mail`` with
the record's own mail, or in the envelopes of ``vans_envelope`` by ``vans_folder`` or ``vans_http``, which share
``vans``; ``smtp`` carries e-mail, ``vdx_sms`` and ``sms_gateway`` text messages, after whose fate ``arrivals`` asks.
``endpoint`` says what an HTTP failure means, and ``safe_xml`` reads strangers' XML.

``reliable`` is the table of what to do next; ``delivery`` joins ``outgoing``, which sends, with ``mailbox``, the loop
over what partners send, and ``intake``, which says what becomes of each. ``directory`` reads the list of partners.

Versions: CareCommunication 5.0 (package 5.0.2), Acknowledgement 2.0 (package 2.0.3), FHIR R4 read and written as R4B.
"""
