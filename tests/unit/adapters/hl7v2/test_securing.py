"""TLS with certificates on both sides, over a real connection."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fakes_clinic import PRACTICE, HandClock, RememberingSink
from tests.unit.adapters.hl7v2.samples import good
from vdx_plugin.adapters.hl7v2 import make
from vdx_plugin.adapters.hl7v2.securing import Papers
from vdx_plugin.adapters.hl7v2.sending import Line, Receiver, deliver
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, OutcomeUnknown, Unavailable
from vdx_plugin.ports import AdapterSetup, HealthState

MESSAGE = good("adt_a04_email").decode()
CONTROL_ID = MESSAGE.split("|")[9]


@dataclass
class Authority:
    """Issues certificates for this machine into a folder."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        self.file = self.folder / f"{self.name}.pem"
        made = self._builder(self._subject, self._key).add_extension(x509.BasicConstraints(True, None), critical=True)
        self.file.write_bytes(self._signed(made))

    def issue(self, whom: str, passphrase: bytes = b"", address: str = "127.0.0.1") -> Papers:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, whom)])
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = self._signed(self._builder(subject, key).add_extension(alternative, critical=False))
        lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        held = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        files = self.folder / f"{self.name}-{whom}.crt", self.folder / f"{self.name}-{whom}.key"
        files[0].write_bytes(certificate)
        files[1].write_bytes(held)
        return Papers(str(files[0]), str(files[1]), str(self.file), Secret(passphrase.decode()))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )

    def _signed(self, builder: x509.CertificateBuilder) -> bytes:
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "clinic")


def settings(papers: Papers, **more: str) -> dict[str, str]:
    files = {"certificate": papers.certificate, "key": papers.key, "authorities": papers.authorities}
    return {"port": "0", "processing_id": "T", **files, **more}


@pytest.fixture
async def listener(authority):
    papers = authority.issue("listener", b"a passphrase")
    setup = AdapterSetup(
        settings(papers, listen_tls="yes"), "", HandClock(), PRACTICE, secrets={"passphrase": papers.passphrase}
    )
    made = make(setup)
    await made.start(RememberingSink())
    yield made
    await made.stop()


async def send(port: int, papers: Papers | None) -> None:
    line = Line(Receiver("127.0.0.1", port, papers))
    try:
        await deliver(line, MESSAGE, CONTROL_ID)
    finally:
        await line.close()


async def test_both_sides_show_a_certificate_of_the_same_authority(listener, authority):
    """The record's messages come in, and our notes go out, over the same kind of line."""
    await send(listener.port, authority.issue("sender"))
    assert listener._directory.size() == (1, 0)


async def test_a_sender_with_a_certificate_of_another_authority_is_not_heard(listener, authority, tmp_path):
    """Encryption alone would let everybody in."""
    stranger = Authority(tmp_path, "elsewhere").issue("sender")
    papers = Papers(stranger.certificate, stranger.key, str(authority.file))
    with pytest.raises((OutcomeUnknown, Unavailable)):
        await send(listener.port, papers)
    assert listener._directory.size() == (0, 0)


async def test_a_sender_without_tls_is_not_heard(listener):
    """Nor is one that does not know of certificates."""
    with pytest.raises((OutcomeUnknown, Unavailable)):
        await send(listener.port, None)
    assert listener._directory.size() == (0, 0)


@pytest.mark.parametrize("fault", ["authority", "address"])
async def test_a_receiver_that_cannot_show_who_it_is_gets_nothing(authority, tmp_path, fault):
    """A note must not go to whoever took the record's address."""
    other = Authority(tmp_path, "elsewhere") if fault == "authority" else authority
    shown = other.issue("impostor", address="127.0.0.1" if fault == "authority" else "127.0.0.9")
    impostor = make(
        AdapterSetup(
            settings(Papers(shown.certificate, shown.key, str(authority.file)), listen_tls="yes"),
            "",
            HandClock(),
            PRACTICE,
        )
    )
    await impostor.start(RememberingSink())
    with pytest.raises(Unavailable) as caught:
        await send(impostor.port, authority.issue("sender"))
    assert not isinstance(caught.value, OutcomeUnknown)
    assert impostor._directory.size() == (0, 0)
    await impostor.stop()


async def test_trying_the_settings_connects_by_tls(listener, authority, tmp_path):
    """Whoever sets it up sees at once whether the certificates fit."""
    papers = authority.issue("trying")
    stranger = Authority(tmp_path, "elsewhere").issue("trying")
    foreign = Papers(stranger.certificate, stranger.key, str(authority.file))
    for shown, state in ((papers, HealthState.GOOD), (foreign, HealthState.BAD)):
        chosen = settings(shown, note_tls="yes", note_port=str(listener.port))
        assert (await make(AdapterSetup(chosen, "", HandClock(), PRACTICE)).try_settings()).state is state


async def test_files_that_do_not_fit_are_told(authority, tmp_path):
    """A wrong passphrase, a missing file, another's key."""
    papers = authority.issue("one", b"right")
    wrong = (
        Papers(papers.certificate, papers.key, papers.authorities, Secret("wrong")),
        Papers(papers.certificate, str(tmp_path / "none.key"), papers.authorities),
        Papers(papers.certificate, authority.issue("two").key, papers.authorities),
    )
    for each in wrong:
        with pytest.raises(Misconfigured, match=r"hl7v2\.certificate"):
            each.for_listening()


@pytest.mark.parametrize("missing", ["certificate", "authorities"])
def test_tls_without_its_files_is_named(missing):
    """Better told at the form than at the first message."""
    given = {"certificate": "one.pem", "authorities": "two.pem", "listen_tls": "yes"}
    del given[missing]
    with pytest.raises(Misconfigured) as caught:
        make(AdapterSetup(given, "", HandClock()))
    assert caught.value.facts["setting"] == f"adapters.hl7v2.{missing}"
