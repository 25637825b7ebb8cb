"""Passive authentication (ICAO Doc 9303-11, 5.1; Doc 9303-12, 5): is this what the issuer signed, and who is the issuer?

Three honest levels. ``issuer_trusted``: every data group read has the hash that EF.SOD lists, its signature is right, and the
signer was issued by a CSCA this machine trusts. ``intact_issuer_unchecked``: the same without the last; any forger who makes his
own issuer gets this far, so it says that nothing was changed since signing, not that a state signed it. ``not_genuine``: something
is *proved* false. What merely cannot be established (an issuer not installed, a signer past its time) is never called false.

Every chip of this kind must have an EF.SOD (Doc 9303-10, 4.6.2) that every reader may read, so one without it, or with a broken
one, is no card the issuer handed out: ``not_genuine``. Otherwise a forger would leave it out and be taken for an old card. A
reading that was cut never comes here; it ends as a failed reading. ``not_checked`` remains for algorithms nobody here can verify:
that claims nothing, and earns nothing either.

The right time is the time of signing, not today: a signer expired since is fine. The signer states that time itself, or else any
time up to now must do. A machine that is not sure of its clock says ``clock_unsure`` instead of judging by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from devices.idcard import tlv
from devices.idcard.certificates import Certificate, Moment, parse_certificate
from devices.idcard.facts import Verdict
from devices.idcard.foreign import AlgorithmUnknown
from devices.idcard.signed_data import SignedData, Signer, fault
from devices.idcard.sod import parse_sod
from devices.idcard.trust import TrustStore

_COUNTRIES: Final = {"VNM": "VN"}
"""Issuing state in the MRZ -> country in certificates, for the one state whose cards are read here (Doc 9303-3, 5)."""

_ORDERLY: Final = frozenset({"affiliation_changed", "superseded", "cessation_of_operation"})
"""Reasons of revocation that leave earlier signatures good: the key was not lost."""

_CLOCK_SLACK: Final = timedelta(days=1)

Judgement = tuple[Verdict, str]
_UNKNOWN: Final[Judgement] = ("not_checked", "algorithm_unknown")
"""Nothing of it can be verified here."""
_RANKS: Final[tuple[Verdict, ...]] = ("not_genuine", "not_checked", "intact_issuer_unchecked", "issuer_trusted")


@dataclass(frozen=True, slots=True)
class PassiveProof:
    """``reason``: stable code of what kept the verdict from being better, or of what a trusted one leaves open (the CRL's state,
    the clock)."""

    verdict: Verdict
    reason: str = ""


def authenticate(sod: bytes | None, groups: Mapping[int, bytes], trust: TrustStore, at: Moment) -> PassiveProof:
    """Judge ``groups`` ({number: whole file as read}) by EF.SOD; ``sod`` is ``None`` when the chip gives none. Never raises.

    Reasons with ``not_genuine``: ``sod_missing``, ``sod_unreadable``, ``hash_mismatch``, ``hash_missing``, ``attributes_wrong``,
    ``signature_wrong``, ``issuer_mismatch``, ``country_mismatch``, ``usage_wrong``, ``signer_revoked``. With
    ``intact_issuer_unchecked``: ``issuer_not_installed``, ``signer_untrusted``, ``signer_expired``, ``issuer_expired``,
    ``signer_revoked`` (in good order, time of signing unknown), ``algorithm_unknown``. With ``not_checked``:
    ``algorithm_unknown``, ``signer_missing``. With ``issuer_trusted``: ``crl_missing``, ``crl_expired``, ``clock_unsure``.
    """
    if sod is None:
        return PassiveProof("not_genuine", "sod_missing")
    try:
        found = parse_sod(sod)
    except AlgorithmUnknown:
        return PassiveProof(*_UNKNOWN)
    except ValueError:
        return PassiveProof("not_genuine", "sod_unreadable")
    changed = found.changed(groups)
    if changed:
        return PassiveProof("not_genuine", "hash_mismatch" if changed & found.hashes.keys() else "hash_missing")
    country = _country(groups)
    judged = (_judge(found.signed, signer, country, trust, at) for signer in found.signed.signers)
    verdict, reason = max(judged, key=lambda one: _RANKS.index(one[0]), default=_UNKNOWN)
    return PassiveProof(verdict, reason)


def _country(groups: Mapping[int, bytes]) -> str:
    """Country of the state that issued the card, by its MRZ; empty when there is no DG1 or the state is another one."""
    try:
        return _COUNTRIES.get(tlv.find(groups[1], 0x61, 0x5F1F)[2:5].decode("ascii"), "")
    except (KeyError, ValueError):
        return ""


def _judge(signed: SignedData, signer: Signer, country: str, trust: TrustStore, at: Moment) -> Judgement:
    """One signature: is it right, and was its maker entitled?"""
    unknown = False
    wrong = ""
    for der in _candidates(signed, trust):
        try:
            certificate = der if isinstance(der, Certificate) else parse_certificate(der)
            if not certificate.is_named(*signer.id):
                continue
            wrong = fault(signed, signer, certificate.key)
        except AlgorithmUnknown:
            unknown = True
            continue
        except ValueError:
            continue
        if not wrong:
            return _entitled(certificate, signer.signed_at, country, trust, at)
    if wrong:
        return "not_genuine", wrong
    return "not_checked", "algorithm_unknown" if unknown else "signer_missing"


def _candidates(signed: SignedData, trust: TrustStore) -> Iterable[Certificate | bytes]:
    yield from signed.certificates
    yield from trust.signers


def _entitled(signer: Certificate, signed_at: datetime | None, country: str, trust: TrustStore, at: Moment) -> Judgement:
    """Whether whoever made a right signature was a document signer of the card's state when it did."""
    try:
        issuer = next((one for one in trust.issuers(signer) if signer.seal.sealed_by(one.key)), None)
    except AlgorithmUnknown:
        return "intact_issuer_unchecked", "algorithm_unknown"
    if issuer is None:
        return _stranger(signer, country, trust)
    if {signer.country, issuer.country} != {country}:
        return "not_genuine", "country_mismatch"
    if signer.strange:
        return "intact_issuer_unchecked", "algorithm_unknown"
    if not signer.may_sign_documents:
        return "not_genuine", "usage_wrong"
    return _revoked(signer, issuer, signed_at, trust) or _untimely(signer, issuer, signed_at, at) or _trusted(signer, trust, at)


def _stranger(signer: Certificate, country: str, trust: TrustStore) -> Judgement:
    """Nobody trusted signed the signer's certificate. It is proved false only where it names a trusted key as the one that did."""
    if any(signer.issuer_key_id and signer.issuer_key_id == one.key_id for one in trust.issuers(signer)):
        return "not_genuine", "issuer_mismatch"
    return "intact_issuer_unchecked", "signer_untrusted" if trust.knows(country) else "issuer_not_installed"


def _revoked(signer: Certificate, issuer: Certificate, signed_at: datetime | None, trust: TrustStore) -> Judgement | None:
    """A revoked signer or issuer. Whoever lost a key can write any signing time, so only an orderly end leaves the past good."""
    for one in (signer, issuer):
        found = trust.revocation(one)
        if found is None:
            continue
        if found.why not in _ORDERLY or (signed_at is not None and signed_at >= found.since):
            return "not_genuine", "signer_revoked"
        if signed_at is None:
            return "intact_issuer_unchecked", "signer_revoked"
    return None


def _untimely(signer: Certificate, issuer: Certificate, signed_at: datetime | None, at: Moment) -> Judgement | None:
    """Signed outside the signer's time, or a signer issued outside its issuer's."""
    issued = signer.valid.start
    if issued is not None and not (issuer.valid.holds(issued) and issuer.key_period.holds(issued)):
        return "intact_issuer_unchecked", "issuer_expired"
    moment = signed_at or issued
    if moment is not None and at.sure and moment > at.time + _CLOCK_SLACK:
        return "intact_issuer_unchecked", "signer_expired"
    if signed_at is not None and not (signer.valid.holds(signed_at) and signer.key_period.holds(signed_at)):
        return "intact_issuer_unchecked", "signer_expired"
    return None


def _trusted(signer: Certificate, trust: TrustStore, at: Moment) -> Judgement:
    """Trusted, with what that leaves open. An old revocation list or none blocks nobody: villages have no line."""
    lists = trust.lists_for(signer)
    if not lists:
        return "issuer_trusted", "crl_missing"
    if not at.sure:
        return "issuer_trusted", "clock_unsure"
    fresh = any(one.until is not None and at.time <= one.until for one in lists)
    return "issuer_trusted", "" if fresh else "crl_expired"
