"""Whom a machine trusts (ICAO Doc 9303-12, 5 and 8): what a technician installed, and what follows from that.

Trust begins with a self-signed CSCA certificate somebody vouched for by installing it. It reaches further only along signatures:
to a CSCA certificate signed by a trusted one of the same country (a link certificate, which carries trust to the next key), to a
revocation list signed by a trusted one, and to an installed document signer (for cards that bring none). No CSCA certificate of
Việt Nam is publicly distributed with certainty, so an empty store is the normal beginning; it makes no card genuine and none false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devices.idcard.certificates import Certificate, Moment, Revocation, RevocationList


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Trusted CSCA certificates (links too), document signers, revocation lists: each with its signature already verified."""

    anchors: tuple[Certificate, ...] = ()
    signers: tuple[Certificate, ...] = ()
    lists: tuple[RevocationList, ...] = ()

    def issuers(self, certificate: Certificate) -> tuple[Certificate, ...]:
        """Trusted CSCA certificates with the name that ``certificate`` gives as its issuer's."""
        return tuple(anchor for anchor in self.anchors if anchor.subject == certificate.seal.issuer)

    def knows(self, country: str) -> bool:
        """Whether any CSCA of that country is installed."""
        return any(anchor.country == country for anchor in self.anchors)

    def lists_for(self, certificate: Certificate) -> tuple[RevocationList, ...]:
        """Revocation lists of its issuer. After a change of keys there may be several; each binds."""
        return tuple(one for one in self.lists if one.seal.issuer == certificate.seal.issuer)

    def revocation(self, certificate: Certificate) -> Revocation | None:
        """Its revocation, or ``None``: the earliest where several lists name it."""
        found = (one.revoked.get(certificate.serial) for one in self.lists_for(certificate))
        return min((one for one in found if one is not None), key=lambda one: one.since, default=None)


NO_TRUST = TrustStore()
"""A machine with nothing installed."""


def admit(certificates: Sequence[Certificate], lists: Sequence[RevocationList], at: Moment) -> tuple[TrustStore, Mapping[str, str]]:
    """The store that follows from what was installed, and why the rest was refused, by fingerprint.

    Reasons: ``not_ca`` (neither authority nor document signer), ``expired`` (no document it stands for can still be valid),
    ``signature_wrong`` (not what its own key signed), ``no_issuer`` (nobody trusted signed it), ``algorithm_unknown``.
    """
    refused: dict[str, str] = {}
    anchors: list[Certificate] = []
    waiting: list[Certificate] = []
    for one in {one.fingerprint: one for one in certificates}.values():
        reason = _unfit(one, at)
        if reason:
            refused[one.fingerprint] = reason
        elif one.may_certify and one.signed_by(one):
            anchors.append(one)
        else:
            waiting.append(one)
    while linked := [one for one in waiting if one.may_certify and _issued(one, anchors)]:
        anchors += linked
        waiting = [one for one in waiting if one not in linked]
    signers = [one for one in waiting if not one.may_certify and _issued(one, anchors)]
    refused |= {one.fingerprint: _alone(one) for one in waiting if one not in signers}
    believed = {one.fingerprint: one for one in lists if any(map(one.signed_by, anchors))}
    refused |= {one.fingerprint: "no_issuer" for one in lists if one.fingerprint not in believed}
    return TrustStore(tuple(anchors), tuple(signers), tuple(believed.values())), refused


def _unfit(one: Certificate, at: Moment) -> str:
    if not one.may_certify:
        return "" if one.may_sign_documents else "not_ca"
    # Documents live no longer than the authority's certificate, so after its end it vouches for none.
    return "expired" if at.sure and one.valid.end is not None and one.valid.end < at.time else ""


def _alone(one: Certificate) -> str:
    # The key identifiers tell a certificate that was altered from a link whose old key is not installed.
    own = one.may_certify and one.seal.issuer == one.subject and one.issuer_key_id in (b"", one.key_id)
    return "signature_wrong" if own else "no_issuer"


def _issued(one: Certificate, anchors: Sequence[Certificate]) -> bool:
    return any(anchor.country == one.country and one.signed_by(anchor) for anchor in anchors)
