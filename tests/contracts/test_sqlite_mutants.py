"""The contract notices what it is there for: each known fault of an adapter turns a check red."""

import asyncio
from dataclasses import replace

import pytest
from sqlite_store import SqliteStore

from telex.adapters.sqlite import tables
from telex.adapters.sqlite.log import SqliteClaim, SqliteLog
from telex.errors import AppendRefused, AppendUnknown, LogUnavailable
from telex.ports import Commit
from telex.testing.contracts import CONTRACT


class RestoresBeforeFencing(SqliteLog):
    """The old owner can still append between the restore and the new epoch."""

    async def _claim(self, shard):
        restored = await self.reader.worker.run(lambda db: tables.restore(db, shard))
        await asyncio.sleep(0.05)
        won = await self.writer.run(lambda db: tables.claim(db, shard, self._member))
        if won is not None:
            self._held[shard] = SqliteClaim(self, won[0], restored)
            self._won.put_nowait(self._held[shard])


class KeepsStaleMemory(SqliteLog):
    """What it restored once is good enough for the next claim of the same shard."""

    async def _claim(self, shard):
        kept = self.__dict__.setdefault("kept", {})
        won = await self.writer.run(lambda db: tables.claim(db, shard, self._member))
        if won is not None:
            self._held[shard] = SqliteClaim(self, won[0], kept.setdefault(shard, won[1]))
            self._won.put_nowait(self._held[shard])


class ForgetsTheInboxPosition(SqliteLog):
    """It is no part of the commit."""

    async def write_commit(self, lease, commit):
        await super().write_commit(lease, replace(commit, inbox=None))


class _Immortal(SqliteClaim):
    def _check(self):
        pass


class AppendsThroughADeadClaim(SqliteLog):
    """A poll in flight writes under the lease that its member has now."""

    claim_type = _Immortal

    async def write_commit(self, lease, commit):
        held = self._held.get(lease.shard)
        await super().write_commit(held.lease if held else lease, commit)


class WritesInTwoTransactions(SqliteLog):
    """Events first, memories later."""

    async def write_commit(self, lease, commit):
        await super().write_commit(lease, Commit(commit.records))
        await asyncio.sleep(0.2)  # wide enough for every kill to find
        await super().write_commit(lease, replace(commit, records=()))


class ChecksNoEpoch(SqliteLog):
    """Whoever was an owner may append."""

    async def write_commit(self, lease, commit):
        def append(db):
            epoch, owner = db.execute("SELECT epoch, owner FROM leases WHERE shard = ?", (lease.shard,)).get
            tables.append(db, tables.Lease(lease.shard, epoch, owner), commit, self._clock.now(), frozenset())

        await self.writer.run(append)


class TakesUnknownForFailure(SqliteLog):
    """The claim lives on after a commit that may be visible."""

    async def write_commit(self, lease, commit):
        try:
            await super().write_commit(lease, commit)
        except AppendUnknown as error:
            raise LogUnavailable(str(error)) from error


class TakesUnknownForSuccess(SqliteLog):
    """A commit that may be lost is told as written."""

    async def write_commit(self, lease, commit):
        try:
            await super().write_commit(lease, commit)
        except AppendUnknown:
            return


class WritesWhatItCanOfARefusedCommit(SqliteLog):
    """The records before the one that is too large."""

    async def write_commit(self, lease, commit):
        try:
            await super().write_commit(lease, commit)
        except AppendRefused:
            await super().write_commit(lease, replace(commit, records=commit.records[:1]))
            raise


class NeverForgetsAMemory(SqliteLog):
    """None leaves it as it is."""

    async def write_commit(self, lease, commit):
        kept = {feed: memory for feed, memory in (commit.memories or {}).items() if memory is not None}
        await super().write_commit(lease, replace(commit, memories=kept))


class GivesUpNothing(SqliteLog):
    """Who was first keeps all."""

    async def _give_up(self, standing):
        return frozenset()


class LeavesWithoutReleasing(SqliteLog):
    """The others have to wait until its lease lapses."""

    async def close(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = set()
        await super().close()


MUTANTS = {
    RestoresBeforeFencing: "a_restore_holds_all_that_the_old_owner_could_still_append",
    KeepsStaleMemory: "a_shard_that_comes_back_is_restored_anew",
    ForgetsTheInboxPosition: "a_command_comes_again_until_its_position_is_committed",
    AppendsThroughADeadClaim: "a_poll_in_flight_cannot_append_through_a_new_claim",
    WritesInTwoTransactions: "events_and_memories_are_visible_together_or_not_at_all",
    ChecksNoEpoch: "a_zombie_cannot_append_once_another_owns_its_shard",
    TakesUnknownForFailure: "after_an_unknown_outcome_the_restore_tells_the_truth",
    TakesUnknownForSuccess: "a_poll_in_flight_cannot_append_through_a_new_claim",
    WritesWhatItCanOfARefusedCommit: "a_refused_append_writes_nothing_and_the_shard_is_claimed_afresh",
    NeverForgetsAMemory: "memories_schedule_and_inbox_position_are_restored_exactly",
    GivesUpNothing: "two_members_share_the_shards_fairly_and_never_own_one_both",
    LeavesWithoutReleasing: "the_shards_of_a_member_that_closes_are_claimed_by_the_other",
}


@pytest.mark.parametrize(("mutant", "name"), MUTANTS.items(), ids=lambda value: getattr(value, "__name__", "by"))
async def test_a_mutant_turns_the_contract_red(mutant, name, tmp_path, monkeypatch):
    monkeypatch.setattr("telex.testing.contracts.house.PATIENCE", 2.0)
    with pytest.raises((AssertionError, TimeoutError)):
        await CONTRACT[name](SqliteStore(tmp_path, mutant))
