"""The contract notices what it is there for: each known fault of the Kafka log turns a check red."""

import asyncio
from dataclasses import replace

import pytest

from telex.adapters.kafka import KafkaLog, KafkaSettings
from telex.adapters.kafka.claim import KafkaClaim
from telex.errors import AppendUnknown
from telex.ports import Commit
from telex.testing.contracts import CONTRACT


class RestoresBeforeFencing(KafkaLog):
    """The old owner can still append between the restore and the fence."""

    async def _enter(self, shard):
        remembered = await self._restore(shard)
        await asyncio.sleep(0.1)
        return await self._fence(shard), remembered


class KeepsStaleMemory(KafkaLog):
    """What it restored once is good enough for the next claim of the same shard."""

    async def _restore(self, shard):
        kept = self.__dict__.setdefault("kept", {})
        return kept.setdefault(shard, await super()._restore(shard))


class _WithoutInbox(KafkaClaim):
    async def _append(self, commit):
        await super()._append(replace(commit, inbox=None))


class ForgetsTheInboxPosition(KafkaLog):
    """It is no part of the commit."""

    claim_type = _WithoutInbox


class _Immortal(KafkaClaim):
    def _check(self):
        live = self._log._live.get(self.shard)
        self.transactor = live.transactor if live else self.transactor


class AppendsThroughADeadClaim(KafkaLog):
    """A poll in flight writes through the producer that its member has now."""

    claim_type = _Immortal


class _TwoTransactions(KafkaClaim):
    async def _append(self, commit):
        await super()._append(Commit(commit.records))
        await asyncio.sleep(0.3)  # wide enough for every kill to find
        await super()._append(replace(commit, records=()))


class WritesInTwoTransactions(KafkaLog):
    """Events first, memories later."""

    claim_type = _TwoTransactions


class _Hopeful(KafkaClaim):
    async def _append(self, commit):
        try:
            await super()._append(commit)
        except AppendUnknown:
            return


class TakesUnknownForSuccess(KafkaLog):
    """A commit that may be lost is told as written."""

    claim_type = _Hopeful


class _Hoarder(KafkaClaim):
    async def _append(self, commit):
        kept = {feed: memory for feed, memory in (commit.memories or {}).items() if memory is not None}
        await super()._append(replace(commit, memories=kept))


class NeverForgetsAMemory(KafkaLog):
    """None leaves it as it is."""

    claim_type = _Hoarder


class FencesNobody(KafkaLog):
    """The transactional id names the member: no other member's producer is fenced by it."""

    async def _fence(self, shard):
        self._settings = _Own(**{name: getattr(self._settings, name) for name in KafkaSettings.__slots__})
        return await super()._fence(shard)


class _Own(KafkaSettings):
    def transactional_id(self, shard):
        return f"{super().transactional_id(shard)}-{self.client_id}"


class LeavesWithoutAWord(KafkaLog):
    """The others have to wait until its session ends."""

    async def close(self):
        await self.membership._drop()
        await super().close()


MUTANTS = {
    RestoresBeforeFencing: "a_restore_holds_all_that_the_old_owner_could_still_append",
    KeepsStaleMemory: "a_shard_that_comes_back_is_restored_anew",
    ForgetsTheInboxPosition: "a_command_comes_again_until_its_position_is_committed",
    AppendsThroughADeadClaim: "a_poll_in_flight_cannot_append_through_a_new_claim",
    WritesInTwoTransactions: "events_and_memories_are_visible_together_or_not_at_all",
    TakesUnknownForSuccess: "a_poll_in_flight_cannot_append_through_a_new_claim",
    NeverForgetsAMemory: "memories_schedule_and_inbox_position_are_restored_exactly",
    FencesNobody: "a_zombie_cannot_append_once_another_owns_its_shard",
    LeavesWithoutAWord: "the_shards_of_a_member_that_closes_are_claimed_by_the_other",
}


@pytest.mark.parametrize(("mutant", "name"), MUTANTS.items(), ids=lambda value: getattr(value, "__name__", "by"))
async def test_a_mutant_turns_the_contract_red(mutant, name, make_store, monkeypatch):
    monkeypatch.setattr("telex.testing.contracts.house.PATIENCE", 6.0)
    with pytest.raises((AssertionError, TimeoutError)):
        await CONTRACT[name](make_store(mutant, session=20.0))
