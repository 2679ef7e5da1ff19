"""Notifications: every member is told, and it can be seen who has read and acknowledged what.

Owns: circulars with their numbers, notices, what members have read and acknowledged, a roster of the members.

Publishes: ``notifications.circular.issued.v1``, ``notifications.replay.requested.v1``.

Listens to: ``membership.member.acceded.v1``, ``membership.member.ended.v1``,
``membership.member.particulars_changed.v1``, ``membership.representative.appointed.v1``,
``membership.representative.removed.v1``, ``membership.bulletin.published.v1``,
``amendments.rulebook.in_force.v1``.
"""
