"""Who shares the mailbox of a group (VM-6)."""

from collections.abc import Iterable

from server.contract.configuration import ConfigObject
from server.contract.queues import Queue
from server.contract.routing import RingGroup
from server.contract.voicemail import GroupMailbox
from server.rules.routing import Snapshot


def may_change_members(model: type[ConfigObject], mailboxes: Iterable[GroupMailbox]) -> bool:
    """Whether a change of an object of this kind may change who shares one of these mailboxes."""
    if model is GroupMailbox:
        return True
    return (model is RingGroup and any(box.ring_groups for box in mailboxes)) or (
        model is Queue and any(box.queues for box in mailboxes)
    )


def members_of(mailbox: GroupMailbox, snapshot: Snapshot) -> tuple[str, ...]:
    """Its own members, then those of its ring groups and the agents of its queues, as of now; each once."""
    members = list(mailbox.members)
    for number in mailbox.ring_groups:
        if (group := snapshot.get(RingGroup, number)) is not None:
            members += group.members
    for number in mailbox.queues:
        if (queue := snapshot.get(Queue, number)) is not None:
            members += [agent.extension for agent in (*queue.static_agents, *queue.dynamic_agents)]
    return tuple(dict.fromkeys(members))
