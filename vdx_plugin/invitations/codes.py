"""Names that MedCom's packages fix: canonical addresses, code systems, closed lists with their Danish words.

Source: packages medcom.fhir.dk.carecommunication 5.0.2, messaging 4.0.2, core 3.0.1, terminology 2.0.1,
acknowledgement 2.0.3; dk-core 3.4.0 for identifier systems.
"""

from __future__ import annotations

from vdx_plugin.domain.categories import CATEGORIES as CATEGORIES

MEDCOM = "http://medcomfhir.dk/ig"
_CC = f"{MEDCOM}/carecommunication/StructureDefinition"
_ACK = f"{MEDCOM}/acknowledgement/StructureDefinition"
_MESSAGING = f"{MEDCOM}/messaging/StructureDefinition"
_CORE = f"{MEDCOM}/core/StructureDefinition"
_SYSTEMS = f"{MEDCOM}/terminology/CodeSystem"

CARE_COMMUNICATION = f"{_CC}/medcom-careCommunication-message"
CARE_HEADER = f"{_CC}/medcom-careCommunication-messageHeader"
CARE_LETTER = f"{_CC}/medcom-careCommunication-communication"
CARE_PROVENANCE = f"{_CC}/medcom-careCommunication-provenance"
ACKNOWLEDGEMENT = f"{_ACK}/medcom-messaging-acknowledgement"
ACK_HEADER = f"{_ACK}/medcom-messaging-acknowledgementHeader"
ACK_OUTCOME = f"{_ACK}/medcom-acknowledgement-operationoutcome"
PROVENANCE = f"{_MESSAGING}/medcom-messaging-provenance"
ORGANIZATION = f"{_MESSAGING}/medcom-messaging-organization"
PATIENT = f"{_CORE}/medcom-core-patient"
PRACTITIONER = f"{_CORE}/medcom-core-practitioner"
PRACTITIONER_ROLE = f"{_CORE}/medcom-core-practitionerrole"
CARE_TEAM = f"{_CORE}/medcom-core-careteam"

DESTINATION_USE_EXTENSION = f"{_MESSAGING}/medcom-messaging-destinationUseExtension"
DATETIME_EXTENSION = f"{_CORE}/medcom-core-datetime-extension"
IDENTIFIER_EXTENSION = f"{_CORE}/medcom-core-identifier-extension"
PRACTITIONER_EXTENSION = f"{_CORE}/medcom-core-practitioner-extension"
CONTACT_EXTENSION = f"{_CORE}/medcom-core-contact-extension"
SENDER_EXTENSION = f"{_CORE}/medcom-core-sender-extension"

EVENT_CODES = f"{_SYSTEMS}/medcom-messaging-eventCodes"
DESTINATION_USE = f"{_SYSTEMS}/medcom-messaging-destinationUse"
ACTIVITY_CODES = f"{_SYSTEMS}/medcom-messaging-activityCodes"
CATEGORY_CODES = f"{_SYSTEMS}/medcom-careCommunication-categoryCodes"
ACK_ERROR_CODES = f"{_SYSTEMS}/medcom-acknowledgement-error-codes"
HL7_ERROR_CODES = "http://terminology.hl7.org/CodeSystem/operation-outcome"
ACK_ERRORS = frozenset(
    (
        "MSG_Receiver_Identifier_UNKNOWN",
        "MSG_Receiver_Identifier_MISSING",
        "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE",
        "MSG_VALUESET_VALUE_UNKNOWN",
        "MSG_CodeSystem_VALUE_UNKNOWN",
        "MSG_Element_To_Long",
        "MSG_Datatype_Wrong",
        "MSG_Mailbox_Out_Of_Operation",
        "MSG_Damaged_durin_transport",
    )
)
"""Their spelling."""
ROLES_SKS = f"{_SYSTEMS}/medcom-core-PractitionerRolesSKSadministrativ"
ROLES_AUTHORISED = f"{_SYSTEMS}/medcom-core-PractitionerRolesAutorisationsregistret"

CARE_EVENT = "care-communication-message"
ACK_EVENT = "acknowledgement-message"
CARE_DEFINITION = f"{MEDCOM}/messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition"
CARE_VERSION = "5.0"

# MedCom's packages up to dk-core 3.4.0 write the location number's system with https; 3.5.0 and later with http.
GLN = "https://www.gs1.org/gln"
SOR = "urn:oid:1.2.208.176.1.1"
KOMBIT = "https://kombit.dk/sts/organisation"
CVR = "http://cvr.dk"
CVR_OID = "urn:oid:2.16.840.1.113883.2.24.1.1"
"""What dk-core's rule about organisations asks for (sic); its own CVR identifier has ``CVR``."""
PROVIDER_NUMBER = "urn:oid:1.2.208.176.1.4"
LPR3 = "https://www.esundhed.dk/Registre/Landspatientregisteret"


CARE_ACTIVITIES = {"new-message": "Ny besked", "reply-message": "Svar", "forward-message": "Videresendt"}
ACTIVITIES = {**CARE_ACTIVITIES, "acknowledgement": "Kvittering"}
ATTACHMENT_TYPES = frozenset({"application/pdf", "image/gif", "image/jpeg", "image/png", "image/tiff", "image/bmp"})
"""Value set medcom-core-attachmentMimeTypes."""

# Roles a practice's staff are likely to have; any other is written as text, which MedCom allows instead of a code.
ROLES = {
    "speciallaegeipraksis": (ROLES_SKS, "Speciallæge i praksis"),
    "speciallaege": (ROLES_SKS, "Speciallæge"),
    "laege": (ROLES_AUTHORISED, "Læge"),
    "sygeplejerske": (ROLES_SKS, "Sygeplejerske"),
    "laegesekretaer": (ROLES_SKS, "Lægesekretær"),
    "ledendelaegesekretaer": (ROLES_SKS, "Ledende lægesekretær"),
    "bioanalytiker": (ROLES_SKS, "Bioanalytiker"),
    "socialogsundhedsassistent": (ROLES_SKS, "Social- og sundhedsassistent"),
    "jordemoder": (ROLES_SKS, "Jordemoder"),
    "psykolog": (ROLES_SKS, "Psykolog"),
    "fysioterapeut": (ROLES_SKS, "Fysioterapeut"),
}

FHIR_JSON = "application/fhir+json"
FHIR_XML = "application/fhir+xml"
MAIL = "message/rfc822"
