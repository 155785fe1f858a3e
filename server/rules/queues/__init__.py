"""Who answers whom in the queues (Q-1 to Q-12): `Acd` is the whole of it, pure and driven by events."""

from server.rules.queues.acd import Acd, NoSuchQueue, StaticAgent
from server.rules.queues.stored import StoredAcd, restored, stored

__all__ = ["Acd", "NoSuchQueue", "StaticAgent", "StoredAcd", "restored", "stored"]
