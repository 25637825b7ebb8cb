"""Forged security objects: what somebody without the issuer's key, or with the wrong one, may try (ICAO Doc 9303-11, 5.1).

Each is told with the verdict and reason it must get on a machine that trusts the real issuer, so a trainer's card box and the tests
share one list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from asn1crypto import x509

from devices.idcard import tlv
from devices.idcard.facts import Verdict
from devices.idcard.master_list import MASTER_LIST_SIGNER
from devices.idcard.signed_data import parse_signed_data
from devices.idcard.twin.certificates import Wanted, years
from devices.idcard.twin.issuer import Change, TwinIssuer, lds_object
from devices.idcard.twin.keys import P256, TwinKey

Groups = Mapping[int, bytes]
_KEY: Final = TwinKey(P256, "forger")


class Forgery(NamedTuple):
    """``forge`` makes EF.SOD for ``groups`` of a card that ``issuer`` never saw, or did not see like this."""

    verdict: Verdict
    reason: str
    forge: Callable[[TwinIssuer, Groups], bytes]


class ForgedIssuer(TwinIssuer):
    """Hands out cards with one of the :data:`FORGERIES`; what a machine has ``installed`` is the real issuer's."""

    def __init__(self, name: str, real: TwinIssuer) -> None:
        super().__init__(real.kind)
        self._forge, self._real = FORGERIES[name].forge, real
        self.installed, self.crl = real.installed, real.crl

    def security_object(self, groups: Groups) -> bytes:
        return self._forge(self._real, groups)


def _another(groups: Groups) -> Groups:
    """The files of somebody else's card."""
    return {number: data[:-1] + bytes([data[-1] ^ 1]) for number, data in groups.items()}


def _same_names(issuer: TwinIssuer, groups: Groups) -> bytes:
    return TwinIssuer(issuer.kind, owner="forger").security_object(groups)


def _another_card(issuer: TwinIssuer, groups: Groups) -> bytes:
    return issuer.security_object(_another(groups))


def _swapped(issuer: TwinIssuer, groups: Groups) -> bytes:
    numbers = sorted(groups)
    turned = dict(zip(numbers, [groups[number] for number in reversed(numbers)], strict=True))
    return issuer.seal(lds_object(turned))


def _rewritten(issuer: TwinIssuer, groups: Groups) -> bytes:
    return issuer.seal(lds_object(_another(groups)), Change(swap=lds_object(groups)))


def _attributes_removed(issuer: TwinIssuer, groups: Groups) -> bytes:
    return issuer.seal(lds_object(groups), Change(attributes=False))


def _attributes_of_data(issuer: TwinIssuer, groups: Groups) -> bytes:
    return issuer.seal(lds_object(groups), Change(content_type="1.2.840.113549.1.7.1"))


def _attributes_rewritten(issuer: TwinIssuer, groups: Groups) -> bytes:
    old = parse_signed_data(tlv.find(_another_card(issuer, groups), 0x77), most_certificates=1)
    return issuer.seal(lds_object(groups), Change(signature=old.signers[0].signature))


def _own_key(issuer: TwinIssuer, groups: Groups) -> bytes:
    return issuer.seal(lds_object(groups), Change(key=_KEY))


def _certificate_altered(issuer: TwinIssuer, groups: Groups) -> bytes:
    altered = x509.Certificate.load(issuer.signer)
    altered["tbs_certificate"]["subject_public_key_info"] = _KEY.public
    return issuer.seal(lds_object(groups), Change(certificates=[altered.dump(force=True)], key=_KEY))


def _under_a_signer(issuer: TwinIssuer, groups: Groups) -> bytes:
    own = Wanted("Forged signer", _KEY, 9, years(2021, 2036))
    return issuer.seal(lds_object(groups), Change(certificates=[own.sealed_by(issuer.officer), issuer.signer], key=_KEY))


def _made_for(purposes: tuple[str, ...], usage: frozenset[str]) -> Callable[[TwinIssuer, Groups], bytes]:
    def forge(issuer: TwinIssuer, groups: Groups) -> bytes:
        other = Wanted("Another officer", _KEY, 8, years(2021, 2036), purposes=purposes, usage=usage)
        return issuer.seal(lds_object(groups), Change(certificates=[other.sealed_by(issuer.root)], key=_KEY))

    return forge


def _by_the_root(issuer: TwinIssuer, groups: Groups) -> bytes:
    return issuer.seal(lds_object(groups), Change(certificates=[issuer.csca], key=issuer.root.key))


FORGERIES: Final[Mapping[str, Forgery]] = {
    "another issuer with the same names": Forgery("intact_issuer_unchecked", "signer_untrusted", _same_names),
    "security object of another card": Forgery("not_genuine", "hash_mismatch", _another_card),
    "hashes swapped": Forgery("not_genuine", "hash_mismatch", _swapped),
    "hashes rewritten": Forgery("not_genuine", "attributes_wrong", _rewritten),
    "signed attributes removed": Forgery("not_genuine", "attributes_wrong", _attributes_removed),
    "signed attributes of other content": Forgery("not_genuine", "attributes_wrong", _attributes_of_data),
    "signature of another security object": Forgery("not_genuine", "signature_wrong", _attributes_rewritten),
    "signed with another key": Forgery("not_genuine", "signature_wrong", _own_key),
    "another key put into the certificate": Forgery("not_genuine", "issuer_mismatch", _certificate_altered),
    "signer issued by a signer": Forgery("intact_issuer_unchecked", "signer_untrusted", _under_a_signer),
    "certificate for key agreement": Forgery("not_genuine", "usage_wrong", _made_for((), frozenset({"key_agreement"}))),
    "certificate for master lists": Forgery("not_genuine", "usage_wrong", _made_for((MASTER_LIST_SIGNER,), frozenset())),
    "signed by the authority itself": Forgery("not_genuine", "usage_wrong", _by_the_root),
}
"""Forgeries by name."""
