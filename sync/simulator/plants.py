"""The planted bugs: each one a rule of the product's own source broken, as a tired hand would break it. All of them must be found.

A fault in the model of a disk (``memory_kiosk``, ``memory_province``) stands for the same fault in a store; the real ones have
plants of their own (``kiosk.simulate.plants``), and where each bug was found is recorded there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sync.simulator.planting import Plant

_ENGINE, _OFFERS, _ANSWERS, _INTAKE = "sync.engine", "sync.offers", "sync.answers", "sync.intake"
_STICK, _TAKING, _VISIT, _ANSWERING = "sync.stick", "sync.taking", "sync.visit", "sync.answering"
_KIOSK, _PROVINCE = "sync.simulator.memory_kiosk", "sync.simulator.memory_province"


def _plant(name: str, module: str, *changes: tuple[str, str]) -> Plant:
    return Plant(name, module, changes)


PLANTS: Final[Sequence[Plant]] = (
    # --- the kiosk's half
    _plant(
        "portal_trusted",
        _ENGINE,
        (
            "        parsed = wire.parse_reply(reply)\n",
            """        if not reply.startswith(wire.MAGIC):
            with self._journal.atomic():
                for inc in self._journal.incarnations():
                    self._journal.set_told(inc, self._journal.last(inc)[0])
        parsed = wire.parse_reply(reply)
""",
        ),
    ),
    _plant("stale_reply_counts", _ANSWERS, ("request.number < answered or request.state != self._offers.state()", "False")),
    _plant("stale_reply_moves_back", _ANSWERS, ("            n = max(n, told)\n", "            pass\n")),
    _plant("fork_ignored", _ANSWERS, ("            self._take_fork(ack, position, request, gain)\n", "            pass\n")),
    _plant(
        "told_is_a_wish",
        _ANSWERS,
        (
            "        if n != told:\n            self._journal.set_told(inc, n)\n",
            "        if n != told:\n            self._journal.set_told(inc, self._journal.last(inc)[0])\n",
        ),
    ),
    _plant(
        "export_moves_cursor",
        _ENGINE,
        (
            "                yield data\n",
            "                yield data\n                journal.set_told(log.incarnation, log.last)\n",
        ),
    ),
    _plant(
        "dictionary_assumed",
        _OFFERS,
        ("self._theirs = set(theirs) & set(self._shelf.up)", "pass"),
        ("self._theirs.discard(offer.dictionary)", "pass"),
    ),
    _plant("former_opener_forgotten", _ENGINE, ("return (self._keys.seal, *self._keys.former)", "return (self._keys.seal,)")),
    _plant("rotation_never_sent", _ENGINE, ("self._keys.sign, self._letters)", "self._keys.sign, ())")),
    _plant("snapshot_installed_half", _ANSWERS, ("        if run.last == part.lines:\n", "        if run.last:\n")),
    _plant(
        "snapshot_goes_on_with_another",
        _ANSWERS,
        ("held = held if (seq, head) == (part.seq, part.head) else 0", "held = held if seq else 0"),
    ),
    _plant("feed_applied_twice", _TAKING, ("numbered if n > seq]", "numbered]")),
    _plant("stick_resets_nothing", _STICK, ("        journal.reset_feed(bundle.custody.epoch)\n", "        pass\n")),
    _plant(
        "stick_hides_a_fork",
        _STICK,
        (
            "        gain.rebased.append(journal.rebase_incarnation(incarnation, max(journal.acked(incarnation), base)))\n",
            "        pass\n",
        ),
    ),
    _plant(
        "stick_of_another_commune",
        "sync.unloading",
        ("    if header.owner != commune_tag(trust.commune):\n", "    if not trust.commune:\n"),
    ),
    _plant("letter_of_another_stops_the_stick", _ENGINE, ("except (KeysOutOfTurn, LetterForAnother):", "except KeysOutOfTurn:")),
    # --- versions
    _plant(
        "floor_blocks_every_kiosk",
        _ANSWERING,
        ("if hello.schemas[1] < policy.schema_floor", "if hello.schemas[0] < policy.schema_floor"),
    ),
    _plant(
        "unknown_key_lost_in_a_move",
        "sync.envelope",
        (
            "    rest = line[lead.end() :]\n",
            """    rest = re.sub(rb',"later":[^}]*?\\]', b"", line[lead.end() :])
""",
        ),
    ),
    _plant(
        "later_entry_stops_the_feed",
        "sync.feed",
        (
            '    if not isinstance(raw.get("e"), str):\n',
            '    if raw.get("e") not in ("f", "ack", "safe", "cf", "na", "bl", "cfg", "drop"):\n',
        ),
    ),
    # --- the province's half
    _plant(
        "no_event_id",
        _VISIT,
        (
            "self._received_ms)\n            if arrival.identity not in known:\n                known.add(arrival.identity)\n"
            "                self._effect(arrival)\n\n",
            "self._received_ms)\n            self._effect(arrival)\n\n",
        ),
    ),
    _plant(
        "no_dedupe",
        _VISIT,
        ("range(max(have + 1, first), min(last, end, most) + 1)", "range(first, min(last, end, most) + 1)"),
        ("        if repeat:\n", "        if repeat and not lines:\n"),
        (
            "self._received_ms)\n            if arrival.identity not in known:\n                known.add(arrival.identity)\n"
            "                self._effect(arrival)\n\n",
            "self._received_ms)\n            self._effect(arrival)\n\n",
        ),
    ),
    _plant(
        "request_unsigned",
        _INTAKE,
        ("        request.verify(suite.verifier(record.verify_key))\n    except", "        pass\n    except"),
    ),
    _plant(
        "former_key_for_ever",
        _INTAKE,
        (
            'return replace(record, seal_key=former.seal_key), least(former.valid_to, record.valid_to), "former_key"',
            'return replace(record, seal_key=former.seal_key), None, "former_key"',
        ),
    ),
    _plant("revoked_cap_ignored", "sync.caps", ("return NO_CAP if caps is None else caps.get(incarnation, 0)", "return NO_CAP")),
    _plant(
        "two_futures_one_dossier",
        "sync.envelope",
        ("-{base32(chance)}-", "-{base32(self.incarnation)}-"),
    ),
    _plant("a_persons_word_is_nothing", _VISIT, ("            caps = None\n", "            pass\n")),
    _plant("old_province_key_lost", "sync.authority", ("return self.former.get(generation, self.seal)", "return self.seal")),
    _plant(
        "poison_blocks",
        _VISIT,
        ("        except EnvelopeError:\n            event = None\n", "        except EnvelopeError:\n            raise\n"),
    ),
    _plant("merge_failure_blocks", _VISIT, ("            except _CONTENT_ERRORS:\n", "            except EnvelopeError:\n")),
    _plant(
        "poison_told_nobody",
        _VISIT,
        ("        self._journal.add_entry(self._record.commune, not_applied(dossier, arrival.origin, why), arrival.origin)\n", ""),
    ),
    _plant(
        "foreign_dossier_taken",
        _VISIT,
        ("        elif event.dossier and not self._own(event.dossier):\n", "        elif event.dossier and not event.kind:\n"),
    ),
    _plant("drop_branch", _VISIT, ("            if keep_branch:\n", "            if not keep_branch:\n")),
    _plant(
        "ack_one_too_many",
        _VISIT,
        ("ack_entry(self._device, incarnation, n, head)", "ack_entry(self._device, incarnation, n + 1, head)"),
    ),
    _plant(
        "ack_entry_forgotten",
        _VISIT,
        (
            "        if n > place.had:\n            self._journal.add_entry",
            "        if n > place.had + 3:\n            self._journal.add_entry",
        ),
    ),
    _plant(
        "leak_other_commune",
        _ANSWERING,
        (
            "entries: Sequence[FeedEntry] = self._journal.feed(commune, after, FEED_PAGE)",
            'entries: Sequence[FeedEntry] = self._journal.feed("01273", after, FEED_PAGE)',
        ),
    ),
    _plant(
        "server_reuses_feed_seq",
        _ANSWERING,
        ("reset = known is None or known[:8] != hello.feed_head8 or hello.epoch", "reset = known is None or hello.epoch"),
    ),
    _plant(
        "feed_dictionary_assumed",
        _ANSWERING,
        ("number = newest(shelf.feed, self._hello.dictionaries)", "number = newest(shelf.feed, shelf.feed)"),
    ),
    _plant("snapshot_page_of_another", _ANSWERING, ("(staged.seq, staged.head8) == (info.seq, info.head[:8])", "bool(staged.seq)")),
    _plant(
        "clock_decides",
        _VISIT,
        (
            "        elif event.dossier:\n            confirmed",
            "        elif event.dossier and event.wall_ms <= self._received_ms + 86_400_000:\n            confirmed",
        ),
    ),
    _plant(
        "chain_unchecked",
        _VISIT,
        ("        if heads[-1] == part.after:  #", "        if heads:  #"),
        ("        if agreed < min(have, last):\n", "        if agreed < 0:\n"),
    ),
    # --- what both share
    _plant(
        "moved_event_is_new",
        "sync.envelope",
        ("        rest = rest[:-1] + f',\"o\":[{incarnation},{lead[1].decode()}]}}'.encode()\n", "        pass\n"),
    ),
    _plant(
        "snapshot_forgets_acks",
        "sync.snapshot",
        ('    lines = sorted(encode_entry({**mark, "r": 0}) for mark in marks)\n', "    lines: list[bytes] = []\n"),
    ),
    _plant(
        "snapshot_forgets_files",
        "sync.snapshot",
        ('    lines += [encode_entry({**entry, "r": seq}) for seq, entry in sorted(lasting, key=lambda one: one[0])]\n', ""),
    ),
    _plant(
        "bad_record_never_asked_again",
        "sync.blob.cipher",
        (
            "return Ranges.of((number * step, min((number + 1) * step, units(size))) for number in bad)",
            "return Ranges.of((number * step, min(number * step, units(size))) for number in bad)",
        ),
    ),
    # --- disks
    _plant(
        "ack_before_commit",
        _PROVINCE,
        (
            '"""The transaction its web view would open."""\n        return self.disk.transaction()',
            '"""The transaction its web view would open."""\n        return self.disk.transaction(loose=True)',
        ),
    ),
    _plant(
        "kiosk_normal_sync",
        _KIOSK,
        (
            '"""One transaction of the store."""\n        return self.disk.transaction()',
            '"""One transaction of the store."""\n        return self.disk.transaction(loose=True)',
        ),
    ),
    _plant("trim_on_reply_ack", _KIOSK, ("        return self.acked(incarnation)\n", "        return self.told(incarnation)\n")),
    _plant(
        "cursor_before_apply",
        _KIOSK,
        ("            self.disk.push(self.state.feed, kept)\n", "            self.state.feed.append(kept)\n"),
    ),
    _plant(
        "safe_ignored_in_prune",
        _KIOSK,
        ("upto = min(n, self.safe(incarnation), self.acked(incarnation))", "upto = min(n, self.acked(incarnation))"),
    ),
    _plant(
        "told_trusted_for_prune",
        _KIOSK,
        ("upto = min(n, self.safe(incarnation), self.acked(incarnation))", "upto = min(n, self.told(incarnation))"),
    ),
    _plant(
        "install_drops_pending",
        _KIOSK,
        ('"closed": {}, "blobs": {}, "policy": {}}', '"closed": {}, "blobs": {}, "policy": {}, "logs": {}}'),
    ),
    _plant(
        "reset_keeps_acked", _KIOSK, ('            "confirmed": {},\n            "acked": {},\n', '            "confirmed": {},\n')
    ),
    _plant(
        "dropped_dossier_comes_back",
        _PROVINCE,
        ('            self.add_entry(commune, {"e": "drop", "d": entry["d"]}, None)\n', "            pass\n"),
    ),
)
