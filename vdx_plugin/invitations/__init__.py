"""Invitations: what is sent to the parties of a consultation, how it travels, and what comes back.

Pure modules build and read. ``care_communication`` makes MedCom letters out of ``resources``, ``narrative`` and the
words of ``letter``; ``acknowledgement`` and ``replies`` read and write what answers them; ``checks`` holds MedCom's
rules as functions of ours; ``calendar_mail`` makes e-mails with a calendar entry, ``sms`` text messages. ``composer``
joins these to the port that the service knows: letters itself, the others through ``mail_composer`` and
``sms_composer``, all with the keys of ``keys`` and the practice of ``sender``.

``transport`` says what carries a message; ``hub`` carries MedCom letters to a message endpoint over HTTP and ``smtp``
carries e-mail. ``reliable`` is the table of what to do next, ``delivery`` the loop that does it, ``mailbox`` the loop
that takes in what partners send. ``directory`` reads the list of partners.

Versions: CareCommunication 5.0 (package 5.0.2), Acknowledgement 2.0 (package 2.0.3), FHIR R4 read and written as R4B.
"""
