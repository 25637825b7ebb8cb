"""What a machine knows when it judges a chip: the day, the issuers installed, the files of an invented woman's card."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime

from devices.idcard.certificates import Moment, parse_certificate, parse_revocation_list
from devices.idcard.trust import TrustStore, admit
from devices.idcard.twin import ChipTwin
from devices.idcard.twin.issuer import TwinIssuer

TODAY = Moment(datetime(2026, 11, 24, tzinfo=UTC), sure=True)
UNSURE = Moment(datetime(1970, 1, 1, tzinfo=UTC), sure=False)


@functools.cache
def groups() -> Mapping[int, bytes]:
    """DG1 and DG13 by number."""
    files = ChipTwin().files
    return {1: files[0x0101], 13: files[0x010D]}


def trusting(*issuers: TwinIssuer, crl: bool = True, at: Moment = TODAY) -> TrustStore:
    """A store with these issuers installed, their document signers too where the cards bring none."""
    certificates = [der for one in issuers for der in (*one.installed, *(() if one.kind.carries else (one.signer,)))]
    lists = [parse_revocation_list(one.crl) for one in issuers if crl]
    store, refused = admit(list(map(parse_certificate, certificates)), lists, at)
    assert not refused
    return store
