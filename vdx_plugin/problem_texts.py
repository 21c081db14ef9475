"""One Danish sentence for each problem code: what happened, what it means, what to do.

Codes are ``area.what``; ``area.*`` is the fallback of an area. A test checks that every code raised anywhere in the
package is covered here and that every sentence has its English twin in the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable


def sentences(_: Callable[[str], str]) -> dict[str, str]:
    """Return all sentences in the language that ``_`` translates to. Places in braces are filled by the caller."""
    return {
        # booking
        "vdx.unreachable": _(
            "VDX svarer ikke. Der er ikke booket et rum. Prøv igen om lidt, eller ring til patienten."
        ),
        "vdx.outcome_unknown": _(
            "VDX svarede ikke på bookingen, så det er uvist, om rummet findes. Programmet spørger igen."
        ),
        "vdx.sign_in": _("VDX afviste praksissens adgang. Ring til support: adgangen skal fornyes."),
        "vdx.role": _("Jeres adgang til VDX må ikke booke møder. Ring til support, og bed om rollen mødebooker."),
        "vdx.server_error": _(
            "VDX har en fejl. Der er ikke booket et rum. Prøv igen om lidt, eller ring til patienten."
        ),
        "vdx.refused": _("VDX afviste bookingen. Prøv igen, og ring til support, hvis det sker igen."),
        "vdx.pool_empty": _("Der er ingen klar-rum lige nu. Programmet booker et nyt; det tager op til to minutter."),
        "vdx.state": _("Mødet kan ikke ændres i VDX lige nu. Vent et øjeblik, og prøv igen."),
        "vdx.setup": _("VDX er ikke sat rigtigt op til jeres praksis. Ring til support."),
        "vdx.input": _("VDX kunne ikke bruge en af oplysningerne i bookingen. Ret den, og prøv igen."),
        "vdx.taken": _("VDX har allerede et andet møde under samme nummer. Start en ny samtale."),
        "vdx.not_found": _("Mødet findes ikke længere i VDX. Start en ny samtale."),
        "vdx.unreadable": _("VDX sendte et svar, som programmet ikke forstår. Prøv igen, og ring til support."),
        "vdx.sign_in_again": _("Du er ikke logget på VDX længere. Log på igen."),
        "vdx.sign_in_foreign": _("Svaret fra VDX' log på-side hørte ikke til dette forsøg. Log på igen."),
        "vdx.not_yours": _(
            "Mødet hører til en anden i VDX, så I må ikke se eller ændre det. Spørg den, der bookede det."
        ),
        "vdx.colleague": _(
            "Jeres adgang til VDX må ikke booke for en kollega. Book i eget navn, eller bed support om rollen mødeplanlægger."
        ),
        "vdx.kept_old": _(
            "VDX beholdt den gamle værdi, fordi rummet allerede er gjort klar. Aflys mødet, og book et nyt."
        ),
        "agenda.not_now": _(
            "Mødet kan først begynde en halv time før sin tid. Flyt det, hvis I vil begynde før, eller start en ny samtale."
        ),
        "agenda.gone": _("VDX kender ikke mødet den dag. Aflys det, og book et nyt."),
        "agenda.other_time": _(
            "VDX har et andet tidspunkt end det, deltagerne har fået. Flyt mødet, så alle får samme tid."
        ),
        "agenda.not_moved_yet": _(
            "Mødet {day} kl. {time} er ikke flyttet endnu, fordi VDX ikke svarer, og ingen har fået den nye tid. Ring til deltagerne. Programmet prøver igen."
        ),
        "agenda.never_moved": _(
            "Mødet {day} kl. {time} blev aldrig flyttet, fordi VDX ikke svarede, og ingen fik den nye tid. Ring til deltagerne, og book et nyt."
        ),
        "agenda.series_short": _(
            "{failed} af {count} møder i rækken blev ikke booket. De står i kalenderen. Prøv dem igen, eller aflys dem."
        ),
        "vdx.*": _("Bookingen i VDX lykkedes ikke. Prøv igen, eller ring til patienten."),
        "room.no_host_pin": _(
            "Rummet har ingen værtskode, så alle ville være vært. Det bliver ikke brugt. Start igen."
        ),
        "room.no_guest_pin": _("Rummet har ingen gæstekode og er ikke låst. Det bliver ikke brugt. Start igen."),
        "room.same_pins": _("Rummets to koder er ens, så gæster ville være vært. Det bliver ikke brugt. Start igen."),
        "room.short_pin": _("Rummets kode er for kort til at være sikker. Det bliver ikke brugt. Start igen."),
        "room.not_ready": _("Rummet er ikke klar endnu. Vent et øjeblik."),
        "room.gone": _("Rummet er lukket i VDX og kan ikke bruges igen. Start en ny samtale."),
        "room.slow": _("Rummet blev ikke klar i tide. Prøv igen, eller ring til patienten."),
        "room.not_closed": _(
            "Samtalen er aflyst, men rummet kunne ikke lukkes i VDX endnu. Programmet prøver igen. Du kan gå videre."
        ),
        "room.failed": _("VDX kunne ikke oprette rummet. Prøv igen, eller ring til patienten."),
        "room.*": _("Rummet kan ikke bruges. Start igen, eller ring til patienten."),
        # the call
        "call.wrong_pin": _("Rummet afviste værtskoden. Start en ny samtale."),
        "call.not_found": _("Rummet findes ikke længere. Start en ny samtale."),
        "call.unreachable": _("Videoserveren svarer ikke. Tjek netforbindelsen, eller fortsæt på telefon."),
        "call.lost": _("Forbindelsen er væk, og billedet er det sidste, der kom. Programmet prøver selv igen."),
        "call.ended_by_host": _("Samtalen blev afsluttet for alle."),
        "call.put_out": _("Du blev taget ud af rummet. Start igen, hvis det var en fejl."),
        "call.room_closed": _("Rummet er lukket. Samtalen er slut."),
        "call.pin_needed": _("Rummet kræver en kode, som mangler her. Start en ny samtale."),
        "call.pin_locked": _("Rummet er spærret efter for mange forkerte koder. Vent et minut, og prøv igen."),
        "call.refused": _("Videoserveren afviste det. Prøv igen, eller fortsæt på telefon."),
        "call.not_host": _("Kun værten kan gøre det. Start en ny samtale, hvis du skulle være vært."),
        "call.token_gone": _("Videoserveren kender ikke længere samtalen. Start igen, eller fortsæt på telefon."),
        "call.sign_in_page": _("Rummet kræver login på en webside, som programmet ikke kan. Ring til support."),
        "call.reception": _("Adressen er en reception og ikke et rum. Ring til support."),
        "call.wrong_extension": _("Receptionen kender ikke rummet. Tjek nummeret, eller ring."),
        "call.full": _("Der er ikke plads til flere i rummet. Tag nogen ud, eller fortsæt på telefon."),
        "call.no_capacity": _("Videoserveren har ikke plads lige nu. Prøv igen om lidt, eller fortsæt på telefon."),
        "call.maintenance": _("Videoserveren er lukket for vedligehold. Fortsæt på telefon."),
        "call.media_blocked": _(
            "Netværket lader ikke billede og lyd komme igennem. Fortsæt på telefon, og ring til jeres it-support."
        ),
        "call.no_floor": _("Rummet tillader ikke, at du viser din skærm. Fortæl med ord, eller send det bagefter."),
        "call.dial_unknown": _(
            "Videoserveren svarede ikke på opkaldet, så det kan ringe. Se listen, før du ringer op igen."
        ),
        "call.dial_refused": _("Videoserveren kunne ikke ringe op. Tjek nummeret, eller ring fra din egen telefon."),
        "call.person_gone": _("Den, du valgte, er ikke længere i samtalen. Se listen, og prøv igen."),
        "call.not_moved": _(
            "Videoserveren kunne ikke flytte deltageren, som stadig er her. Tjek rummets link og pinkode, og prøv igen."
        ),
        "call.on_hold": _("Samtalen er sat på hold. Den går i gang igen af sig selv."),
        "call.awaits_host": _("Venter på værten. Billede og lyd kommer, når værten er med."),
        "call.made_guest": _(
            "Du er ikke længere vært i rummet, så du kan ikke låse eller lukke ind. Start samtalen igen."
        ),
        "call.moving": _("Samtalen flyttes, fordi flere er kommet til. Billedet er tilbage om et øjeblik."),
        "call.unreadable": _(
            "Videoserveren sendte et svar, som programmet ikke forstår. Prøv igen, og ring til support."
        ),
        "call.not_admitted": _("Du blev ikke lukket ind i rummet i tide. Prøv igen, eller ring."),
        "call.cut_off": _("Videoserveren afbrød samtalen. Start igen, eller fortsæt på telefon."),
        "call.*": _("Samtalen kunne ikke gennemføres. Prøv igen, eller fortsæt på telefon."),
        "media.no_path": _("Der kom ikke billede og lyd igennem. Tjek netforbindelsen, eller fortsæt på telefon."),
        "media.no_camera": _(
            "Der er intet kamera. De andre ser et testbillede med ur. Sæt et kamera i, eller fortsæt."
        ),
        "media.no_microphone": _(
            "Der er ingen mikrofon, så de andre kan ikke høre dig. Sæt en i, eller fortsæt på telefon."
        ),
        "media.no_speaker": _("Der er ingen højttaler, så du kan ikke høre de andre. Sæt et headset i."),
        "media.no_devices": _(
            "Her er hverken kamera, mikrofon eller højttaler. De andre ser et testbillede. Sæt et headset i, eller fortsæt på telefon."
        ),
        "check.camera": _("Morgentjekket: Kameraet giver intet billede. Se, om det er sat i og ikke dækket."),
        "check.microphone": _(
            "Morgentjekket: Mikrofonen giver ingen lyd. Se, om den er slået fra, eller vælg en anden."
        ),
        "check.speaker": _("Morgentjekket: Der er ingen højttaler. Sæt et headset i, og tjek igen."),
        "check.line": _("Morgentjekket: Linjen til VDX er dårlig. Brug kabel i stedet for trådløst net, og tjek igen."),
        "check.vdx": _("Morgentjekket: VDX svarer ikke. Se, hvad der mangler, før første samtale."),
        "check.several": _("Morgentjekket fandt flere fejl ved kamera, lyd eller linje. Se dem, før dagen begynder."),
        "check.line_weak": _("Linjen taber for meget eller er for langsom. Brug kabel i stedet for trådløst net."),
        "media.no_canceller": _(
            "Ekkodæmpningen virker ikke på denne computer. Brug et headset, så de andre ikke hører sig selv."
        ),
        "media.camera_lost": _("Kameraet forsvandt. De andre ser et testbillede, til det er tilbage."),
        "media.microphone_lost": _("Mikrofonen forsvandt, så de andre kan ikke høre dig. Sæt den i igen."),
        "media.microphone_replaced": _("Mikrofonen er væk. {device} bruges i stedet, til den er tilbage."),
        "media.speaker_lost": _("Højttaleren forsvandt, så du kan ikke høre de andre. Sæt den i igen."),
        "media.speaker_replaced": _("Højttaleren er væk. {device} bruges i stedet, til den er tilbage."),
        "media.speaking_muted": _("Du taler, men din mikrofon er slået fra, så de andre kan ikke høre dig."),
        "media.silent_microphone": _(
            "Din mikrofon giver ingen lyd. Se, om den er slået fra på headsettet eller i systemet, eller vælg en anden."
        ),
        "media.wrong_microphone": _("Mikrofonen, der er valgt, hører dig ikke. {device} hører dig."),
        "media.own_echo": _(
            "De andre kan høre sig selv fra din højttaler. Brug høretelefoner, eller skru ned for lyden."
        ),
        "media.echo_not_cancelled": _(
            "De andre kan høre sig selv fra din højttaler. Slå ekkodæmpning til, eller brug høretelefoner."
        ),
        "media.their_echo": _(
            "Din stemme kommer tilbage fra de andre som ekko. Bed dem bruge høretelefoner eller skrue ned."
        ),
        "media.line_poor": _(
            "Forbindelsen er dårlig, så lyden går først og billedet bliver mindre. Brug kabel i stedet for trådløst net, eller gå tættere på det."
        ),
        "media.new_device": _("{device} er sat i."),
        "media.camera_back": _("Kameraet virker igen."),
        "media.microphone_back": _("Mikrofonen virker igen."),
        "media.speaker_back": _("Højttaleren virker igen."),
        "media.sound_only": _(
            "Nettet kan kun bære lyd lige nu. De andre hører dig, men ser dig ikke. Billedet kommer igen af sig selv."
        ),
        "media.picture_back": _("Nettet er bedre. De andre ser dig igen."),
        "media.*": _("Billede eller lyd virker ikke. Tjek kamera, mikrofon og net, eller fortsæt på telefon."),
        # invitations
        "text.empty": _("Teksten er tom. Skriv noget, eller gendan standardteksten."),
        "text.long": _("Teksten er for lang. Gør den kortere; et emne skal stå på én linje."),
        "text.brace": _("En klamme {{ eller }} passer ikke. Pladser skrives som {{time}} og {{link}}."),
        "text.unknown": _("Pladsen {{{place}}} findes ikke i denne tekst. Vælg en af dem, der står under feltet."),
        "text.missing": _("Pladsen {{{place}}} mangler, og uden den kan teksten ikke bruges. Sæt den ind."),
        "text.link_alone": _("Linket skal stå alene på sin linje, ellers kan telefoner ikke åbne det."),
        "text.disk": _("Teksten kunne ikke gemmes på disken. Den gamle bruges fortsat. Prøv igen."),
        "sms.setup": _("Sms-tjenesten er ikke sat rigtigt op, så sms'en blev ikke sendt. Ring til support."),
        "sms.refused": _("Sms-tjenesten afviste beskeden. Tjek nummeret, eller giv linket på en anden måde."),
        "sms.unsafe_link": _(
            "Linket fra VDX er ikke sikkert at sende: det mangler gæstekoden eller rummer værtens. Giv linket på en anden måde."
        ),
        "sms.number": _("Nummeret er ikke et telefonnummer, så der kan ikke sendes en sms. Ret det, eller giv linket."),
        "sms.no_text": _("Nummeret kan ikke modtage sms'er. Brug et mobilnummer, eller giv linket på en anden måde."),
        "invite.no_channel": _("{party} kan ikke inviteres elektronisk. Ring til dem, og giv dem linket."),
        "invite.invalid": _(
            "Invitationen til {party} er ikke gyldig og blev ikke sendt. Ring til dem, og kontakt support."
        ),
        "invite.unreachable": _("Invitationen til {party} er ikke kommet afsted endnu. Programmet prøver igen."),
        "invite.rejected": _("{party} kunne ikke modtage invitationen. Ring til dem, eller send på en anden måde."),
        "invite.cannot_receive": _(
            "Adresseregistret siger, at {party} ikke kan få MedCom-beskeder af denne slags, så den er ikke sendt. Ring til dem, eller send på en anden måde."
        ),
        "invite.transient": _("Modtagersystemet hos {party} har en fejl. Programmet sender igen."),
        "invite.gave_up": _("Invitationen til {party} kom ikke frem. Ring til dem."),
        "invite.no_answer": _("{party} har ikke bekræftet modtagelsen (30 min). Ring til dem, eller send igen."),
        "invite.soon": _(
            "Samtalen begynder om mindre end to timer, og et brev kan være for længe undervejs. Ring til {party}."
        ),
        "invite.not_out": _(
            "Beskeden til {party} er ikke kommet afsted i en halv time. Ring til dem. Programmet prøver stadig."
        ),
        "invite.call_them": _(
            "{party} har ikke bekræftet modtagelsen, og beskeden sendes ikke igen af sig selv. Ring til dem."
        ),
        "invite.expired": _("Samtalens tid gik, før invitationen til {party} kunne sendes. Den blev ikke sendt."),
        "invite.thread_failed": _(
            "Beskeden til {party} blev ikke sendt, fordi de ikke har fået invitationen før den. Ring til dem."
        ),
        "invite.unknown": _("Det er uvist, om beskeden til {party} kom frem. Spørg dem, eller send igen."),
        "invite.mail_failed": _("E-mailen til {party} kunne ikke sendes. Giv dem linket på en anden måde."),
        "invite.sms_failed": _("Sms'en til {party} kom ikke frem. Giv dem linket på en anden måde."),
        "invite.unreadable": _("Der kom en besked, som programmet ikke kan læse. Ring til {party}."),
        "invite.no_number": _(
            "Invitationen til {party} kræver patientens CPR- eller erstatningsnummer. Ring til dem, og giv dem linket."
        ),
        "invite.setup": _("Praksissens oplysninger som afsender mangler eller er forkerte. Ring til support."),
        "invite.validator": _(
            "Valideringstjenesten svarer ikke, så beskeden til {party} venter. Programmet prøver igen."
        ),
        "invite.validator_setup": _("Adressen på valideringstjenesten er forkert. Ring til support."),
        "invite.tell_by_hand": _("{party} får ikke besked herfra. Ring, eller giv linket og tiden videre."),
        "invite.by_hand": _("Får ikke besked herfra, så ring selv til: {parties}."),
        "invite.not_told": _(
            "Afbuddet er ikke nået ud endnu til: {parties}. Programmet bliver ved. Ring til dem, hvis det haster."
        ),
        "invite.not_ready": _(
            "Rummet er ikke klar og låst endnu, så der kan ikke gives besked. Vent et øjeblik, og prøv igen."
        ),
        "invite.not_locked": _(
            "Rummet er ikke låst herfra lige nu, så ingen inviteres. Lås det, eller vent på forbindelsen, og prøv igen."
        ),
        "invite.too_late": _("Det er for sent at fortryde: beskeden er sendt. Giv en ny besked, eller ring til dem."),
        "invite.not_again": _(
            "Beskeden kan ikke sendes igen: den er fremme, på vej eller sendt alle de gange, MedCom tillader. "
            "Ring, eller send på en anden måde."
        ),
        "invite.notice_lost": _("Den sidste besked til {party} kom ikke frem. Ring til dem."),
        "invite.nobody": _("Der er ingen at give besked: alle er her, har svaret eller har fået besked på telefon."),
        "invite.*": _("Invitationen til {party} lykkedes ikke. Ring til dem."),
        "messages.gone": _("Beskeden er allerede klaret. Listen er opdateret."),
        "partners.no_table": _(
            "Filen er ikke en liste over partnere. Disse kolonner mangler i første linje: {columns}. Vælg en anden fil, eller ret den."
        ),
        "partners.too_big": _("Filen er for stor til at være en liste over partnere. Vælg en anden fil."),
        "partners.no_file": _("Filen kan ikke læses. Luk den i regnearket, og prøv igen."),
        "partners.disk": _("Kartoteket kunne ikke gemmes. Frigør plads på disken, og prøv igen."),
        "partners.faulty": _("Oplysningerne er ikke gyldige, så de er ikke gemt. Ret felterne, og gem igen."),
        "addresses.cannot_receive": _(
            "Modtageren kan ikke få MedCom-beskeder af denne slags i sit system. Ring til dem, eller vælg en anden kanal."
        ),
        "addresses.unknown_sor": _(
            "Adresseregistret kender ikke modtagerens SOR-id. Tjek det i kartoteket. Der kan sendes alligevel."
        ),
        "addresses.other_number": _(
            "Adresseregistret har et andet lokationsnummer end kartoteket. Tjek det, før I sender."
        ),
        "addresses.sign_in": _(
            "Adresseregistret afviste vores certifikat eller adgang. Der kan sendes alligevel. Ring til support."
        ),
        "addresses.unreachable": _(
            "Adresseregistret svarer ikke, så det er uvist, om de kan modtage. Der kan sendes alligevel."
        ),
        "addresses.*": _(
            "Adresseregistret svarede ikke forståeligt, så det er uvist, om de kan modtage. Der kan sendes alligevel."
        ),
        "partners.*": _("Kartoteket over partnere kan ikke bruges lige nu. Prøv igen, eller ring til support."),
        # definitions of messages
        "definitions.unreadable": _(
            "Pakken er beskadiget og kan ikke læses. Hent den igen, og læg den ind. Intet er ændret."
        ),
        "definitions.unsafe": _(
            "Pakken peger på filer uden for sig selv og er ikke lagt ind. Hent den fra MedCom eller HL7."
        ),
        "definitions.too_large": _("Pakken er for stor til at være en FHIR-pakke og er ikke lagt ind."),
        "definitions.empty": _("Her er ingen FHIR-profiler med deres endelige form. Vælg filen package.tgz."),
        "definitions.nameless": _("Pakken siger ikke, hvad den hedder. Vælg filen package.tgz, som den er udgivet."),
        "definitions.not_r4": _("Pakken gælder en anden udgave af FHIR end R4 (4.0.1) og er ikke lagt ind."),
        "definitions.unknown": _("Der er ingen pakke med det navn. Se navnene med: vdx-plugin definitions list"),
        "definitions.folder": _("Definitionerne kan ikke gemmes eller læses på computeren. Tjek plads og rettigheder."),
        "definitions.*": _("Definitionerne kan ikke bruges. Ring til support."),
        # clinic systems
        "context.bad_number": _(
            "Patientens nummer kan ikke være rigtigt. Start ikke herfra: se efter i journalen, hvem patienten er."
        ),
        "context.none": _("Ingen patient er åben. Åbn en patient i journalen."),
        "context.incomplete": _("Journalen gav ikke navn og fødselsdato. Åbn patienten igen, før du starter."),
        "context.stale": _("Det er mere end et minut siden, patienten blev åbnet. Åbn patienten igen i journalen."),
        "context.open_in_record": _("Åbn {patient} i journalen. Så står patienten her, og du kan starte."),
        "context.changed_during_call": _("Journalen viser en anden patient. Samtalen gælder fortsat {patient}."),
        "context.clock": _(
            "Uret i journalsystemet og på denne computer er mere end et minut fra hinanden. Ring til support."
        ),
        "context.replayed": _("Journalen sendte den samme åbning to gange. Åbn patienten igen i journalen."),
        "context.unreadable": _(
            "Journalen sendte patienten på en måde, programmet ikke kan læse. Åbn patienten igen, eller ring til support."
        ),
        "local.*": _(
            "Journalen kan ikke kalde programmet på denne computer. Genstart programmet, eller ring til support."
        ),
        "hl7.port_taken": _(
            "Et andet program bruger porten {port}, så journalens aftaler ikke kommer ind. Luk det andet, eller ring til support."
        ),
        "gnuhealth.sign_in": _("GNU Health afviste brugernavn eller adgangskode. Ret dem under Forbindelser."),
        "gnuhealth.database": _("GNU Health kender ikke databasen. Ret dens navn under Forbindelser."),
        "gnuhealth.no_module": _(
            "GNU Health mangler modulet vdx_video. Bed den, der driver serveren, om at installere det."
        ),
        "gnuhealth.unreachable": _("GNU Health svarer ikke. Video kan ikke startes derfra; programmet prøver igen."),
        "gnuhealth.*": _("GNU Health svarede noget, som ikke kan bruges. Ring til support, hvis det sker igen."),
        "cds.bearer": _("Kaldet kom ikke fra en journal, som må kalde. Ret cds_hooks.trusted, hvis det er jeres egen."),
        "cds.keys": _("Journalens nøgler kunne ikke hentes. Se efter, at adressen i cds_hooks.trusted svarer."),
        "cds.*": _("Kaldet fra journalen kunne ikke bruges. Ring til support, hvis det sker igen."),
        "ticket.no_program": _("Videoprogrammet kører ikke. Start det, og klik igen i journalen."),
        "ticket.unknown": _("Linket til at starte video er ukendt. Start fra journalen igen."),
        "ticket.used": _("Linket til at starte video er allerede brugt. Start fra journalen igen."),
        "ticket.stale": _("Linket til at starte video er for gammelt (over et minut). Start fra journalen igen."),
        "ticket.foreign": _("Linket til at starte video hører til en anden bruger. Start fra journalen igen."),
        "scheme.unsupported": _(
            "vdx:// kan ikke registreres på dette styresystem. Start fra journalen på en anden måde."
        ),
        "scheme.*": _(
            "vdx:// kunne ikke registreres. Intet er ændret, eller kun noget. Prøv igen, eller ring til support."
        ),
        "ticket.*": _("Linket til at starte video kan ikke bruges. Start fra journalen igen."),
        "hl7.unreadable": _(
            "Journalsystemet sendte en besked, som ikke kan læses. Listen kan mangle noget. Ring til support, hvis det bliver ved."
        ),
        "hl7.*": _("Forbindelsen til journalsystemet driller. Listen kan mangle noget."),
        "adapter.import_failed": _(
            "Forbindelsen {name} kunne ikke indlæses og er slået fra. Resten virker. Ring til support."
        ),
        "adapter.raised": _("Forbindelsen {name} fejlede. Resten virker. Ring til support, hvis det bliver ved."),
        "adapter.slow": _("Forbindelsen {name} svarede ikke i tide. Resten virker."),
        "adapter.paused": _(
            "Forbindelsen {name} fejlede tre gange og er sat på pause. Slå den til igen under Forbindelser."
        ),
        "adapter.duplicate": _("To forbindelser hedder {name}. Kun den første er brugt. Ring til support."),
        "adapter.invalid": _("Forbindelsen {name} passer ikke til programmet og er slået fra. Ring til support."),
        "adapter.api": _(
            "Forbindelsen {name} er skrevet til version {api} af kontrakten, og programmet taler version {known}: bed leverandøren om en udgave, der passer."
        ),
        "adapter.manifest": _(
            "Forbindelsen {name} siger ikke rigtigt, hvad den er, og er slået fra. Ring til support."
        ),
        "adapter.lied": _(
            "Forbindelsen {name} kan ikke det, den siger ({ability}). Det bruges ikke længere. Ring til support."
        ),
        "adapter.conflict": _(
            "{name} og {other} viser hver sin patient. {name} gælder. Luk den patient, der ikke er her, eller byt rækkefølgen under Forbindelser."
        ),
        "adapter.process_gone": _(
            "Forbindelsen {name} standsede og startes igen om {wait_s} s. Resten virker. Ring til support, hvis det bliver ved."
        ),
        "adapter.line": _("Forbindelsen {name} sendte noget, der ikke kan læses, og er startet igen. Resten virker."),
        "adapter.not_installed": _("Der er ingen forbindelse, der hedder {name}. Se listen med adapters list."),
        "adapter.exists": _("Mappen {name} findes allerede og er ikke tom. Vælg et andet navn eller en anden mappe."),
        "adapter.bad_name": _("{name} kan ikke være navn på en forbindelse. Brug 2 til 30 små bogstaver, tal og _."),
        "setting.missing": _("Feltet skal udfyldes."),
        "setting.number": _("Skriv et helt tal."),
        "setting.range": _("Tallet er uden for det, feltet kan bruge."),
        "setting.text": _("Teksten er for lang eller har tegn, der ikke kan bruges."),
        "setting.choice": _("Vælg en af mulighederne."),
        "setting.address": _("Skriv en adresse, der begynder med http:// eller https://."),
        "setting.unknown": _("Forbindelsen kender ikke denne indstilling."),
        "adapter.*": _("En forbindelse til journalsystemet fejlede. Resten virker."),
        "writeback.unsupported": _("Journalsystemet kan ikke modtage notatet herfra. Kopier teksten, og sæt den ind."),
        "writeback.refused": _("Journalsystemet afviste notatet. Kopier teksten, og sæt den ind."),
        "writeback.conflict": _("Notatet i journalen er ændret imens. Åbn journalen, og sæt teksten ind der."),
        "writeback.unavailable": _("Journalsystemet svarer ikke. Notatet er gemt her; prøv igen."),
        "writeback.unknown": _("Det er uvist, om notatet kom i journalen. Se efter i journalen, før du prøver igen."),
        "writeback.*": _("Notatet kom ikke i journalen. Det er gemt her; prøv igen, eller kopier teksten."),
        "writeback.done": _("Notatet er skrevet i journalen."),
        "link.copied": _("Linket til {party} er kopieret. Sæt det ind i en besked til dem."),
        "text.copied": _("Teksten er kopieret. Sæt den ind, hvor den skal bruges."),
        "file.saved": _("Filen er gemt."),
        "file.disk": _("Filen kunne ikke gemmes der. Vælg en anden mappe, og prøv igen."),
        "adapter.saved": _("Indstillingerne er gemt, og forbindelsen er startet igen."),
        "report.copied": _("Rapporten er kopieret. Sæt den ind i en besked til support."),
        "person.made_host": _("{name} er nu vært ligesom du. Fortryd med »Gør til gæst igen« i listen."),
        "person.made_guest": _("{name} er gæst igen."),
        "person.sent_elsewhere": _("{name} er sendt til det andet rum."),
        "share.lost": _("Det, du delte, er lukket. De andre ser det ikke længere."),
        "note.copied": _("Notatet er kopieret. Sæt det ind i journalen."),
        "plan.patient_changed": _(
            "Journalen skiftede patient, så planen blev lukket. Planlæg igen for den patient, der er åben nu."
        ),
        # the program itself
        "store.full": _("Disken er fuld. Samtalen kan ikke gemmes. Frigør plads, og prøv igen."),
        "store.locked": _("Et andet vindue bruger programmets data. Luk det andet, og prøv igen."),
        "store.damaged": _("Programmets data er beskadiget og kan ikke læses. Ring til support, før du starter igen."),
        "store.unreadable": _("En gemt samtale kan ikke læses. Ring til support."),
        "store.key_lost": _("Nøglen til programmets data er væk, så gemte samtaler ikke kan læses. Ring til support."),
        "store.key_locked": _("Computerens nøglering er låst. Lås den op, og start programmet igen."),
        "store.key_missing": _(
            "Nøglen til praksissernes fælles data er ikke på denne computer. Ring til support, som kan hente den."
        ),
        "store.key_there": _(
            "Her ligger allerede en anden nøgle til fælles data. Den blev ikke ændret. Ring til support."
        ),
        "store.password": _("Den fælles database afviste programmets adgang. Ring til support: adgangen skal rettes."),
        "store.no_driver": _(
            "Programmet er installeret uden det, en fælles database kræver. Ring til support, som kan tilføje det."
        ),
        "store.newer": _("Data er skrevet af en nyere udgave af programmet. Opdater programmet, og start igen."),
        "store.*": _("Programmet kan ikke gemme. Samtalen er ikke startet. Frigør plads, og prøv igen."),
        "settings.*": _("En indstilling mangler eller er forkert: {setting}. Ring til support."),
        "program.fault": _("Programmet har en fejl. Prøv igen, eller fortsæt på telefon. Ring til support."),
        "recovery.found": _("En samtale blev afbrudt, da programmet lukkede. Tag den op igen, eller afslut den."),
        "consultation.running": _("Der er allerede en samtale i gang. Afslut den, før du starter en ny."),
        "fee.phone_after_failure": _("Ingen videoforbindelse; samtalen fortsatte på telefon."),
        "fee.not_held": _("Der var ikke billede og lyd i mindst et minut, så der foreslås ingen ydelse."),
        "fee.three_actors": _("Mindst tre deltog, og en anden del af sundhedsvæsenet eller kommunen var med."),
        "fee.consultation": _("Samtale med patienten på video."),
        "fee.plugin": _("Foreslået af en forbindelse, I har installeret."),
        "fee.no_code_that_day": _("Der er ingen gyldig ydelse for den dag."),
    }
